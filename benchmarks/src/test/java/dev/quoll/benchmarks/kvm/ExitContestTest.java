package dev.quoll.benchmarks.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.quoll.kvm.KvmEngine;
import dev.quoll.machine.Engine.Probe;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Exits through the Java loop beside those through a loop in C. */
@Timeout(300)
class ExitContestTest {
    /** Processor time of the vCPU's thread that the Java loop may take more for a port or MMIO exit. */
    private static final double MORE_NANOS = 200;

    @BeforeAll
    static void needsKvm() {
        Probe probe = new KvmEngine().probe();
        assumeFalse(probe instanceof Probe.Unusable, () -> ((Probe.Unusable) probe).reason());
    }

    /** Every guest comes to its end under both loops. */
    @Test
    void allGuestsRunUnderBothLoops() throws Exception {
        ExitContest contest = new ExitContest(200, 1, "cc");
        assertThat(contest.paces()).hasSize(4).allSatisfy((guest, pair) -> {
            assertThat(pair.java().wallNanos()).as(guest.title()).isPositive();
            assertThat(pair.c().cpuNanos()).as(guest.title()).isPositive();
        });
        ExitContest.Pair<ExitCost.Latency> latencies = contest.latencies();
        assertThat(latencies.java().median()).isPositive();
        assertThat(latencies.c().percentile99()).isGreaterThanOrEqualTo(latencies.c().median());
    }

    @Tag("long")
    @Test
    void anExitCostsHardlyMoreThanInC() throws Exception {
        var paces = new ExitContest(5_000, 40, "cc").paces();
        for (ExitGuest guest : List.of(ExitGuest.PORT, ExitGuest.MMIO)) {
            assertThat(paces.get(guest).java().cpuNanos() - paces.get(guest).c().cpuNanos())
                    .as("%s: %s", guest, paces.get(guest))
                    .isLessThan(MORE_NANOS);
        }
    }
}
