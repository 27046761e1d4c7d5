package dev.quoll.emulator.sse;

import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.fpu.SseConvert;

/** Packed conversions between vector operands, by number, a quadword of the result at a time. */
public final class PackedConversion {
    public static final int SINGLES_TO_DOUBLES = 0;
    public static final int INTS_TO_DOUBLES = 1;
    public static final int DOUBLES_TO_SINGLES = 2;
    public static final int DOUBLES_TO_INTS = 3;
    public static final int DOUBLES_TO_INTS_TRUNCATED = 4;
    public static final int INTS_TO_SINGLES = 5;
    public static final int SINGLES_TO_INTS = 6;
    public static final int SINGLES_TO_INTS_TRUNCATED = 7;

    private PackedConversion() {}

    /** Whether one quadword of the source makes two of the result. */
    public static boolean widens(int operation) {
        return operation <= INTS_TO_DOUBLES;
    }

    /** Whether two quadwords of the source make one of the result. */
    public static boolean narrows(int operation) {
        return operation >= DOUBLES_TO_SINGLES && operation <= DOUBLES_TO_INTS_TRUNCATED;
    }

    /** A double of one element. @param element in the low 32 bits */
    public static long widened(int operation, long element, Mxcsr mxcsr) {
        return operation == SINGLES_TO_DOUBLES
                ? SseConvert.singleToDouble((int) element, mxcsr)
                : SseConvert.intToDouble((int) element);
    }

    /** Two elements of two doubles. */
    public static long narrowed(int operation, long first, long second, Mxcsr mxcsr) {
        return operation == DOUBLES_TO_SINGLES
                ? PairConversion.doublesToSingles(first, second, mxcsr)
                : PairConversion.doublesToInts(first, second, operation == DOUBLES_TO_INTS_TRUNCATED, mxcsr);
    }

    /** Two elements of two of the same size. */
    public static long pair(int operation, long elements, Mxcsr mxcsr) {
        return operation == INTS_TO_SINGLES
                ? PairConversion.intsToSingles(elements, mxcsr)
                : PairConversion.singlesToInts(elements, operation == SINGLES_TO_INTS_TRUNCATED, mxcsr);
    }
}
