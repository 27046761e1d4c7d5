package dev.quoll.emulator.sse;

import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.fpu.ReciprocalEstimate;
import dev.quoll.emulator.fpu.SinglePair;
import dev.quoll.emulator.fpu.SseCompare;
import dev.quoll.emulator.fpu.SseConvert;
import dev.quoll.emulator.fpu.SseFloat;

/** Floating-point operations on one element, by number; a is the instruction's target, b its source. */
public final class FloatOperation {
    public static final int ADD = 0;
    public static final int SUBTRACT = 1;
    public static final int MULTIPLY = 2;
    public static final int DIVIDE = 3;
    public static final int MIN = 4;
    public static final int MAX = 5;
    public static final int SQUARE_ROOT = 6;
    public static final int COMPARE = 7;
    public static final int ROUND = 8;
    public static final int RECIPROCAL = 9;
    public static final int RECIPROCAL_ROOT = 10;
    /** With the 32 predicates of AVX. */
    public static final int COMPARE_BY_ALL = 11;

    private static final int PREDICATE = 7;
    private static final int PREDICATE_BY_ALL = 31;
    private static final int ROUNDING = 15;

    private FloatOperation() {}

    public static int onSingle(int operation, int a, int b, int immediate, Mxcsr mxcsr) {
        return switch (operation) {
            case ADD -> SseFloat.add32(a, b, mxcsr);
            case SUBTRACT -> SseFloat.sub32(a, b, mxcsr);
            case MULTIPLY -> SseFloat.mul32(a, b, mxcsr);
            case DIVIDE -> SseFloat.div32(a, b, mxcsr);
            case MIN -> SseFloat.min32(a, b, mxcsr);
            case MAX -> SseFloat.max32(a, b, mxcsr);
            case SQUARE_ROOT -> SseFloat.sqrt32(b, mxcsr);
            case COMPARE -> SseCompare.compare32(a, b, immediate & PREDICATE, mxcsr);
            case COMPARE_BY_ALL -> SseCompare.compare32(a, b, immediate & PREDICATE_BY_ALL, mxcsr);
            case ROUND -> SseConvert.round32(b, immediate & ROUNDING, mxcsr);
            case RECIPROCAL -> ReciprocalEstimate.reciprocal(b);
            case RECIPROCAL_ROOT -> ReciprocalEstimate.reciprocalSquareRoot(b);
            default -> throw new IllegalArgumentException("no operation " + operation + " on singles");
        };
    }

    public static long onSingles(int operation, long a, long b, int immediate, Mxcsr mxcsr) {
        return switch (operation) {
            case ADD -> SinglePair.add(a, b, mxcsr);
            case SUBTRACT -> SinglePair.subtract(a, b, mxcsr);
            case MULTIPLY -> SinglePair.multiply(a, b, mxcsr);
            case MIN -> SinglePair.min(a, b, mxcsr);
            case MAX -> SinglePair.max(a, b, mxcsr);
            default -> byElement(operation, a, b, immediate, mxcsr);
        };
    }

    private static long byElement(int operation, long a, long b, int immediate, Mxcsr mxcsr) {
        int low = onSingle(operation, (int) a, (int) b, immediate, mxcsr);
        int high = onSingle(operation, (int) (a >>> 32), (int) (b >>> 32), immediate, mxcsr);
        return low & 0xffff_ffffL | (long) high << 32;
    }

    public static long onDouble(int operation, long a, long b, int immediate, Mxcsr mxcsr) {
        return switch (operation) {
            case ADD -> SseFloat.add64(a, b, mxcsr);
            case SUBTRACT -> SseFloat.sub64(a, b, mxcsr);
            case MULTIPLY -> SseFloat.mul64(a, b, mxcsr);
            case DIVIDE -> SseFloat.div64(a, b, mxcsr);
            case MIN -> SseFloat.min64(a, b, mxcsr);
            case MAX -> SseFloat.max64(a, b, mxcsr);
            case SQUARE_ROOT -> SseFloat.sqrt64(b, mxcsr);
            case COMPARE -> SseCompare.compare64(a, b, immediate & PREDICATE, mxcsr);
            case COMPARE_BY_ALL -> SseCompare.compare64(a, b, immediate & PREDICATE_BY_ALL, mxcsr);
            case ROUND -> SseConvert.round64(b, immediate & ROUNDING, mxcsr);
            default -> throw new IllegalArgumentException("no operation " + operation + " on doubles");
        };
    }
}
