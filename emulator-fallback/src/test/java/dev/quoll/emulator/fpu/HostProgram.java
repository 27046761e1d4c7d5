package dev.quoll.emulator.fpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A C program that runs instructions on the host CPU: fixed-size records in, fixed-size records out. */
final class HostProgram implements AutoCloseable {
    private static String cpuInfo;

    private final Path folder;
    private final Path binary;

    private HostProgram(Path folder, Path binary) {
        this.folder = folder;
        this.binary = binary;
    }

    /** Compiles the source, or skips the test when this is no x86-64 Linux with a C compiler or the CPU lacks a feature. */
    static HostProgram compile(String source, String... requiredCpuFlags) throws IOException, InterruptedException {
        Assumptions.assumeTrue(System.getProperty("os.arch").equals("amd64"), "the host is not x86-64");
        List<String> flags = cpuInfo().lines()
                .filter(line -> line.startsWith("flags"))
                .findFirst()
                .map(line -> Arrays.asList(line.split("\\s+")))
                .orElse(List.of());
        for (String flag : requiredCpuFlags) {
            Assumptions.assumeTrue(flags.contains(flag), "the host CPU lacks " + flag);
        }
        Path folder = Files.createTempDirectory("host-program");
        Path file = Files.writeString(folder.resolve("program.c"), source);
        Path binary = folder.resolve("program");
        Path log = folder.resolve("log");
        Process cc;
        try {
            cc = new ProcessBuilder("cc", "-O1", "-mno-red-zone", "-o", binary.toString(), file.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
        } catch (IOException e) {
            Assumptions.abort("no C compiler to ask the host CPU with: " + e.getMessage());
            throw e;
        }
        assertThat(cc.waitFor()).as(() -> "cc: " + read(log)).isZero();
        return new HostProgram(folder, binary);
    }

    /** The kernel's description of the host CPU; skips the test where there is none. */
    static synchronized String cpuInfo() {
        if (cpuInfo == null) {
            Path file = Path.of("/proc/cpuinfo");
            Assumptions.assumeTrue(Files.isReadable(file), "no /proc/cpuinfo to read CPU features from");
            cpuInfo = read(file);
        }
        return cpuInfo;
    }

    ByteBuffer run(ByteBuffer input) throws IOException, InterruptedException {
        Path in = folder.resolve("in");
        Path out = folder.resolve("out");
        Files.write(in, Arrays.copyOf(input.array(), input.position()));
        Process process = new ProcessBuilder(binary.toString())
                .redirectInput(in.toFile())
                .redirectOutput(out.toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("the host program ends").isTrue();
        try (InputStream errors = process.getErrorStream()) {
            assertThat(process.exitValue())
                    .as(new String(errors.readAllBytes(), StandardCharsets.UTF_8))
                    .isZero();
        }
        return ByteBuffer.wrap(Files.readAllBytes(out)).order(ByteOrder.LITTLE_ENDIAN);
    }

    static ByteBuffer records(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Override
    public void close() throws IOException {
        List<Path> files = new ArrayList<>();
        try (var listing = Files.list(folder)) {
            listing.forEach(files::add);
        }
        for (Path file : files) {
            Files.delete(file);
        }
        Files.delete(folder);
    }
}
