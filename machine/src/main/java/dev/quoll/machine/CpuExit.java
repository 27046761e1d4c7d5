package dev.quoll.machine;

/** Why {@link VirtualCpu#run} came back. */
public sealed interface CpuExit {
    /** Somebody asked for it by {@link VirtualCpu#kick}. */
    record Kicked() implements CpuExit {
        public static final Kicked INSTANCE = new Kicked();
    }

    /**
     * HLT with interrupts masked: only NMI, INIT or reset can end it. Told once for each such HLT, as the machine may be at
     * its end with it; the next {@code run} waits.
     */
    record HaltedForever(long rip) implements CpuExit {}

    /** Triple fault or another shutdown condition. @param detail the faults that led here */
    record Shutdown(String detail) implements CpuExit {}

    /** A breakpoint or single step asked for by a debugger. */
    record Breakpoint(long rip) implements CpuExit {}

    /**
     * The engine cannot go on.
     *
     * @param report precise and complete: the instruction's bytes and disassembly, registers, what was not understood
     */
    record Failure(String report) implements CpuExit {}
}
