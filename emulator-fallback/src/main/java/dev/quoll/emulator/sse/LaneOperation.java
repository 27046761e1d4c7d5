package dev.quoll.emulator.sse;

import dev.quoll.emulator.fpu.PackedInteger;

/**
 * Packed integer operations that work on each 64-bit half by itself, by number: with a constant number and lane width
 * {@link #apply} folds to the operation. The first operand is the instruction's target. MMX has the same operations on
 * its one half.
 */
public final class LaneOperation {
    public static final int AND = 0;
    public static final int ANDN = 1;
    public static final int OR = 2;
    public static final int XOR = 3;
    public static final int ADD = 4;
    public static final int SUBTRACT = 5;
    public static final int ADD_SIGNED = 6;
    public static final int SUBTRACT_SIGNED = 7;
    public static final int ADD_UNSIGNED = 8;
    public static final int SUBTRACT_UNSIGNED = 9;
    public static final int EQUAL = 10;
    public static final int GREATER = 11;
    public static final int MIN_UNSIGNED = 12;
    public static final int MAX_UNSIGNED = 13;
    public static final int MIN_SIGNED = 14;
    public static final int MAX_SIGNED = 15;
    public static final int AVERAGE = 16;
    public static final int SIGN = 17;
    public static final int ABSOLUTE = 18;
    public static final int MULTIPLY_LOW = 19;
    public static final int MULTIPLY_HIGH = 20;
    public static final int MULTIPLY_HIGH_UNSIGNED = 21;
    public static final int MULTIPLY_HIGH_ROUNDED = 22;
    public static final int MULTIPLY_ADD = 23;
    public static final int MULTIPLY_ADD_BYTES = 24;
    public static final int MULTIPLY_UNSIGNED = 25;
    public static final int MULTIPLY_SIGNED = 26;
    public static final int MULTIPLY_LOW_DWORDS = 27;
    public static final int SUM_OF_DIFFERENCES = 28;

    // Lane widths, by number.
    public static final int BYTES = 0;
    public static final int WORDS = 1;
    public static final int DWORDS = 2;
    public static final int QWORDS = 3;

    private LaneOperation() {}

    /**
     * One half of the result.
     *
     * @param operation one of the constants above
     * @param lanes {@link #topBits} of the lane width; of no matter to logic and to products
     */
    public static long apply(int operation, long lanes, long a, long b) {
        return switch (operation) {
            case AND -> a & b;
            case ANDN -> ~a & b;
            case OR -> a | b;
            case XOR -> a ^ b;
            case ADD -> PackedInteger.add(a, b, lanes);
            case SUBTRACT -> PackedInteger.subtract(a, b, lanes);
            case ADD_SIGNED -> PackedInteger.addSigned(a, b, lanes);
            case SUBTRACT_SIGNED -> PackedInteger.subtractSigned(a, b, lanes);
            case ADD_UNSIGNED -> PackedInteger.addUnsigned(a, b, lanes);
            case SUBTRACT_UNSIGNED -> PackedInteger.subtractUnsigned(a, b, lanes);
            case EQUAL -> PackedInteger.equal(a, b, lanes);
            case GREATER -> PackedInteger.greaterSigned(a, b, lanes);
            case MIN_UNSIGNED -> PackedInteger.minUnsigned(a, b, lanes);
            case MAX_UNSIGNED -> PackedInteger.maxUnsigned(a, b, lanes);
            case MIN_SIGNED -> PackedInteger.minSigned(a, b, lanes);
            case MAX_SIGNED -> PackedInteger.maxSigned(a, b, lanes);
            case AVERAGE -> PackedInteger.average(a, b, lanes);
            case SIGN -> PackedInteger.sign(a, b, lanes);
            case ABSOLUTE -> PackedInteger.absolute(b, lanes);
            default -> multiply(operation, a, b);
        };
    }

    private static long multiply(int operation, long a, long b) {
        return switch (operation) {
            case MULTIPLY_LOW -> PackedInteger.multiplyLow(a, b);
            case MULTIPLY_HIGH -> PackedInteger.multiplyHigh(a, b);
            case MULTIPLY_HIGH_UNSIGNED -> PackedInteger.multiplyHighUnsigned(a, b);
            case MULTIPLY_HIGH_ROUNDED -> PackedInteger.multiplyHighRounded(a, b);
            case MULTIPLY_ADD -> PackedInteger.multiplyAdd(a, b);
            case MULTIPLY_ADD_BYTES -> PackedInteger.multiplyAddBytes(a, b);
            case MULTIPLY_UNSIGNED -> (a & 0xffff_ffffL) * (b & 0xffff_ffffL);
            case MULTIPLY_SIGNED -> (long) (int) a * (int) b;
            case MULTIPLY_LOW_DWORDS -> a * b & 0xffff_ffffL | (a >>> 32) * (b >>> 32) << 32;
            case SUM_OF_DIFFERENCES -> PackedInteger.sumOfDifferences(a, b);
            default -> throw new IllegalArgumentException("no packed operation " + operation);
        };
    }

    /** The lanes' top bits for a lane width. */
    public static long topBits(int width) {
        return switch (width) {
            case BYTES -> PackedInteger.BYTES;
            case WORDS -> PackedInteger.WORDS;
            case DWORDS -> PackedInteger.DWORDS;
            default -> Long.MIN_VALUE;
        };
    }

    /** PMOVMSKB of one half: the bytes' top bits as the low 8 bits. */
    public static long byteSigns(long half) {
        // Every product of a bit at 8i and one of the factor lands on a place of its own; those of interest on 56 to 63.
        return (half >>> 7 & 0x0101_0101_0101_0101L) * 0x0102_0408_1020_4080L >>> 56;
    }
}
