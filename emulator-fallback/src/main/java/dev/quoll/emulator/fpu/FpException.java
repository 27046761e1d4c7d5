package dev.quoll.emulator.fpu;

/**
 * The six floating-point exceptions, as the bits they occupy both in MXCSR[5:0] and in the x87 status word[5:0]
 * (SDM vol. 1, 10.2.3 and 8.1.3). The mask bits stand in the same order in MXCSR[12:7] and the x87 control word[5:0].
 */
public final class FpException {
    public static final int INVALID = 1;
    public static final int DENORMAL = 1 << 1;
    public static final int ZERO_DIVIDE = 1 << 2;
    public static final int OVERFLOW = 1 << 3;
    public static final int UNDERFLOW = 1 << 4;
    public static final int PRECISION = 1 << 5;

    /** All six. */
    public static final int ALL = 0x3F;

    /** The exceptions found from the operands alone; unmasked, they stop the operation before it computes anything. */
    static final int PRE_COMPUTATION = INVALID | DENORMAL | ZERO_DIVIDE;

    private FpException() {}
}
