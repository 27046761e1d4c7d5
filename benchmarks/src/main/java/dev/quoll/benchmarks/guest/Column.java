package dev.quoll.benchmarks.guest;

import dev.quoll.benchmarks.contest.Contestant;
import java.util.Optional;

/**
 * One way to run the guest program.
 *
 * @param id its name on the command line
 * @param title for tables
 * @param contestant what is started, or nothing when it cannot be had here
 * @param obstacle why it cannot; else empty
 * @param cpuTime where the processor time of a kernel is seen
 */
record Column(String id, String title, Optional<Contestant> contestant, String obstacle, CpuTime cpuTime) {
    /** Where processor time is seen. */
    enum CpuTime {
        /** The program itself says it. */
        PROGRAM,
        /** The threads of the process that run vCPUs. */
        VCPU_THREADS
    }

    static Column of(String id, String title, Contestant contestant, CpuTime cpuTime) {
        return new Column(id, title, Optional.of(contestant), "", cpuTime);
    }

    static Column absent(String id, String title, String obstacle) {
        return new Column(id, title, Optional.empty(), obstacle, CpuTime.PROGRAM);
    }

    boolean present() {
        return contestant.isPresent();
    }
}
