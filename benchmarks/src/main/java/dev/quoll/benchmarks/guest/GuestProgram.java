package dev.quoll.benchmarks.guest;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.HostCommand;
import dev.quoll.boot.initramfs.CpioWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The guest program, built from its C sources with the host's compiler: statically linked, so that it runs alone as a guest's
 * first process, and without contracted multiply-adds, so that its checksums are the same everywhere.
 *
 * @param file the executable
 * @param kernels in the order it runs them
 */
record GuestProgram(Path file, List<Kernel> kernels) {
    private static final String HEADER = "bench.h";
    private static final List<String> SOURCES = List.of(
            "main.c", "integer.c", "float.c", "memory.c", "strings.c", "system.c", "code.c", "threads.c");
    private static final List<String> OPTIONS = List.of(
            "-std=gnu11", "-O2", "-march=x86-64", "-static", "-pthread", "-ffp-contract=off", "-fno-stack-protector");

    /**
     * Builds it in a folder.
     *
     * @param compiler for example {@code cc}
     */
    static GuestProgram build(String compiler, Path folder) throws BenchmarkException, InterruptedException, IOException {
        extract(HEADER, folder);
        Path program = folder.resolve("quoll-bench");
        List<String> command = new ArrayList<>(List.of(compiler));
        command.addAll(OPTIONS);
        command.addAll(List.of("-o", program.toString()));
        for (String source : SOURCES) {
            command.add(extract(source, folder).toString());
        }
        command.add("-lm");
        HostCommand.output(command, compiler + " is needed to build the guest program (on Debian: apt-get install gcc libc6-dev)");
        return new GuestProgram(program, parseList(HostCommand.output(List.of(program.toString(), "--list"), "the guest program's list")));
    }

    private static Path extract(String name, Path folder) throws IOException {
        try (InputStream source = GuestProgram.class.getResourceAsStream(name)) {
            return Files.write(folder.resolve(name), source.readAllBytes());
        }
    }

    /** Lines of {@code --list}. */
    static List<Kernel> parseList(String text) {
        return text.lines()
                .map(line -> line.split(" "))
                .map(words -> new Kernel(words[0], words[1]))
                .toList();
    }

    /**
     * The kernels of these names or groups, in the program's order; all of them for an empty list.
     *
     * @throws BenchmarkException for a name that is neither
     */
    List<Kernel> chosen(List<String> names) throws BenchmarkException {
        for (String name : names) {
            if (kernels.stream().noneMatch(kernel -> named(kernel, name))) {
                throw new BenchmarkException("there is no kernel or group \"%s\"; there are: %s."
                        .formatted(name, String.join(", ", kernels.stream().map(Kernel::name).toList())));
            }
        }
        return kernels.stream()
                .filter(kernel -> names.isEmpty() || names.stream().anyMatch(name -> named(kernel, name)))
                .toList();
    }

    private static boolean named(Kernel kernel, String name) {
        return kernel.name().equals(name) || kernel.group().equals(name);
    }

    /** A root file system whose first process is the program. */
    byte[] initramfs() throws IOException {
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        try (CpioWriter cpio = new CpioWriter(archive)) {
            cpio.directory("dev", 0755);
            // The kernel opens it for the first process.
            cpio.characterDevice("dev/console", 0600, 5, 1);
            cpio.file("init", 0755, Files.readAllBytes(file));
        }
        return archive.toByteArray();
    }
}
