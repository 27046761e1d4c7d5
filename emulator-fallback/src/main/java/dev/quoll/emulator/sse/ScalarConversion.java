package dev.quoll.emulator.sse;

import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.fpu.SseConvert;

/** Scalar conversions between integers and floating-point numbers and between the precisions, by number. */
public final class ScalarConversion {
    // To an element of 4 bytes.
    public static final int INT_TO_SINGLE = 0;
    public static final int LONG_TO_SINGLE = 1;
    public static final int DOUBLE_TO_SINGLE = 2;
    // To an element of 8 bytes.
    public static final int INT_TO_DOUBLE = 3;
    public static final int LONG_TO_DOUBLE = 4;
    public static final int SINGLE_TO_DOUBLE = 5;
    // To a general register.
    public static final int SINGLE_TO_INT = 6;
    public static final int SINGLE_TO_INT_TRUNCATED = 7;
    public static final int DOUBLE_TO_INT = 8;
    public static final int DOUBLE_TO_INT_TRUNCATED = 9;
    public static final int SINGLE_TO_LONG = 10;
    public static final int SINGLE_TO_LONG_TRUNCATED = 11;
    public static final int DOUBLE_TO_LONG = 12;
    public static final int DOUBLE_TO_LONG_TRUNCATED = 13;

    private ScalarConversion() {}

    /** The number converted, in the low bytes. */
    public static long convert(int operation, long value, Mxcsr mxcsr) {
        return switch (operation) {
            case INT_TO_SINGLE -> SseConvert.intToSingle((int) value, mxcsr);
            case LONG_TO_SINGLE -> SseConvert.longToSingle(value, mxcsr);
            case DOUBLE_TO_SINGLE -> SseConvert.doubleToSingle(value, mxcsr);
            case INT_TO_DOUBLE -> SseConvert.intToDouble((int) value);
            case LONG_TO_DOUBLE -> SseConvert.longToDouble(value, mxcsr);
            case SINGLE_TO_DOUBLE -> SseConvert.singleToDouble((int) value, mxcsr);
            case SINGLE_TO_INT -> SseConvert.singleToInt((int) value, mxcsr);
            case SINGLE_TO_INT_TRUNCATED -> SseConvert.singleToIntTruncated((int) value, mxcsr);
            case DOUBLE_TO_INT -> SseConvert.doubleToInt(value, mxcsr);
            case DOUBLE_TO_INT_TRUNCATED -> SseConvert.doubleToIntTruncated(value, mxcsr);
            case SINGLE_TO_LONG -> SseConvert.singleToLong((int) value, mxcsr);
            case SINGLE_TO_LONG_TRUNCATED -> SseConvert.singleToLongTruncated((int) value, mxcsr);
            case DOUBLE_TO_LONG -> SseConvert.doubleToLong(value, mxcsr);
            case DOUBLE_TO_LONG_TRUNCATED -> SseConvert.doubleToLongTruncated(value, mxcsr);
            default -> throw new IllegalArgumentException("no scalar conversion " + operation);
        };
    }
}
