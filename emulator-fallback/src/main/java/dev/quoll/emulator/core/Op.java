package dev.quoll.emulator.core;

/**
 * One decoded instruction, ready to run. The ops of a block are linked: each does its work and then returns
 * {@code next.run(cpu)}, so that every op class has its own call site to its successors, which the host's branch
 * predictor and the JIT both like better than one central loop. The last op of a block returns the block to run next,
 * or null after it has set RIP.
 *
 * <p>Ops hold no address but their offset in their page, because one physical page may be mapped at several.
 */
public abstract class Op {
    /** The op that follows in the block; null for the last. */
    public Op next;
    /** Offset of the instruction's first byte in its page, 0 to 4095. */
    public short ip;
    /** Length of the instruction in bytes, 1 to 15. */
    public byte length;
    /** Whether the memory operand is in the stack segment: a non-canonical address there is #SS, not #GP. */
    public boolean stackSegment;

    /**
     * Executes.
     *
     * @return the next block, or null when RIP tells where to go on
     * @throws GuestFault when the instruction faults; no register has changed then beyond what the manual says
     */
    public abstract Block run(Cpu cpu);

    /** Whether its operand's segment limit is checked by itself, so that a linear address past 4 GiB wraps and is no fault. */
    protected boolean checksLimit() {
        return false;
    }

    /** Whether running it has no effect at all, so that a block may go without it. */
    protected boolean doesNothing() {
        return false;
    }

    /** Called once when {@link #ip} and {@link #length} are known. */
    protected void placed() {}

    /** Whether the block goes on with at least one more instruction behind this one. */
    protected final boolean hasSuccessor() {
        return next != null && !(next instanceof NextBlock);
    }

    /** The RIP of this instruction in the block that runs now, within the code segment's size. */
    public final long rip(Cpu cpu) {
        return cpu.inCodeSegment(cpu.get64(StateLayout.RIP_BASE) + ip);
    }

    /** The RIP of the instruction behind this one. */
    public final long nextRip(Cpu cpu) {
        return cpu.inCodeSegment(cpu.get64(StateLayout.RIP_BASE) + ip + length);
    }
}
