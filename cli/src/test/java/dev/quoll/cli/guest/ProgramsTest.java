package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Debian's Perl and Python compute in a guest what the same program files compute on the host's processor. */
@Tag("long")
@Timeout(1200)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProgramsTest {
    private static final Duration SCRIPT = Duration.ofMinutes(6);

    private DebianPrograms programs;
    private GuestTerminal guest;

    @BeforeAll
    void boot(@TempDir Path folder) throws Exception {
        programs = new DebianPrograms(folder, DebianPrograms.INTERPRETERS);
        Files.createDirectories(programs.file("root"));
        for (String script : List.of("programs.pl", "programs.py")) {
            try (InputStream in = ProgramsTest.class.getResourceAsStream(script)) {
                Files.copy(in, programs.file("root/" + script));
            }
        }
        guest = new StockGuest(folder).with(programs.pack(folder.resolve("programs.cpio"))).boot();
    }

    @AfterAll
    void close() {
        if (guest != null) {
            guest.close();
        }
    }

    @Test
    void perl() throws Exception {
        String expected = programs.outputOnHost(
                "usr/bin/perl",
                List.of("-I", programs.file("usr/lib/x86_64-linux-gnu/perl-base").toString(), "root/programs.pl"),
                Map.of());
        assertThat(expected.lines()).hasSizeGreaterThan(30);
        assertThat(guest.run("perl /root/programs.pl", SCRIPT)).isEqualTo(expected);
    }

    @Test
    void python() throws Exception {
        String expected = programs.outputOnHost(
                "usr/bin/python3.11",
                List.of("root/programs.py"),
                Map.of("PYTHONHOME", programs.file("usr").toString(), "PYTHONDONTWRITEBYTECODE", "1"));
        assertThat(expected.lines()).hasSizeGreaterThan(50);
        assertThat(guest.run("python3.11 /root/programs.py", SCRIPT)).isEqualTo(expected);
    }
}
