package dev.quoll.benchmarks.kvm;

import java.util.Arrays;

/** Figures of one loop. */
sealed interface ExitCost {
    /**
     * Of exits one after the other.
     *
     * @param cpuNanos processor time of the vCPU's thread for an exit, kernel included
     * @param wallNanos from one to the next
     */
    record Pace(double cpuNanos, double wallNanos) implements ExitCost {
        Pace best(Pace other) {
            return new Pace(Math.min(cpuNanos, other.cpuNanos), Math.min(wallNanos, other.wallNanos));
        }

        double perSecond() {
            return 1e9 / wallNanos;
        }
    }

    /** Of round trips: from the signal that wakes the guest to the end of the wait for its answer, in nanoseconds. */
    record Latency(double median, double percentile99) implements ExitCost {
        static Latency of(long[] nanos) {
            long[] sorted = nanos.clone();
            Arrays.sort(sorted);
            return new Latency(sorted[sorted.length / 2], sorted[(int) (sorted.length * 0.99)]);
        }

        Latency best(Latency other) {
            return new Latency(Math.min(median, other.median), Math.min(percentile99, other.percentile99));
        }
    }
}
