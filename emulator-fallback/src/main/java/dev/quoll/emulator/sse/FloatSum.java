package dev.quoll.emulator.sse;

import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.fpu.SseFloat;

/** HADDPx, HSUBPx, ADDSUBPx and the dot products DPPS and DPPD on 16 bytes, by number; a is the first source, b the second. */
public final class FloatSum {
    public static final int HORIZONTAL_ADD = 0;
    public static final int HORIZONTAL_SUBTRACT = 1;
    public static final int ALTERNATE = 2;
    public static final int DOT_PRODUCT = 3;

    private FloatSum() {}

    /** What a dot product puts in both halves before the immediate's low bits choose; 0 for the other operations. */
    public static long dotProduct(
            int operation, boolean doubles, long al, long ah, long bl, long bh, int immediate, Mxcsr mxcsr) {
        if (operation != DOT_PRODUCT) {
            return 0;
        }
        return doubles
                ? dotDoubles(al, ah, bl, bh, immediate, mxcsr)
                : dotSingles(al, ah, bl, bh, immediate, mxcsr);
    }

    /** Low half of the result. @param dot of {@link #dotProduct} */
    public static long low(
            int operation, boolean doubles, long al, long ah, long bl, long dot, int immediate, Mxcsr mxcsr) {
        return switch (operation) {
            case ALTERNATE -> doubles ? SseFloat.sub64(al, bl, mxcsr) : alternate(al, bl, mxcsr);
            case DOT_PRODUCT -> dot & mask(doubles, immediate);
            default -> combine(operation, doubles, al, ah, mxcsr);
        };
    }

    /** High half of the result. @param dot of {@link #dotProduct} */
    public static long high(
            int operation, boolean doubles, long ah, long bl, long bh, long dot, int immediate, Mxcsr mxcsr) {
        return switch (operation) {
            case ALTERNATE -> doubles ? SseFloat.add64(ah, bh, mxcsr) : alternate(ah, bh, mxcsr);
            case DOT_PRODUCT -> dot & mask(doubles, doubles ? immediate >> 1 : immediate >> 2);
            default -> combine(operation, doubles, bl, bh, mxcsr);
        };
    }

    private static long alternate(long a, long b, Mxcsr mxcsr) {
        int low = SseFloat.sub32((int) a, (int) b, mxcsr);
        return pair(low, SseFloat.add32((int) (a >>> 32), (int) (b >>> 32), mxcsr));
    }

    private static long combine(int operation, boolean doubles, long low, long high, Mxcsr mxcsr) {
        if (!doubles) {
            return pair(combine32(operation, low, mxcsr), combine32(operation, high, mxcsr));
        }
        return operation == HORIZONTAL_ADD ? SseFloat.add64(low, high, mxcsr) : SseFloat.sub64(low, high, mxcsr);
    }

    private static int combine32(int operation, long half, Mxcsr mxcsr) {
        return operation == HORIZONTAL_ADD
                ? SseFloat.add32((int) half, (int) (half >>> 32), mxcsr)
                : SseFloat.sub32((int) half, (int) (half >>> 32), mxcsr);
    }

    /**
     * The sum of the chosen products in the manual's order (SDM vol. 2, DPPS), in both halves of a long. It is made in steps:
     * an exception of one leaves the next undone, and what earlier ones raised stays.
     */
    private static long dotSingles(long al, long ah, long bl, long bh, int immediate, Mxcsr mxcsr) {
        long low = products(al, bl, immediate >> 4, mxcsr);
        long high = products(ah, bh, immediate >> 6, mxcsr);
        if (!mxcsr.endStep()) {
            return 0;
        }
        long sums = sums(low, high, mxcsr);
        return mxcsr.endStep() ? total(sums, mxcsr) : 0;
    }

    /** First step of DPPS: the products of two singles each. @param chosen whether, by its two low bits; +0 otherwise */
    public static long products(long a, long b, int chosen, Mxcsr mxcsr) {
        int low = (chosen & 1) != 0 ? SseFloat.mul32((int) a, (int) b, mxcsr) : 0;
        int high = (chosen & 2) != 0 ? SseFloat.mul32((int) (a >>> 32), (int) (b >>> 32), mxcsr) : 0;
        return pair(low, high);
    }

    /** Second step of DPPS: the sum of each half's products. */
    public static long sums(long low, long high, Mxcsr mxcsr) {
        return pair(combine32(HORIZONTAL_ADD, low, mxcsr), combine32(HORIZONTAL_ADD, high, mxcsr));
    }

    /** Third step of DPPS: the sum of both, twice. */
    public static long total(long sums, Mxcsr mxcsr) {
        int total = combine32(HORIZONTAL_ADD, sums, mxcsr);
        return pair(total, total);
    }

    private static long dotDoubles(long al, long ah, long bl, long bh, int immediate, Mxcsr mxcsr) {
        long first = (immediate & 1 << 4) != 0 ? SseFloat.mul64(al, bl, mxcsr) : 0;
        long second = (immediate & 1 << 5) != 0 ? SseFloat.mul64(ah, bh, mxcsr) : 0;
        return mxcsr.endStep() ? SseFloat.add64(first, second, mxcsr) : 0;
    }

    /** The elements of a half that the low bits let receive the sum. */
    private static long mask(boolean doubles, int bits) {
        return doubles ? -(bits & 1L) : -(bits & 1L) & 0xffff_ffffL | -(bits >> 1 & 1L) << 32;
    }

    private static long pair(int low, int high) {
        return low & 0xffff_ffffL | (long) high << 32;
    }
}
