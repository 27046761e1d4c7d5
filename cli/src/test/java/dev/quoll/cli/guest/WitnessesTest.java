package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.boot.initramfs.CpioWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Test programs of our own, made by GCC, Clang and NASM, and programs of Debian's packages make the same bytes in a guest as
 * on the host's processor.
 */
@Tag("long")
@Timeout(3600)
class WitnessesTest {
    private static final Duration COMMAND = Duration.ofMinutes(10);
    private static final String DATA = "root/data";
    /** Its routines differ by CPU features in the last bits, and it asks CPUID itself: only where guest and host have the same. */
    private static final String BY_FEATURES = "usr/bin/flac";

    private final Map<String, String> differences = new TreeMap<>();
    private final List<String> same = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(strings = {"v2", "v3"})
    void ownPrograms(String profile, @TempDir Path folder) throws Exception {
        List<CompiledPrograms.Build> builds = new ArrayList<>(CompiledPrograms.LIGHT);
        builds.addAll(CompiledPrograms.MORE);
        builds.removeIf(build -> build.needsV3() && !profile.equals("v3"));
        CompiledPrograms programs = new CompiledPrograms(folder, builds);
        Path archive = folder.resolve("programs.cpio");
        try (CpioWriter cpio = new CpioWriter(Files.newOutputStream(archive))) {
            programs.pack(cpio);
        }
        try (GuestTerminal guest = new StockGuest(folder).with(archive).boot("--cpu", profile)) {
            for (CompiledPrograms.Build build : programs.made()) {
                compare(build.name(), programs.outputOnHost(build, HostPrograms.like(profile)), "/" + CompiledPrograms.FOLDER + build.name(), guest);
            }
        }
        report("own programs, profile " + profile + (programs.missing().isEmpty() ? "" : ", not made here: " + programs.missing()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"v2", "v3"})
    void programsOfPackages(String profile, @TempDir Path folder) throws Exception {
        HostPrograms.require("openssl");
        DebianPrograms programs = new DebianPrograms(folder, PackagedCommands.PACKAGES);
        Path data = Files.createDirectories(programs.file(DATA));
        PackagedCommands.writeInput(data);
        makeKeys(data);
        try (InputStream in = WitnessesTest.class.getResourceAsStream("witness/arrays.py")) {
            Files.copy(in, data.resolve("arrays.py"));
        }
        Path archive = programs.pack(folder.resolve("packages.cpio"));
        Map<String, String> environment = new TreeMap<>(HostPrograms.like(profile));
        environment.put("OPENSSL_CONF", "/dev/null");
        environment.put("PYTHONHOME", programs.file("usr").toString());
        environment.put("PYTHONDONTWRITEBYTECODE", "1");
        try (GuestTerminal guest = new StockGuest(folder).with(archive).boot("--cpu", profile, "--memory", "1G")) {
            guest.run("export OPENSSL_CONF=/dev/null OPENBLAS_NUM_THREADS=1 LC_ALL=C"
                    + " LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu/blas:/usr/lib/x86_64-linux-gnu/lapack", COMMAND);
            for (PackagedCommands.Command command : PackagedCommands.all()) {
                if (command.program().equals(BY_FEATURES) && profile.equals("v2")) {
                    continue;
                }
                String printed = programs.outputOnHost(DATA, command.program(), List.of(command.arguments().split(" ")), environment);
                // The shell itself stays where it is: its prompt shows the folder.
                String typed = "cd /" + DATA + " && /" + command.program() + " " + command.arguments() + " < /dev/null";
                if (!command.output().isEmpty()) {
                    printed += HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(data.resolve(command.output()))))
                            + "  " + command.output() + "\n";
                    typed += " && sha256sum " + command.output();
                }
                compare(command.toString(), printed, "(" + typed + ")", guest);
            }
        }
        report("programs of packages, profile " + profile);
    }

    private static void makeKeys(Path data) throws IOException, InterruptedException {
        Map<String, String> kinds = Map.of(
                "rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "ed25519", "-algorithm ED25519", "x25519", "-algorithm X25519",
                "p256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
        for (Map.Entry<String, String> kind : kinds.entrySet()) {
            openssl(data, "genpkey -quiet " + kind.getValue() + " -out " + kind.getKey() + ".pem");
            openssl(data, "pkey -pubout -in " + kind.getKey() + ".pem -out " + kind.getKey() + "-public.pem");
        }
        openssl(data, "dgst -sha256 -sign p256.pem -out p256-signature input");
    }

    private static void openssl(Path folder, String arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments.split(" ")));
        HostPrograms.outputOf(folder, Map.of(), command);
    }

    private void compare(String name, String expected, String command, GuestTerminal guest) throws Exception {
        String output;
        try {
            output = guest.run(command, COMMAND);
        } catch (AssertionError failed) {
            output = failed.getMessage();
        }
        if (output.equals(expected)) {
            same.add(name);
        } else {
            List<String> theirs = expected.lines().toList();
            differences.put(name, output.lines().filter(line -> !theirs.contains(line)).limit(5).collect(Collectors.joining("\n")));
        }
    }

    private void report(String title) throws IOException {
        Path folder = Files.createDirectories(Path.of("target", "witnesses"));
        String text = "%s: %d alike%n%s".formatted(
                title, same.size(), same.stream().map("    %s%n"::formatted).collect(Collectors.joining()));
        Files.writeString(folder.resolve("programs.txt"), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        String counts = System.getProperty("quoll.counts");
        if (counts != null) {
            Files.writeString(
                    Path.of(counts),
                    "| %s, alike in a guest and on the host | %d | `WitnessesTest` |%n| of them different | %d | `WitnessesTest` |%n"
                            .formatted(title, same.size(), differences.size()),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        }
        assertThat(differences).as(title).isEmpty();
        assertThat(same).as(title).hasSizeGreaterThan(10);
    }
}
