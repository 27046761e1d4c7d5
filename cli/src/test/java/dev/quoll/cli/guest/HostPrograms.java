package dev.quoll.cli.guest;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Programs of the host that the tests use. */
final class HostPrograms {
    /**
     * The C library picks its routines by CPU features; without FMA and AVX the host runs those that the guest runs, and
     * results must be equal to the last bit.
     */
    static final Map<String, String> GUEST_LIKE = Map.of(
            "GLIBC_TUNABLES",
            "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX,-FMA,-FMA4,-AVX2_Usable,-AVX_Usable,-FMA_Usable,-FMA4_Usable",
            "LC_ALL",
            "C");

    /** The environment under which the host's libraries choose what they choose in a guest of a profile. */
    static Map<String, String> like(String profile) {
        Map<String, String> environment = new TreeMap<>(GUEST_LIKE);
        if (profile.equals("v3")) {
            environment.put("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-FMA4,-FMA4_Usable");
        } else {
            environment.put("NPY_DISABLE_CPU_FEATURES", "AVX F16C FMA3 AVX2");
        }
        return environment;
    }

    private HostPrograms() {}

    /** Skips the calling test where a program is missing. */
    static void require(String... names) {
        for (String name : names) {
            assumeTrue(
                    Stream.of(System.getenv("PATH").split(File.pathSeparator))
                            .anyMatch(folder -> Files.isExecutable(Path.of(folder, name))),
                    "this host has no " + name);
        }
    }

    /** What a program prints on standard output; it must succeed. */
    static String outputOf(Path folder, Map<String, String> environment, List<String> command)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        int status = process.waitFor();
        if (status != 0) {
            throw new IOException("%s ended with %d".formatted(command.getFirst(), status));
        }
        return output;
    }
}
