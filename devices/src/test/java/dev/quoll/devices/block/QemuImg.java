package dev.quoll.devices.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** QEMU's own program for images, as the judge of ours. */
final class QemuImg {
    record Result(int status, String output) {}

    private QemuImg() {}

    static boolean isInstalled() {
        return Stream.of(System.getenv("PATH").split(":")).anyMatch(p -> Files.isExecutable(Path.of(p, "qemu-img")));
    }

    static void assumeInstalled() {
        assumeTrue(isInstalled(), "qemu-img is not installed (Debian: qemu-utils)");
    }

    static Result run(Object... words) throws IOException, InterruptedException {
        return execute("qemu-img", words);
    }

    static Result execute(String program, Object... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program));
        Stream.of(words).map(Object::toString).forEach(command::add);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ended", command).isTrue();
        return new Result(process.exitValue(), output);
    }

    static void succeed(Object... words) throws IOException, InterruptedException {
        Result result = run(words);
        assertThat(result.status()).as("qemu-img %s: %s", List.of(words), result.output()).isZero();
    }

    /** Neither errors nor leaks. */
    static void check(Path image) throws IOException, InterruptedException {
        succeed("check", "-f", "qcow2", image);
    }

    /** At most leaks, which cost room and nothing else; that is status 3. */
    static void checkButForLeaks(Path image) throws IOException, InterruptedException {
        Result result = run("check", "-f", "qcow2", image);
        assertThat(result.status()).as(result.output()).isIn(0, 3);
    }

    /** The content of the disk, as QEMU reads it. */
    static byte[] content(Path image, Path scratch) throws IOException, InterruptedException {
        succeed("convert", "-f", "qcow2", "-O", "raw", image, scratch);
        byte[] bytes = Files.readAllBytes(scratch);
        Files.delete(scratch);
        return bytes;
    }
}
