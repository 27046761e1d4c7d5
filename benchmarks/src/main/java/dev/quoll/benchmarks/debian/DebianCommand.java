package dev.quoll.benchmarks.debian;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.Circumstances;
import dev.quoll.benchmarks.contest.Contest;
import dev.quoll.benchmarks.contest.Contestant;
import dev.quoll.benchmarks.contest.Tables;
import dev.quoll.benchmarks.contest.TemporaryFolder;
import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.disk.BootFiles;
import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.block.ImageSource;
import dev.quoll.devices.block.NewImage;
import dev.quoll.devices.block.qcow2.Qcow2Plan;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code quoll bench debian}: one Debian disk under Quoll and under QEMU. */
@Command(
        name = "debian",
        sortOptions = false,
        description = {
            "Starts the Debian of a disk image under Quoll and under QEMU's emulator (TCG), in turn, each on an overlay of its own.",
            "Tells the time to the login prompt, and the speed of disk, network, processes and context switches."
        },
        footer = {"", "The disk: quoll image debian debian.qcow2"})
public final class DebianCommand implements Callable<Integer> {
    private static final String USER = "debian";

    @Option(names = "--disk", paramLabel = "FILE", required = true, description = "A disk that quoll image debian has made.")
    private Path disk;

    @Option(names = "--password", paramLabel = "WORDS", defaultValue = USER, description = "Of the user debian (default: ${DEFAULT-VALUE}).")
    private String password;

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "1", description = "Starts of each (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--cpus", paramLabel = "N", defaultValue = "1", description = "Virtual CPUs (default: ${DEFAULT-VALUE}).")
    private int cpus;

    @Option(names = "--memory", paramLabel = "MIB", defaultValue = "1024", description = "Guest memory in MiB (default: ${DEFAULT-VALUE}).")
    private int memoryMib;

    @Option(names = "--qemu", paramLabel = "PROGRAM", defaultValue = "qemu-system-x86_64", description = "QEMU (default: ${DEFAULT-VALUE}).")
    private String qemu;

    @Option(names = "--limit", paramLabel = "SECONDS", defaultValue = "1200", description = "After which a step has failed (default: ${DEFAULT-VALUE}).")
    private int limitSeconds;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the result there too, in Markdown.")
    private Path markdown;

    @Spec
    private CommandSpec spec;

    /** What one contestant has shown, a value for each round. */
    private record Column(Contestant contestant, List<Double> login, List<Double> cpu, Map<Figure, List<Double>> figures) {
        Column(Contestant contestant) {
            this(contestant, new ArrayList<>(), new ArrayList<>(), new EnumMap<>(Figure.class));
        }
    }

    @Override
    public Integer call() throws BenchmarkException, InterruptedException {
        if (rounds < 1 || cpus < 1 || memoryMib < 256 || limitSeconds < 1) {
            throw new ParameterException(spec.commandLine(), "--rounds, --cpus and --limit are at least 1, --memory 256.");
        }
        try (TemporaryFolder work = new TemporaryFolder("quoll-bench-");
                NetworkPeer peer = new NetworkPeer()) {
            run(work.path(), peer);
            return 0;
        } catch (IOException e) {
            throw new BenchmarkException("a file could not be read or written: " + e.getMessage(), e);
        }
    }

    private void run(Path work, NetworkPeer peer) throws BenchmarkException, IOException, InterruptedException {
        PrintWriter out = spec.commandLine().getOut();
        String version = Circumstances.versionOf(qemu);
        BootFiles boot = bootFiles();
        List<Column> columns = new ArrayList<>(List.of(new Column(quoll(work))));
        if (!version.isEmpty()) {
            columns.add(new Column(qemu(work, boot)));
        }
        List<String> lines = new ArrayList<>();
        Circumstances.lines("Debian, %s, %d CPUs, %d MiB".formatted(boot.kernelPath(), cpus, memoryMib),
                version.isEmpty() ? "none; %s does not start".formatted(qemu) : version, rounds).forEach(line -> lines.add("- " + line));
        lines.forEach(out::println);
        for (int round = 1; round <= rounds; round++) {
            for (Column column : columns) {
                out.printf("round %d: %s...%n", round, column.contestant.name());
                out.flush();
                newOverlay(work);
                measure(column, peer);
            }
        }
        lines.add("");
        List<String> table = table(columns);
        lines.addAll(table);
        table.forEach(out::println);
        out.flush();
        if (markdown != null) {
            Files.write(markdown, lines);
        }
    }

    private BootFiles bootFiles() throws BenchmarkException, IOException {
        try (DiskImage image = new ImageSource(disk, Optional.empty(), true).open()) {
            return BootFiles.on(image).orElseThrow(() -> new BenchmarkException("there is no kernel on %s.".formatted(disk)));
        }
    }

    private static Path overlay(Path work) {
        return work.resolve("overlay.qcow2");
    }

    private void newOverlay(Path work) throws IOException {
        try (DiskImage image = new ImageSource(disk, Optional.empty(), true).open();
                NewImage made = NewImage.qcow2(overlay(work), true, new Qcow2Plan(image.size())
                        .withBacking(disk.toAbsolutePath().toString(), new ImageSource(disk, Optional.empty(), true).actualFormat().toString()))) {
            made.finish();
        }
    }

    private Contestant quoll(Path work) throws BenchmarkException {
        return new Contestant("Quoll", List.of(Contest.launcher(), "run", "--disk", overlay(work).toString(), "--cpus",
                Integer.toString(cpus), "--memory", memoryMib + "M", "--net", "user"));
    }

    private Contestant qemu(Path work, BootFiles boot) throws IOException {
        Path kernel = Files.write(work.resolve("vmlinuz"), boot.kernel());
        List<String> command = new ArrayList<>(List.of(qemu, "-accel", "tcg", "-machine", "q35", "-cpu", "max", "-smp",
                Integer.toString(cpus), "-m", memoryMib + "M", "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio",
                "-drive", "file=%s,if=virtio,format=qcow2".formatted(overlay(work)), "-netdev", "user,id=net", "-device",
                "virtio-net-pci,netdev=net", "-kernel", kernel.toString()));
        if (boot.initrd().isPresent()) {
            command.addAll(List.of("-initrd", Files.write(work.resolve("initrd"), boot.initrd().get()).toString()));
        }
        command.addAll(List.of("-append", PcBuilder.DEFAULT_COMMAND_LINE + " " + boot.root() + " ro"));
        return new Contestant("QEMU TCG, -cpu max", command);
    }

    private void measure(Column column, NetworkPeer peer) throws BenchmarkException, IOException, InterruptedException {
        Duration limit = Duration.ofSeconds(limitSeconds);
        long begin = System.nanoTime();
        try (GuestSession guest = new GuestSession(column.contestant)) {
            guest.expect("login: ", limit);
            column.login.add((System.nanoTime() - begin) / 1e9);
            column.cpu.add(guest.cpuTime().toNanos() / 1e9);
            guest.logIn(USER, password, limit);
            // What the boot left to do would stand in the figures.
            guest.run("systemctl is-system-running --wait", limit);
            guest.run("SINK=%d SOURCE=%d".formatted(peer.sinkPort(), peer.sourcePort()), limit);
            for (Figure figure : Figure.values()) {
                double value = figure.of(guest.run(figure.line(), limit));
                column.figures.computeIfAbsent(figure, _ -> new ArrayList<>()).add(value);
            }
            guest.type("poweroff");
            guest.awaitEnd(limit);
        }
    }

    /** Medians; a line for each figure. */
    private static List<String> table(List<Column> columns) {
        List<String[]> rows = new ArrayList<>();
        rows.add(row("", columns, column -> column.contestant.name()));
        rows.add(row("to the login prompt, s", columns, column -> median(column.login)));
        rows.add(row("CPU time of the process up to then, s", columns, column -> median(column.cpu)));
        for (Figure figure : Figure.values()) {
            rows.add(row(figure.title(), columns, column -> median(column.figures.get(figure))));
        }
        return Tables.markdown(rows);
    }

    private static String median(List<Double> values) {
        return Figure.rounded(Tables.median(values.stream().mapToDouble(Double::doubleValue)));
    }

    private static String[] row(String title, List<Column> columns, Function<Column, String> cell) {
        List<String> row = new ArrayList<>(List.of(title));
        columns.forEach(column -> row.add(cell.apply(column)));
        return row.toArray(String[]::new);
    }
}
