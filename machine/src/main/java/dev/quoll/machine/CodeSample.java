package dev.quoll.machine;

/**
 * Where a vCPU was at one moment.
 *
 * @param rip linear address, with the code segment's base outside of 64-bit code; 0 when halted
 * @param privilege current privilege level, 0 to 3
 * @param addressSpace CR3
 * @param halted it slept in HLT, or waited to be started
 */
public record CodeSample(long rip, int privilege, long addressSpace, boolean halted) {
    /** Asleep. */
    public static final CodeSample HALTED = new CodeSample(0, 0, 0, true);
}
