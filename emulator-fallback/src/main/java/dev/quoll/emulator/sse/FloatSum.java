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
     * an exception of one leaves the flags of the next undone.
     */
    private static long dotSingles(long al, long ah, long bl, long bh, int immediate, Mxcsr mxcsr) {
        int p0 = product(al, bl, immediate >> 4, mxcsr);
        int p1 = product(al >>> 32, bl >>> 32, immediate >> 5, mxcsr);
        int p2 = product(ah, bh, immediate >> 6, mxcsr);
        int p3 = product(ah >>> 32, bh >>> 32, immediate >> 7, mxcsr);
        if (mxcsr.stopped()) {
            return 0;
        }
        int first = SseFloat.add32(p0, p1, mxcsr);
        int second = SseFloat.add32(p2, p3, mxcsr);
        if (mxcsr.stopped()) {
            return 0;
        }
        int sum = SseFloat.add32(first, second, mxcsr);
        return pair(sum, sum);
    }

    private static int product(long a, long b, int chosen, Mxcsr mxcsr) {
        return (chosen & 1) != 0 ? SseFloat.mul32((int) a, (int) b, mxcsr) : 0;
    }

    private static long dotDoubles(long al, long ah, long bl, long bh, int immediate, Mxcsr mxcsr) {
        long first = (immediate & 1 << 4) != 0 ? SseFloat.mul64(al, bl, mxcsr) : 0;
        long second = (immediate & 1 << 5) != 0 ? SseFloat.mul64(ah, bh, mxcsr) : 0;
        return mxcsr.stopped() ? 0 : SseFloat.add64(first, second, mxcsr);
    }

    /** The elements of a half that the low bits let receive the sum. */
    private static long mask(boolean doubles, int bits) {
        return doubles ? -(bits & 1L) : -(bits & 1L) & 0xffff_ffffL | -(bits >> 1 & 1L) << 32;
    }

    private static long pair(int low, int high) {
        return low & 0xffff_ffffL | (long) high << 32;
    }
}
