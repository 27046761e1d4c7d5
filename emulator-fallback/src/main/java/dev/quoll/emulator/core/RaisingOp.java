package dev.quoll.emulator.core;

/** Stands where decoding or the mode already says that the instruction faults: #UD, #NM, #GP for over-long code. */
public final class RaisingOp extends Op {
    private final int vector;
    private final boolean hasError;

    /** @param hasError whether the exception pushes an error code, which is 0 */
    public RaisingOp(int vector, boolean hasError) {
        this.vector = vector;
        this.hasError = hasError;
    }

    @Override
    public Block run(Cpu cpu) {
        throw cpu.fault(this, vector, hasError, 0);
    }
}
