package dev.quoll.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.quoll.cli.demo.DemoGuest;
import dev.quoll.kvm.KvmEngine;
import dev.quoll.machine.Engine.Probe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The program, killed by SIGKILL at random moments of its run, leaves no process, no file and no interface behind. */
@Timeout(600)
class KilledProcessTest {
    /** By then the guest has long said hello. */
    private static final int LATEST_MILLIS = 2500;
    private static final String MARK = "QUOLL_KILLED_PROCESS_TEST";

    /** How a machine comes by its memory and its CPUs. */
    private enum Variant {
        KVM("kvm", true),
        /** Memory is then a mapped temporary file. */
        WITHOUT_NATIVE_ACCESS("emulator", false);

        private final String engine;
        private final boolean nativeAccess;

        Variant(String engine, boolean nativeAccess) {
            this.engine = engine;
            this.nativeAccess = nativeAccess;
        }
    }

    @TempDir
    private Path folder;

    private final String mark = UUID.randomUUID().toString();

    @BeforeAll
    static void needsProc() {
        assumeFalse(Files.notExists(Path.of("/proc/self/environ")), "processes are found by way of /proc");
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void nothingIsLeft(Variant variant) throws Exception {
        kill(variant, 1);
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource(Variant.class)
    void nothingIsLeftAtAnyMoment(Variant variant) throws Exception {
        kill(variant, 40);
    }

    private void kill(Variant variant, int rounds) throws Exception {
        if (variant == Variant.KVM && new KvmEngine().probe() instanceof Probe.Unusable unusable) {
            assumeFalse(true, unusable.reason());
        }
        Files.createDirectory(folder.resolve("tmp"));
        Files.write(folder.resolve("kernel"), DemoGuest.image(DemoGuest.TICKS_PER_SECOND * 60));
        Set<String> before = ofTheHost();
        long seed = System.nanoTime();
        System.out.printf("KilledProcessTest %s seed %d%n", variant, seed);
        Random random = new Random(seed);
        for (int round = 0; round < rounds; round++) {
            Process process = start(variant);
            process.waitFor(random.nextInt(LATEST_MILLIS), TimeUnit.MILLISECONDS);
            assertThat(process.isAlive()).as(this::output).isTrue();
            process.destroyForcibly().waitFor();
            assertNothingIsLeft(before);
        }
        // What a killed one left of its socket is in nobody's way.
        Process last = start(variant);
        for (int tries = 0; tries < 600 && !output().contains("Hello"); tries++) {
            assertThat(last.isAlive()).as(this::output).isTrue();
            Thread.sleep(100);
        }
        assertThat(output()).contains("Hello");
        last.destroyForcibly().waitFor();
        assertNothingIsLeft(before);
    }

    private Process start(Variant variant) throws IOException {
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(), "-XX:-UsePerfData"));
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-Djava.io.tmpdir=" + folder.resolve("tmp"));
        command.add("--illegal-native-access=deny");
        if (variant.nativeAccess) {
            command.add("--enable-native-access=dev.quoll.bindings");
        }
        command.addAll(List.of("--module-path", modulePath(), "--module", "dev.quoll.cli/dev.quoll.cli.Main", "run"));
        command.addAll(List.of("--kernel", folder.resolve("kernel").toString(), "--engine", variant.engine, "--memory", "16M"));
        command.addAll(List.of("--vsock", "path=" + folder.resolve("socket")));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile());
        builder.environment().put(MARK, mark);
        builder.environment().put("TMPDIR", folder.resolve("tmp").toString());
        return builder.start();
    }

    /** Of the program in this process, tests and all. */
    private static String modulePath() {
        return ModuleLayer.boot().configuration().modules().stream()
                .flatMap(module -> module.reference().location().stream())
                .filter(location -> location.getScheme().equals("file"))
                .map(location -> Path.of(location).toString())
                .collect(Collectors.joining(System.getProperty("path.separator")));
    }

    private String output() {
        try {
            return Files.readString(folder.resolve("output"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void assertNothingIsLeft(Set<String> before) throws IOException {
        assertThat(marked()).as("processes").isEmpty();
        try (Stream<Path> files = Files.list(folder.resolve("tmp"))) {
            assertThat(files).as("temporary files").isEmpty();
        }
        assertThat(ofTheHost()).isEqualTo(before);
    }

    /** Processes that were started, directly or not, by the test. */
    private List<String> marked() throws IOException {
        List<String> found = new ArrayList<>();
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            for (Path process : processes.filter(path -> path.getFileName().toString().matches("[0-9]+")).toList()) {
                try {
                    if (new String(Files.readAllBytes(process.resolve("environ"))).contains(MARK + "=" + mark)) {
                        found.add(process + " " + Files.readString(process.resolve("cmdline")));
                    }
                } catch (IOException _) {
                    // Somebody else's, or it has just ended.
                }
            }
        }
        return found;
    }

    /** Network interfaces, and what is ours in shared memory. */
    private static Set<String> ofTheHost() throws IOException {
        Set<String> names = new TreeSet<>();
        for (Path place : List.of(Path.of("/sys/class/net"), Path.of("/dev/shm"))) {
            if (Files.isDirectory(place)) {
                try (Stream<Path> entries = Files.list(place)) {
                    entries.map(Path::toString)
                            .filter(name -> name.startsWith("/sys") ? name.contains("tap") : name.contains("quoll"))
                            .forEach(names::add);
                }
            }
        }
        return names;
    }
}
