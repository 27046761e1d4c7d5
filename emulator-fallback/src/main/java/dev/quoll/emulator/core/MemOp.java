package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Operand;

/**
 * An op with a memory operand. The address is one branch-free formula over state-block slots; absent parts read the slot
 * that is always zero.
 */
public abstract class MemOp extends Op {
    private final int baseSlot;
    private final int indexSlot;
    private final int segmentSlot;
    private final int scaleShift;
    private final long mask;
    private long displacement;
    private final boolean ripRelative;
    /** Legacy-mode segment whose limit and rights must be checked at each access, or -1. */
    private final int checkedSegment;
    private final int span;
    private final boolean write;

    /**
     * @param context the mode the block is decoded for
     * @param operand the memory operand
     * @param span bytes accessed, for legacy limit checks; 0 for an address that is only computed
     * @param write whether the access writes, for legacy rights checks
     */
    protected MemOp(BlockContext context, Operand.Memory operand, int span, boolean write) {
        ripRelative = operand.base() == Operand.Memory.RIP;
        baseSlot = ripRelative
                ? StateLayout.RIP_BASE
                : operand.base() < 0 ? StateLayout.ZERO : StateLayout.gpr(operand.base());
        indexSlot = operand.index() < 0 ? StateLayout.ZERO : StateLayout.gpr(operand.index());
        scaleShift = operand.scaleShift();
        displacement = operand.displacement();
        mask = operand.addressSize() == 8 ? -1L : operand.addressSize() == 4 ? 0xffffffffL : 0xffffL;
        int segment = operand.segment().ordinal();
        checkedSegment = span > 0 && context.needsSegmentCheck(segment) ? segment : -1;
        segmentSlot = context.usesBase(segment) ? StateLayout.SEGMENT_BASE + 8 * segment : StateLayout.ZERO;
        this.span = span;
        this.write = write;
        stackSegment = segment == RegisterFile.SS;
    }

    /** A memory operand whose size the decoder knows. */
    protected MemOp(BlockContext context, Operand.Memory operand, boolean write) {
        this(context, operand, operand.size(), write);
    }

    /** An op whose memory operand is absent: the address must not be asked for. */
    MemOp() {
        ripRelative = false;
        baseSlot = StateLayout.ZERO;
        indexSlot = StateLayout.ZERO;
        segmentSlot = StateLayout.ZERO;
        scaleShift = 0;
        mask = -1;
        checkedSegment = -1;
        span = 0;
        write = false;
    }

    /** Folds the address of the next instruction into a RIP-relative displacement. */
    @Override
    protected void placed() {
        if (ripRelative) {
            displacement += ip + length;
        }
    }

    @Override
    protected boolean checksLimit() {
        return checkedSegment >= 0;
    }

    /** Linear address of the operand. */
    protected final long address(Cpu cpu) {
        long offset = offset(cpu);
        if (checkedSegment >= 0) {
            return cpu.checkedLinear(this, checkedSegment, offset, span, write);
        }
        return offset + cpu.get64(segmentSlot);
    }

    /**
     * Checks limit and rights of the segment for more of the operand than {@link #address} has, where an instruction accesses
     * it in parts.
     */
    protected final void checkSpan(Cpu cpu, long va, int bytes, boolean written) {
        if (checkedSegment >= 0) {
            cpu.checkedLinear(this, checkedSegment, offset(cpu), bytes, written);
        } else {
            cpu.checkCanonical(this, va, bytes);
        }
    }

    /** Linear address displaced by a signed byte count: bit strings (BT and family with a register operand). */
    protected final long address(Cpu cpu, long extra) {
        long offset = offset(cpu) + extra & mask;
        if (checkedSegment >= 0) {
            return cpu.checkedLinear(this, checkedSegment, offset, span, write);
        }
        return offset + cpu.get64(segmentSlot);
    }

    /** Linear address of a part of the operand, whose offset wraps at the address size and whose limit is checked by itself. */
    protected final long partAddress(Cpu cpu, int extra, int bytes) {
        long offset = offset(cpu) + extra & mask;
        if (checkedSegment >= 0) {
            return cpu.checkedLinear(this, checkedSegment, offset, bytes, write);
        }
        return offset + cpu.get64(segmentSlot);
    }

    /** Linear address of a byte further on in the operand at {@code va}: its offset wraps at the address size. */
    protected final long displaced(Cpu cpu, long va, int extra) {
        long offset = offset(cpu);
        return va - offset + (offset + extra & mask);
    }

    /** The effective address (offset in the segment), as LEA gives it. */
    protected final long offset(Cpu cpu) {
        return cpu.get64(baseSlot) + (cpu.get64(indexSlot) << scaleShift) + displacement & mask;
    }
}
