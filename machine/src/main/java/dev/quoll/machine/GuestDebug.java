package dev.quoll.machine;

import java.util.List;

/**
 * What a {@link VirtualCpu} can do for a debugger, where it implements this: stop by itself, without the guest seeing why.
 * Each stop is a {@link CpuExit.Breakpoint}. Set only while the CPU does not run.
 */
public interface GuestDebug {
    /** Number of {@link Breakpoint}s a CPU has (SDM vol. 3, 18.2). */
    int BREAKPOINTS = 4;

    /** What a breakpoint watches. */
    enum Watch {
        /** An instruction about to be executed. */
        EXECUTION,
        /** A write of data. */
        WRITE,
        /** A read or write of data. */
        ACCESS
    }

    /**
     * A breakpoint in the CPU's debug registers.
     *
     * @param address linear
     * @param length bytes watched: 1, 2, 4 or 8, aligned; 1 for execution
     */
    record Breakpoint(long address, int length, Watch watch) {
        public Breakpoint {
            if (Integer.bitCount(length) != 1 || length > 8 || (address & length - 1) != 0) {
                throw new IllegalArgumentException("a breakpoint of %d bytes at 0x%x".formatted(length, address));
            }
            if (watch == Watch.EXECUTION && length != 1) {
                throw new IllegalArgumentException("a breakpoint on execution has 1 byte, not " + length);
            }
        }
    }

    /**
     * Replaces what was set before.
     *
     * @param singleStep whether to stop after each instruction; interrupts wait meanwhile where the engine can hold them
     * @param breakpoints at most {@link #BREAKPOINTS}; while there are any, the guest's own do not work
     * @throws IllegalArgumentException for more than there are
     * @throws UnsupportedOperationException when the host has no such facility; one sentence
     */
    void debug(boolean singleStep, List<Breakpoint> breakpoints);
}
