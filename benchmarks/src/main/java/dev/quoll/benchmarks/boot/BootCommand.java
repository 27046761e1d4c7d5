package dev.quoll.benchmarks.boot;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.Circumstances;
import dev.quoll.benchmarks.contest.Contest;
import dev.quoll.benchmarks.contest.Contestant;
import dev.quoll.benchmarks.contest.TemporaryFolder;
import dev.quoll.boot.image.ImageException;
import dev.quoll.boot.image.KernelImage;
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
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code quoll bench boot}: how long a stock kernel takes to its first process, under Quoll and under QEMU. */
@Command(
        name = "boot",
        sortOptions = false,
        description = {
            "Boots a stock kernel to its first process under Quoll and under QEMU's emulator (TCG), in turn.",
            "Tells wall time and CPU time up to a line that the first process prints."
        })
public final class BootCommand implements Callable<Integer> {
    /** Who unpacks the kernel under Quoll; under QEMU it is always the guest. */
    enum Unpack {
        VMM,
        GUEST,
        BOTH
    }

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "5", description = "Boots of each (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(names = "--kernel", paramLabel = "FILE", description = "A bzImage; else the download kit's cloud kernel.")
    private Path kernel;

    @Option(
            names = "--memory",
            paramLabel = "MIB",
            defaultValue = "512",
            description = "Guest memory in MiB (default: ${DEFAULT-VALUE}).")
    private int memoryMib;

    @Option(
            names = "--append",
            paramLabel = "WORDS",
            defaultValue = "",
            description = "Further words for the kernel's command line.")
    private String append;

    @Option(
            names = "--unpack",
            paramLabel = "WHO",
            defaultValue = "BOTH",
            description = "Who unpacks the kernel under Quoll: vmm (its default), guest (as under QEMU) or both.")
    private Unpack unpack;

    @Option(
            names = "--qemu",
            paramLabel = "PROGRAM",
            defaultValue = "qemu-system-x86_64",
            description = "QEMU (default: ${DEFAULT-VALUE}).")
    private String qemu;

    @Option(
            names = "--qemu-machine",
            paramLabel = "TYPE",
            defaultValue = "q35",
            description = "QEMU's -machine, for example pc (default: ${DEFAULT-VALUE}).")
    private String machine;

    @Option(
            names = "--qemu-cpu",
            paramLabel = "MODEL",
            split = ",",
            defaultValue = "max,EPYC",
            description = "QEMU's -cpu, one contestant for each (default: ${DEFAULT-VALUE}).")
    private List<String> models;

    @Option(
            names = "--limit",
            paramLabel = "SECONDS",
            defaultValue = "600",
            description = "After which a boot has failed (default: ${DEFAULT-VALUE}).")
    private int limitSeconds;

    @Option(names = "--markdown", paramLabel = "FILE", description = "Writes the result there too, in Markdown.")
    private Path markdown;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws BenchmarkException, InterruptedException {
        if (rounds < 1 || memoryMib < 1 || limitSeconds < 1) {
            throw new ParameterException(spec.commandLine(), "--rounds, --memory and --limit are at least 1.");
        }
        PrintWriter out = spec.commandLine().getOut();
        try (TemporaryFolder work = new TemporaryFolder("quoll-bench-")) {
            run(out, work.path());
            return 0;
        } catch (KitException | ImageException e) {
            throw new BenchmarkException(e.getMessage(), e);
        } catch (IOException e) {
            throw new BenchmarkException("a file could not be read or written: " + e.getMessage(), e);
        }
    }

    private void run(PrintWriter out, Path work)
            throws BenchmarkException, InterruptedException, IOException, KitException, ImageException {
        DownloadKit kit = new DownloadKit(DownloadKit.userCache(), Progress.NONE);
        Path image = kernel;
        String guest;
        if (image == null) {
            KernelFiles files = kit.kernel(KernelFlavour.CLOUD);
            image = files.kernel();
            guest = "%s %s".formatted(files.packageName(), files.version());
        } else {
            guest = KernelImage.parse(image).description();
        }
        Path initramfs = Files.write(work.resolve("initramfs"), BenchmarkInitramfs.build(Files.readAllBytes(kit.busybox())));
        List<Contestant> contestants = contestants(new Contest(image, initramfs, memoryMib, 1, append));

        String version = Circumstances.versionOf(qemu);
        List<String> circumstances = new ArrayList<>(Circumstances.lines(
                guest, version.isEmpty() ? "none; %s does not start".formatted(qemu) : version, rounds));
        circumstances.forEach(out::println);
        if (version.isEmpty()) {
            out.println("Only Quoll is measured: on Debian, apt-get install qemu-system-x86 brings QEMU to compare with.");
            contestants.removeIf(contestant -> contestant.command().getFirst().equals(qemu));
        }
        out.flush();
        List<String> table = measure(contestants, out).table();
        table.forEach(out::println);
        out.flush();
        if (markdown != null) {
            write(circumstances, table);
        }
    }

    private List<Contestant> contestants(Contest contest) throws BenchmarkException {
        String launcher = Contest.launcher();
        List<Contestant> contestants = new ArrayList<>();
        for (Unpack who : Unpack.values()) {
            if (who != Unpack.BOTH && (unpack == who || unpack == Unpack.BOTH)) {
                contestants.add(contest.quoll(
                        "Quoll, kernel unpacked by " + (who == Unpack.VMM ? "the VMM" : "the guest"),
                        launcher,
                        List.of("--unpack", who.name().toLowerCase(Locale.ROOT))));
            }
        }
        models.forEach(model -> contestants.add(contest.qemu(qemu, machine, model)));
        return contestants;
    }

    private Results measure(List<Contestant> contestants, PrintWriter out) throws BenchmarkException, InterruptedException {
        Results results = new Results(contestants);
        for (int round = 1; round <= rounds; round++) {
            for (int i = 0; i < contestants.size(); i++) {
                Contestant contestant = contestants.get(i);
                Sample sample = new BootRun(contestant, BenchmarkInitramfs.MARKER, Duration.ofSeconds(limitSeconds)).measure();
                results.add(i, sample);
                out.println("round %d: %s: %.2f s, CPU %.2f s".formatted(
                        round, contestant.name(), sample.wall().toNanos() / 1e9, sample.cpu().toNanos() / 1e9));
                out.flush();
            }
        }
        return results;
    }

    private void write(List<String> circumstances, List<String> table) throws IOException {
        List<String> lines = new ArrayList<>();
        circumstances.forEach(line -> lines.add("- " + line));
        lines.add("");
        lines.addAll(table);
        Files.write(markdown, lines);
    }
}
