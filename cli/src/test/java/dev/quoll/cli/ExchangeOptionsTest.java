package dev.quoll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user gets told who asks for a device that cannot be. */
class ExchangeOptionsTest {
    private record Ended(int status, String message) {}

    private static Ended run(String... words) {
        StringWriter err = new StringWriter();
        List<String> whole = new ArrayList<>(List.of("run", "--kernel", "/nonexistent"));
        whole.addAll(List.of(words));
        int status = Main.commandLine().setErr(new PrintWriter(err, true)).execute(whole.toArray(String[]::new));
        return new Ended(status, err.toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "--share|.,tag=a-tag-that-is-far-too-long-for-virtio-fs|36 bytes",
        "--share|.,owner=me|owner is host or two numbers",
        "--share|.,writable|does not know \"writable\"",
        "--vsock|cid=3|needs path=SOCKET",
        "--vsock|path=/tmp/x,cid=1|CID is at least 3",
        "--vsock|/tmp/x|does not know \"/tmp/x\"",
        "--port|name=a|needs one of socket=PATH, file=PATH and pty=PATH",
        "--port|name=a,socket=/tmp/x,pty=/tmp/y|needs one of",
        "--port|socket=/tmp/x|needs name=NAME",
        "--balloon|much|not an amount of memory"
    })
    void aWrongOptionIsOneSentence(String option, String value, String expected) {
        Ended ended = run(option, value);
        assertThat(ended.message()).contains(expected);
        assertThat(ended.status()).isEqualTo(ExitStatus.USAGE.code());
    }

    @Test
    void optionsAreRead(@TempDir Path folder) throws Exception {
        ShareOption share = ShareOption.parse(folder + ",readonly,tag=t,owner=5:6", 0);
        assertThat(share.readOnly()).isTrue();
        assertThat(share.tag()).isEqualTo("t");
        assertThat(share.ownership().uid()).isEqualTo(5);
        assertThat(ShareOption.parse(Files.createDirectory(folder.resolve("a,b")).toString().replace(",", ",,"), 3))
                .extracting("tag", "folder")
                .containsExactly("share3", folder.resolve("a,b"));
        assertThat(VsockOption.parse("path=/run/v.sock").cid()).isEqualTo(3);
        assertThat(PortOption.parse("console,socket=/run/c")).isEqualTo(new PortOption("", true, PortOption.Kind.SOCKET, Path.of("/run/c")));
    }
}
