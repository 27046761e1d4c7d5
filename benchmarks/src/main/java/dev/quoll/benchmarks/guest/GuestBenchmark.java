package dev.quoll.benchmarks.guest;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.Circumstances;
import dev.quoll.benchmarks.contest.Contest;
import dev.quoll.benchmarks.contest.TemporaryFolder;
import dev.quoll.boot.kit.DownloadKit;
import dev.quoll.boot.kit.KernelFiles;
import dev.quoll.boot.kit.KernelFlavour;
import dev.quoll.boot.kit.KitException;
import dev.quoll.boot.kit.Progress;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code quoll bench} alone: the guest program natively and on every engine. A mixin of the command. */
public final class GuestBenchmark {
    private static final int SHORT_SCALE = 25;
    /** Words for the guest's kernel: its tests of ciphers are no part of this. */
    private static final String QUIET = "quiet loglevel=1 cryptomgr.notests";

    @Option(
            names = "--kernels",
            paramLabel = "NAMES",
            split = ",",
            description = "Kernels or groups (default: all; --list shows them).")
    private List<String> names = List.of();

    @Option(
            names = "--engines",
            paramLabel = "NAMES",
            split = ",",
            description = "Of native, host, bytecode, off, kvm, tcg, tcg-near (default: all).")
    private List<String> engines = List.of();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "3",
            description = "Runs of each engine, in turn (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--passes",
            paramLabel = "N",
            defaultValue = "3",
            description = "Passes of each kernel in a run (default: ${DEFAULT-VALUE}).")
    private int passes;

    @Option(
            names = "--scale",
            paramLabel = "PERCENT",
            defaultValue = "100",
            description = "Work of a pass; 100 is about 4 ms on a recent processor (default: ${DEFAULT-VALUE}).")
    private int scale;

    @Option(names = "--short", description = "One round, one pass, a quarter of the work: for a first look.")
    private boolean brief;

    @Option(
            names = "--time",
            paramLabel = "WHICH",
            defaultValue = "WALL",
            description = {
                "wall: the guest's clock, held against the host's; cpu: the vCPU threads' processor time, which other",
                "load on the host disturbs less, and which leaves the JVM's compiler threads out (default: wall)."
            })
    private Scores.Time time;

    @Option(
            names = "--cpus",
            paramLabel = "N",
            defaultValue = "1",
            description = "Virtual CPUs, and processors for the native program (default: ${DEFAULT-VALUE}).")
    private int cpus;

    @Option(
            names = "--cpu",
            paramLabel = "PROFILE",
            defaultValue = "v2",
            description = "CPU profile under Quoll (default: ${DEFAULT-VALUE}).")
    private String profile;

    @Option(
            names = "--memory",
            paramLabel = "MIB",
            defaultValue = "512",
            description = "Guest memory in MiB (default: ${DEFAULT-VALUE}).")
    private int memoryMib;

    @Option(
            names = "--out",
            paramLabel = "FOLDER",
            defaultValue = "target/bench",
            description = "Where the results go (default: ${DEFAULT-VALUE}).")
    private Path folder;

    @Option(
            names = "--cc",
            paramLabel = "PROGRAM",
            defaultValue = "cc",
            description = "The C compiler (default: ${DEFAULT-VALUE}).")
    private String compiler;

    @Option(
            names = "--qemu",
            paramLabel = "PROGRAM",
            defaultValue = "qemu-system-x86_64",
            description = "QEMU (default: ${DEFAULT-VALUE}).")
    private String qemu;

    @Option(
            names = "--limit",
            paramLabel = "SECONDS",
            defaultValue = "900",
            description = "After which a run is ended (default: ${DEFAULT-VALUE}).")
    private int limitSeconds;

    @Option(names = "--list", description = "Lists kernels and their groups.")
    private boolean list;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    /** Measures, and gives the exit status: 1 when checksums differ. */
    public int run() throws BenchmarkException, InterruptedException {
        check();
        if (brief) {
            rounds = 1;
            passes = 1;
            scale = SHORT_SCALE;
        }
        PrintWriter out = spec.commandLine().getOut();
        try (TemporaryFolder work = new TemporaryFolder("quoll-bench-")) {
            GuestProgram program = GuestProgram.build(compiler, work.path());
            if (list) {
                program.kernels().forEach(kernel -> out.println("%-20s %s".formatted(kernel.name(), kernel.group())));
                return 0;
            }
            return measure(program, work.path(), out);
        } catch (KitException e) {
            throw new BenchmarkException(e.getMessage(), e);
        } catch (IOException e) {
            throw new BenchmarkException("a file could not be read or written: %s.".formatted(e), e);
        }
    }

    private void check() {
        if (rounds < 1 || passes < 1 || scale < 1 || cpus < 1 || memoryMib < 1 || limitSeconds < 1) {
            throw new ParameterException(
                    spec.commandLine(), "--rounds, --passes, --scale, --cpus, --memory and --limit are at least 1.");
        }
        for (String engine : engines) {
            if (!Columns.ALL.contains(engine)) {
                throw new ParameterException(spec.commandLine(), "There is no engine \"%s\" to measure; there are %s."
                        .formatted(engine, String.join(", ", Columns.ALL)));
            }
        }
    }

    private int measure(GuestProgram program, Path work, PrintWriter out)
            throws BenchmarkException, InterruptedException, IOException, KitException {
        List<Kernel> kernels = program.chosen(names);
        List<String> arguments = new ArrayList<>(List.of(
                "--scale", Integer.toString(scale), "--passes", Integer.toString(passes), "--cpus", Integer.toString(cpus)));
        if (!names.isEmpty()) {
            arguments.addAll(List.of("--kernels", String.join(",", kernels.stream().map(Kernel::name).toList())));
        }
        KernelFiles stock = new DownloadKit(DownloadKit.userCache(), Progress.NONE).kernel(KernelFlavour.CLOUD);
        Contest contest = new Contest(
                stock.kernel(),
                Files.write(work.resolve("initramfs"), program.initramfs()),
                memoryMib,
                cpus,
                QUIET + " -- " + String.join(" ", arguments));
        List<Column> columns = new Columns(program, arguments, contest, profile, qemu).chosen(engines);

        String version = Circumstances.versionOf(qemu);
        List<String> circumstances = new ArrayList<>(Circumstances.lines(
                "%s %s, profile %s".formatted(stock.packageName(), stock.version(), profile),
                version.isEmpty() ? "none" : version,
                rounds));
        circumstances.add("kernels: %d, %d passes each at scale %d, %d CPUs; times: %s"
                .formatted(kernels.size(), passes, scale, cpus, time.name().toLowerCase(Locale.ROOT)));
        circumstances.forEach(out::println);
        Scores scores = new Scores(kernels, columns, time);
        for (int round = 0; round < rounds; round++) {
            for (Column column : scores.columns()) {
                long start = System.nanoTime();
                KernelRun run = new KernelRun(
                        column.contestant().orElseThrow(), column.cpuTime(), Duration.ofSeconds(limitSeconds));
                run.run();
                scores.add(column, round, run);
                out.println("round %d: %s: %d measurements in %.1f s".formatted(
                        round + 1, column.title(), run.measurements().size(), (System.nanoTime() - start) / 1e9));
                out.flush();
                // After each run, so that an interrupted benchmark leaves what it has.
                new ResultFolder(folder).write(scores, circumstances);
            }
        }
        return tell(scores, out);
    }

    private int tell(Scores scores, PrintWriter out) {
        TextReport report = new TextReport(scores);
        out.println();
        scores.remarks().forEach(out::println);
        out.println(report.checksums());
        out.println();
        report.kernels().forEach(out::println);
        out.println();
        report.groups().forEach(out::println);
        out.println();
        out.println("Chart, tables and figures: " + folder.toAbsolutePath());
        out.flush();
        return scores.differences().isEmpty() ? 0 : 1;
    }
}
