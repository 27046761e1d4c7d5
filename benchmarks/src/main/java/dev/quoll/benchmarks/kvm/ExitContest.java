package dev.quoll.benchmarks.kvm;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.TemporaryFolder;
import dev.quoll.machine.EngineException;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;

/** Every guest under both loops, in turns, so that what else the host does falls on both; the best of each counts. */
final class ExitContest {
    /** Both loops' figures. */
    record Pair<C extends ExitCost>(C java, C c) {}

    /** Runs before the first that counts, for the JIT compiler. */
    private static final int WARM_UPS = 12;

    private final int count;
    private final int turns;
    private final String compiler;

    /** @param count exits in a turn */
    ExitContest(int count, int turns, String compiler) {
        this.count = count;
        this.turns = turns;
        this.compiler = compiler;
    }

    /** Of the guests that exit as fast as they can. */
    Map<ExitGuest, Pair<ExitCost.Pace>> paces() throws BenchmarkException, InterruptedException {
        Map<ExitGuest, Pair<ExitCost.Pace>> results = new EnumMap<>(ExitGuest.class);
        try (TemporaryFolder folder = new TemporaryFolder("quoll-exits-")) {
            NativeLoop c = NativeLoop.build(compiler, folder.path());
            for (ExitGuest guest : ExitGuest.values()) {
                if (guest != ExitGuest.ROUND_TRIP) {
                    results.put(guest, paces(guest, c));
                }
            }
            return results;
        } catch (IOException | EngineException e) {
            throw new BenchmarkException(e.getMessage(), e);
        }
    }

    private Pair<ExitCost.Pace> paces(ExitGuest guest, NativeLoop c)
            throws BenchmarkException, InterruptedException, IOException, EngineException {
        try (JavaLoop java = new JavaLoop(guest, count)) {
            for (int run = 0; run < WARM_UPS; run++) {
                java.run();
            }
            Pair<ExitCost.Pace> best = new Pair<>(java.pace(), c.pace(guest, count));
            for (int turn = 1; turn < turns; turn++) {
                best = new Pair<>(best.java().best(java.pace()), best.c().best(c.pace(guest, count)));
            }
            return best;
        }
    }

    /** Of the guest that rings, halts, and is woken. */
    Pair<ExitCost.Latency> latencies() throws BenchmarkException, InterruptedException {
        try (TemporaryFolder folder = new TemporaryFolder("quoll-exits-");
                JavaLoop java = new JavaLoop(ExitGuest.ROUND_TRIP, count)) {
            NativeLoop c = NativeLoop.build(compiler, folder.path());
            for (int run = 0; run < WARM_UPS; run++) {
                java.latency();
            }
            Pair<ExitCost.Latency> best = new Pair<>(java.latency(), c.latency(ExitGuest.ROUND_TRIP, count));
            for (int turn = 1; turn < turns; turn++) {
                best = new Pair<>(
                        best.java().best(java.latency()), best.c().best(c.latency(ExitGuest.ROUND_TRIP, count)));
            }
            return best;
        } catch (IOException | EngineException e) {
            throw new BenchmarkException(e.getMessage(), e);
        }
    }
}
