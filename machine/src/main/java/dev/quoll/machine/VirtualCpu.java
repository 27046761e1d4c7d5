package dev.quoll.machine;

/**
 * One virtual CPU. {@link #run} is called by one thread at a time; state is read and written only while it is not
 * running; {@link #kick} may come from any thread.
 */
public interface VirtualCpu {
    /** 0-based index, equal to the APIC id. */
    int index();

    /**
     * Runs guest code until something the machine must know of. Port and MMIO accesses, timers and interrupts, and a
     * HLT that an interrupt can end, are served inside.
     */
    CpuExit run();

    /**
     * Runs until one instruction has retired, for debuggers and for the comparison of engines. An interrupt that is due and
     * an exception that comes up are delivered on the way, so that the instruction may be the first of a handler; a repeated
     * string instruction may count several times, once for some of its iterations. A halted CPU waits as in {@link #run}.
     *
     * @return {@link CpuExit.Breakpoint} when it is done; else what {@code run} returns for what came up first, a
     *     {@link CpuExit.Failure} from an engine that has no such step
     */
    default CpuExit step() {
        return new CpuExit.Failure("this engine cannot execute single instructions.");
    }

    /**
     * Makes {@link #run} return {@link CpuExit.Kicked} soon, also out of a halt. A kick that comes before {@code run}
     * is not lost: that run returns at once. Several kicks may merge into one.
     */
    void kick();

    /** Power-on (RESET#) state: CPU 0 ready to run, the others waiting for INIT and SIPI. */
    void reset();

    /** One element of the architectural state. */
    CpuElement read(CpuElement.Kind kind);

    /**
     * Sets one element. A model-specific register that the CPU lacks can hold 0.
     *
     * @throws IllegalArgumentException when the values cannot be held, saying which
     */
    void write(CpuElement element);

    /**
     * Asks where guest code is: the next instruction boundary at which the vCPU looks up from it is noted for {@link #takeSample}.
     * Asking costs guest code nothing; being asked costs about as much as an interrupt that is not taken. Any thread.
     *
     * @return whether this engine can tell
     */
    default boolean requestSample() {
        return false;
    }

    /** What was noted since the last call, or null. One thread at a time. */
    default CodeSample takeSample() {
        return null;
    }

    /** Instructions retired since creation, roughly (an engine that cannot count says 0). */
    long instructions();
}
