package dev.quoll.emulator.fpu;

/** The encodings of the RC field, the same in MXCSR, in the x87 control word and in the ROUNDSx immediate (SDM vol. 1, table 4-8). */
public final class RoundingControl {
    public static final int NEAREST_EVEN = 0;
    public static final int DOWN = 1;
    public static final int UP = 2;
    public static final int TOWARD_ZERO = 3;

    private RoundingControl() {}

    /** Whether the magnitude of an inexact value is rounded up, given its discarded part. */
    static boolean roundsUp(int rc, boolean negative, boolean odd, boolean half, boolean belowHalf) {
        return switch (rc) {
            case NEAREST_EVEN -> half && (belowHalf || odd);
            case DOWN -> negative && (half || belowHalf);
            case UP -> !negative && (half || belowHalf);
            default -> false;
        };
    }

    /** Whether overflow rounds to infinity rather than to the largest finite number (SDM vol. 1, table 4-10). */
    static boolean overflowsToInfinity(int rc, boolean negative) {
        return switch (rc) {
            case NEAREST_EVEN -> true;
            case DOWN -> negative;
            case UP -> !negative;
            default -> false;
        };
    }
}
