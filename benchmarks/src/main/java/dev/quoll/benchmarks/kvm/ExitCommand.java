package dev.quoll.benchmarks.kvm;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.Tables;
import dev.quoll.kvm.KvmEngine;
import dev.quoll.machine.Engine;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code quoll bench exits}. */
@Command(
        name = "exits",
        sortOptions = false,
        description = {
            "Counts exits of guests on KVM through Quoll's loop and through one in C, in turns.",
            "Port and MMIO accesses, doorbells (ioeventfd) and HLT one after the other, and round trips: a doorbell wakes a",
            "thread, which wakes the halted guest (irqfd)."
        })
public final class ExitCommand implements Callable<Integer> {
    @Option(names = "--count", paramLabel = "N", defaultValue = "5000", description = "Exits in a turn (default: ${DEFAULT-VALUE}).")
    private int count;

    @Option(names = "--turns", paramLabel = "N", defaultValue = "40", description = "The best of so many turns (default: ${DEFAULT-VALUE}).")
    private int turns;

    @Option(names = "--cc", paramLabel = "COMMAND", defaultValue = "cc", description = "The C compiler (default: ${DEFAULT-VALUE}).")
    private String compiler;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws BenchmarkException, InterruptedException {
        if (count < 100 || turns < 1) {
            throw new BenchmarkException("there are at least 100 exits in a turn, and one turn.");
        }
        if (new KvmEngine().probe() instanceof Engine.Probe.Unusable(Engine.Obstacle obstacle)) {
            throw new BenchmarkException("%s. %s".formatted(obstacle.reason(), obstacle.fix()));
        }
        ExitContest contest = new ExitContest(count, turns, compiler);
        PrintWriter out = spec.commandLine().getOut();
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"exit", "a second, Java", "a second, C", "ns of CPU, Java", "ns of CPU, C", "more in Java"});
        contest.paces().forEach((guest, pair) -> rows.add(new String[] {
            guest.title(),
            "%,.0f".formatted(pair.java().perSecond()),
            "%,.0f".formatted(pair.c().perSecond()),
            "%,.0f".formatted(pair.java().cpuNanos()),
            "%,.0f".formatted(pair.c().cpuNanos()),
            "%+,.0f".formatted(pair.java().cpuNanos() - pair.c().cpuNanos())
        }));
        Tables.markdown(rows).forEach(out::println);
        out.println();
        ExitContest.Pair<ExitCost.Latency> latencies = contest.latencies();
        Tables.markdown(List.of(
                        new String[] {"round trip: " + ExitGuest.ROUND_TRIP.title(), "median", "99 %"},
                        row("Java", latencies.java()),
                        row("C", latencies.c())))
                .forEach(out::println);
        out.flush();
        return 0;
    }

    private static String[] row(String title, ExitCost.Latency latency) {
        return new String[] {
            title, "%,.1f us".formatted(latency.median() / 1e3), "%,.1f us".formatted(latency.percentile99() / 1e3)
        };
    }
}
