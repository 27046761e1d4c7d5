package dev.quoll.emulator.fpu;

/** Unsigned 128-bit integer steps that Java has no operator for. */
final class WideInteger {
    private static final long LOW_HALF = 0xFFFF_FFFFL;

    private WideInteger() {}

    /**
     * The 64-bit quotient of a 128-bit dividend and a divisor with its top bit set (Knuth, TAOCP vol. 2, 4.3.1, algorithm D with 32-bit
     * digits). Requires {@code high < divisor} unsigned, so that the quotient fits.
     */
    static long divide(long high, long low, long divisor) {
        long d1 = divisor >>> 32;
        long d0 = divisor & LOW_HALF;
        long q1 = digit(high, low >>> 32, d1, d0);
        long rest = ((high << 32) | (low >>> 32)) - q1 * divisor;
        long q0 = digit(rest, low & LOW_HALF, d1, d0);
        return (q1 << 32) + q0;
    }

    private static long digit(long high, long next, long d1, long d0) {
        long q = Long.divideUnsigned(high, d1);
        long r = high - q * d1;
        while (q > LOW_HALF || Long.compareUnsigned(q * d0, (r << 32) | next) > 0) {
            q--;
            r += d1;
            if (r > LOW_HALF) {
                break;
            }
        }
        return q;
    }

    /** The floor of the square root of a 128-bit integer that is at least 2^126. */
    static long squareRoot(long high, long low) {
        // 52 good bits from the hardware, doubled by Newton's step on integers; the last corrections are by one.
        double estimate = Math.sqrt(unsignedToDouble(high)) * 0x1p32;
        long root = estimate >= 0x1p64 ? -1L : (long) (estimate * 0.5) << 1;
        if (root >= 0) {
            root = Long.MIN_VALUE;
        }
        if (Long.compareUnsigned(high, root) >= 0) {
            root = -1L;
        } else {
            long quotient = divide(high, low, root);
            // Mean of two unsigned numbers without overflow.
            root = (root & quotient) + ((root ^ quotient) >>> 1);
        }
        while (squareExceeds(root, high, low)) {
            root--;
        }
        while (root != -1L && !squareExceeds(root + 1, high, low)) {
            root++;
        }
        return root;
    }

    private static boolean squareExceeds(long root, long high, long low) {
        int order = Long.compareUnsigned(Math.unsignedMultiplyHigh(root, root), high);
        return order > 0 || (order == 0 && Long.compareUnsigned(root * root, low) > 0);
    }

    private static double unsignedToDouble(long value) {
        return (value >>> 1) * 2.0;
    }
}
