package dev.quoll.cli.guest;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.boot.initramfs.CpioWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Test programs of our own, one for each feature, made by GCC, Clang and NASM; each runs on the host and in a guest. */
final class CompiledPrograms {
    /** Where they are in the guest. */
    static final String FOLDER = "root/witness/";

    private static final int EXECUTABLE = 0755;

    private static final String STATIC = "-static -pthread";
    private static final String VECTORS = STATIC + " -msse4.2 -maes -mpclmul";
    private static final String WIDE = STATIC + " -O3 -march=haswell";

    /**
     * @param name the program's, unique
     * @param source its file
     * @param command its compiler and options, without input and output
     * @param libraries what follows the input
     */
    record Build(String name, String source, String command, String libraries) {
        boolean needsV3() {
            return command.contains("-march=haswell") || command.contains("-msha");
        }
    }

    /** Programs that a guest runs in a second or so. */
    static final List<Build> LIGHT = List.of(
            new Build("integers", "integers.c", "gcc -O2 " + STATIC, ""),
            new Build("integers-i386", "integers.c", "gcc -m32 -O2 " + STATIC, ""),
            new Build("signals", "signals.c", "gcc -O2 " + STATIC, ""),
            new Build("signals-i386", "signals.c", "gcc -m32 -O2 " + STATIC, ""),
            new Build("threads", "threads.c", "gcc -O2 " + STATIC, ""),
            new Build("vectors", "vectors.c", "gcc -O2 " + VECTORS, ""),
            new Build("legacy32", "legacy32.asm", "nasm -felf32", "elf_i386"),
            new Build("flags64", "flags64.asm", "nasm -felf64", "elf_x86_64"));

    /** The same sources otherwise compiled, and those that take longer. */
    static final List<Build> MORE = List.of(
            new Build("integers-O0", "integers.c", "gcc -O0 " + STATIC, ""),
            new Build("integers-clang", "integers.c", "clang -O2 " + STATIC, ""),
            new Build("signals-clang", "signals.c", "clang -O1 " + STATIC, ""),
            new Build("threads-i386", "threads.c", "gcc -m32 -O2 " + STATIC, ""),
            new Build("threads-clang", "threads.c", "clang -O2 " + STATIC, ""),
            new Build("extended", "extended.c", "gcc -O2 " + STATIC, "-lm"),
            new Build("extended-clang", "extended.c", "clang -O1 " + STATIC, "-lm"),
            new Build("extended-i386", "extended.c", "gcc -m32 -O2 " + STATIC, "-lm"),
            new Build("vectors-clang", "vectors.c", "clang -O2 " + VECTORS, ""),
            new Build("vectors-sha", "vectors.c", "gcc -O2 -msha " + VECTORS, ""),
            new Build("strings", "strings.c", "gcc -O2 -fno-builtin " + STATIC, ""),
            new Build("strings-i386", "strings.c", "gcc -m32 -O2 -fno-builtin " + STATIC, ""),
            new Build("mathematics", "mathematics.c", "gcc -O2 -DSWEEP=1000 " + STATIC, "-lm"),
            new Build("mathematics-i386", "mathematics.c", "gcc -m32 -O2 -msse2 -mfpmath=sse -DSWEEP=300 " + STATIC, "-lm"),
            new Build("bignum", "bignum.c", "gcc -O2 " + STATIC, "-lgmp"),
            new Build("wide-vectors", "wide-vectors.c", "gcc " + WIDE, "-lm"),
            new Build("wide-vectors-clang", "wide-vectors.c", "clang " + WIDE, "-lm"));

    private final Path folder;
    private final List<Build> made = new ArrayList<>();
    private final List<String> missing = new ArrayList<>();

    /** Makes the programs that the compilers of this host can make; skips the calling test where that is none. */
    CompiledPrograms(Path folder, List<Build> builds) throws IOException, InterruptedException {
        this.folder = folder;
        copy("common.h");
        for (Build build : builds) {
            copy(build.source());
            if (make(build)) {
                made.add(build);
            } else {
                missing.add(build.name());
            }
        }
        assumeTrue(!made.isEmpty(), "no compiler on this host makes test programs");
    }

    private void copy(String name) throws IOException {
        if (!Files.exists(folder.resolve(name))) {
            try (InputStream in = CompiledPrograms.class.getResourceAsStream("witness/" + name)) {
                Files.copy(in, folder.resolve(name));
            }
        }
    }

    private boolean make(Build build) throws InterruptedException {
        List<String> command = new ArrayList<>(List.of(build.command().split(" ")));
        boolean assembler = command.getFirst().equals("nasm");
        command.addAll(List.of("-o", assembler ? build.name() + ".o" : build.name(), build.source()));
        if (assembler) {
            return succeeds(command)
                    && succeeds(List.of("ld", "-m" + build.libraries(), "-o", build.name(), build.name() + ".o"));
        }
        if (!build.libraries().isEmpty()) {
            command.add(build.libraries());
        }
        return succeeds(command);
    }

    private boolean succeeds(List<String> command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .directory(folder.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException noSuchProgram) {
            return false;
        }
    }

    List<Build> made() {
        return made;
    }

    /** Names of programs that this host's compilers could not make. */
    List<String> missing() {
        return missing;
    }

    /** What a program prints on the host's processor. */
    String outputOnHost(Build build, Map<String, String> environment) throws IOException, InterruptedException {
        return HostPrograms.outputOf(folder, environment, List.of(folder.resolve(build.name()).toString()));
    }

    void pack(CpioWriter cpio) throws IOException {
        cpio.directory(FOLDER.substring(0, FOLDER.length() - 1), EXECUTABLE);
        for (Build build : made) {
            cpio.file(FOLDER + build.name(), EXECUTABLE, Files.readAllBytes(folder.resolve(build.name())));
        }
    }
}
