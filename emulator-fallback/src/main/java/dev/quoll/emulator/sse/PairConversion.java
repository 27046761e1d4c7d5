package dev.quoll.emulator.sse;

import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.fpu.SseConvert;

/** Conversions of two elements between singles, doubles and doublewords; two 4-byte elements are one long. */
final class PairConversion {
    private PairConversion() {}

    static long intsToSingles(long pair, Mxcsr mxcsr) {
        int low = SseConvert.intToSingle((int) pair, mxcsr);
        return join(low, SseConvert.intToSingle((int) (pair >>> 32), mxcsr));
    }

    static long singlesToInts(long pair, boolean truncate, Mxcsr mxcsr) {
        int low = singleToInt((int) pair, truncate, mxcsr);
        return join(low, singleToInt((int) (pair >>> 32), truncate, mxcsr));
    }

    static long doublesToInts(long first, long second, boolean truncate, Mxcsr mxcsr) {
        int low = doubleToInt(first, truncate, mxcsr);
        return join(low, doubleToInt(second, truncate, mxcsr));
    }

    static long doublesToSingles(long first, long second, Mxcsr mxcsr) {
        int low = SseConvert.doubleToSingle(first, mxcsr);
        return join(low, SseConvert.doubleToSingle(second, mxcsr));
    }

    private static int singleToInt(int value, boolean truncate, Mxcsr mxcsr) {
        return truncate ? SseConvert.singleToIntTruncated(value, mxcsr) : SseConvert.singleToInt(value, mxcsr);
    }

    private static int doubleToInt(long value, boolean truncate, Mxcsr mxcsr) {
        return truncate ? SseConvert.doubleToIntTruncated(value, mxcsr) : SseConvert.doubleToInt(value, mxcsr);
    }

    private static long join(int low, int high) {
        return low & 0xffff_ffffL | (long) high << 32;
    }
}
