package dev.quoll.emulator.fpu;

/**
 * Packed single-precision arithmetic on two elements in a long, the lower in its lower half: bit for bit what {@link SseFloat} does on each.
 * Elements are classified two at a time in one word; only pairs with a denormal, a NaN, or a result near overflow or underflow go by element.
 */
public final class SinglePair {
    /** The top bit of each element, where the sums below leave their answers; no sum carries out of its element. */
    private static final long TOP = 0x8000_0000_8000_0000L;

    private static final long MAGNITUDE = ~TOP;
    /** Added to a magnitude, sets the top bit unless it is zero. */
    private static final long NOT_ZERO = 0x7FFF_FFFF_7FFF_FFFFL;
    /** Sets it from the smallest normal number on. */
    private static final long NORMAL = 0x7F80_0000_7F80_0000L;
    /** Sets it above the lowest binade of normal numbers. */
    private static final long SAFE = 0x7F00_0000_7F00_0000L;
    /** Sets it from infinity on. */
    private static final long INFINITE = 0x0080_0000_0080_0000L;
    /** Sets it above infinity. */
    private static final long NAN = 0x007F_FFFF_007F_FFFFL;

    private SinglePair() {}

    /** ADDPS. */
    public static long add(long a, long b, Mxcsr mxcsr) {
        if (mxcsr.javaRounding()) {
            long r = pair(low(a) + low(b), high(a) + high(b));
            if (plain(a, b, r) || (denormals(a) | denormals(b) | doubtful(r, TOP)) == 0) {
                return r;
            }
        }
        int low = SseFloat.add32((int) a, (int) b, mxcsr);
        return pair(low, SseFloat.add32((int) (a >>> 32), (int) (b >>> 32), mxcsr));
    }

    /** SUBPS. */
    public static long subtract(long a, long b, Mxcsr mxcsr) {
        if (mxcsr.javaRounding()) {
            long r = pair(low(a) - low(b), high(a) - high(b));
            if (plain(a, b, r) || (denormals(a) | denormals(b) | doubtful(r, TOP)) == 0) {
                return r;
            }
        }
        int low = SseFloat.sub32((int) a, (int) b, mxcsr);
        return pair(low, SseFloat.sub32((int) (a >>> 32), (int) (b >>> 32), mxcsr));
    }

    /** MULPS. */
    public static long multiply(long a, long b, Mxcsr mxcsr) {
        if (mxcsr.javaRounding()) {
            long r = pair(low(a) * low(b), high(a) * high(b));
            if (plain(a, b, r) || (denormals(a) | denormals(b) | doubtful(r, zeros(a) | zeros(b))) == 0) {
                return r;
            }
        }
        int low = SseFloat.mul32((int) a, (int) b, mxcsr);
        return pair(low, SseFloat.mul32((int) (a >>> 32), (int) (b >>> 32), mxcsr));
    }

    /** MINPS: the second operand when either is a NaN or both are zeros. */
    public static long min(long a, long b, Mxcsr mxcsr) {
        if ((denormals(a) | denormals(b) | nans(a) | nans(b)) == 0) {
            return low(a) < low(b)
                    ? high(a) < high(b) ? a : pair((int) a, (int) (b >>> 32))
                    : high(a) < high(b) ? pair((int) b, (int) (a >>> 32)) : b;
        }
        int low = SseFloat.min32((int) a, (int) b, mxcsr);
        return pair(low, SseFloat.min32((int) (a >>> 32), (int) (b >>> 32), mxcsr));
    }

    /** MAXPS: the second operand when either is a NaN or both are zeros. */
    public static long max(long a, long b, Mxcsr mxcsr) {
        if ((denormals(a) | denormals(b) | nans(a) | nans(b)) == 0) {
            return low(a) > low(b)
                    ? high(a) > high(b) ? a : pair((int) a, (int) (b >>> 32))
                    : high(a) > high(b) ? pair((int) b, (int) (a >>> 32)) : b;
        }
        int low = SseFloat.max32((int) a, (int) b, mxcsr);
        return pair(low, SseFloat.max32((int) (a >>> 32), (int) (b >>> 32), mxcsr));
    }

    private static float low(long pair) {
        return Float.intBitsToFloat((int) pair);
    }

    private static float high(long pair) {
        return Float.intBitsToFloat((int) (pair >>> 32));
    }

    private static long pair(float low, float high) {
        return pair(Float.floatToRawIntBits(low), Float.floatToRawIntBits(high));
    }

    private static long pair(int low, int high) {
        return low & 0xFFFF_FFFFL | (long) high << 32;
    }

    /** Whether no operand is zero or denormal and no result is {@link #doubtful}: the quick test that nearly always decides. */
    private static boolean plain(long a, long b, long results) {
        long m = results & MAGNITUDE;
        return ((a & MAGNITUDE) + NORMAL & (b & MAGNITUDE) + NORMAL & m + SAFE & ~(m + INFINITE) & TOP) == TOP;
    }

    /** The top bits of elements that are denormal. */
    private static long denormals(long pair) {
        long m = pair & MAGNITUDE;
        return m + NOT_ZERO & ~(m + NORMAL) & TOP;
    }

    /** The top bits of elements that are NaNs. */
    private static long nans(long pair) {
        return (pair & MAGNITUDE) + NAN & TOP;
    }

    /** The top bits of elements that are zeros. */
    private static long zeros(long pair) {
        return ~((pair & MAGNITUDE) + NOT_ZERO) & TOP;
    }

    /**
     * The top bits of results that may have come with an exception besides precision: infinite, a NaN, small enough to have underflowed, or
     * zero where {@code exactZeros} does not say that this is exact. A result that is none of these had operands that are none either.
     */
    private static long doubtful(long results, long exactZeros) {
        long m = results & MAGNITUDE;
        return (m + INFINITE | ~(m + SAFE) & (m + NOT_ZERO | ~exactZeros)) & TOP;
    }
}
