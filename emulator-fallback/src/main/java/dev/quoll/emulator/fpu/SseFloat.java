package dev.quoll.emulator.fpu;

/**
 * Scalar single- and double-precision arithmetic of SSE and SSE2 on raw bits: IEEE 754 with the x86 rules for NaNs, denormals and flags
 * (SDM vol. 1, chapters 4 and 11). Packed instructions apply these per element.
 *
 * <p>Where rounding is to nearest and the precision exception is masked, ordinary operands with an ordinary result go through Java's own
 * arithmetic; everything else through {@link SseArithmetic}. Until the precision flag is set, a result is checked for being exact: a sum by
 * taking each operand off it, which is an exact operation for the larger one (Dekker 1971); a product, quotient or root by an exact product.
 * The first operand is the destination of the instruction.
 */
public final class SseFloat {
    /** The implied bit of a double's significand. */
    private static final long IMPLIED = 1L << 52;

    private SseFloat() {}

    public static int add32(int a, int b, Mxcsr mxcsr) {
        if (mxcsr.javaNearest() && ordinary(a) && ordinary(b)) {
            float x = Float.intBitsToFloat(a);
            float y = Float.intBitsToFloat(b);
            float s = x + y;
            int r = Float.floatToRawIntBits(s);
            if (safe(r) || r << 1 == 0) {
                if (!mxcsr.inexactSettled() && (s - x != y || s - y != x)) {
                    mxcsr.inexact();
                }
                return r;
            }
        }
        return (int) SseArithmetic.add(BinaryFormat.SINGLE, wide(a), wide(b), false, mxcsr);
    }

    public static long add64(long a, long b, Mxcsr mxcsr) {
        if (mxcsr.javaNearest() && ordinary(a) && ordinary(b)) {
            double x = Double.longBitsToDouble(a);
            double y = Double.longBitsToDouble(b);
            double s = x + y;
            long r = Double.doubleToRawLongBits(s);
            if (safe(r) || r << 1 == 0) {
                if (!mxcsr.inexactSettled() && (s - x != y || s - y != x)) {
                    mxcsr.inexact();
                }
                return r;
            }
        }
        return SseArithmetic.add(BinaryFormat.DOUBLE, a, b, false, mxcsr);
    }

    public static int sub32(int a, int b, Mxcsr mxcsr) {
        if (mxcsr.javaNearest() && ordinary(a) && ordinary(b)) {
            float x = Float.intBitsToFloat(a);
            float y = Float.intBitsToFloat(b);
            float s = x - y;
            int r = Float.floatToRawIntBits(s);
            if (safe(r) || r << 1 == 0) {
                if (!mxcsr.inexactSettled() && (x - s != y || s + y != x)) {
                    mxcsr.inexact();
                }
                return r;
            }
        }
        return (int) SseArithmetic.add(BinaryFormat.SINGLE, wide(a), wide(b), true, mxcsr);
    }

    public static long sub64(long a, long b, Mxcsr mxcsr) {
        if (mxcsr.javaNearest() && ordinary(a) && ordinary(b)) {
            double x = Double.longBitsToDouble(a);
            double y = Double.longBitsToDouble(b);
            double s = x - y;
            long r = Double.doubleToRawLongBits(s);
            if (safe(r) || r << 1 == 0) {
                if (!mxcsr.inexactSettled() && (x - s != y || s + y != x)) {
                    mxcsr.inexact();
                }
                return r;
            }
        }
        return SseArithmetic.add(BinaryFormat.DOUBLE, a, b, true, mxcsr);
    }

    public static int mul32(int a, int b, Mxcsr mxcsr) {
        if (mxcsr.javaNearest() && ordinary(a) && ordinary(b)) {
            float x = Float.intBitsToFloat(a);
            float y = Float.intBitsToFloat(b);
            float p = x * y;
            int r = Float.floatToRawIntBits(p);
            if (safe(r) || a << 1 == 0 || b << 1 == 0) {
                if (!mxcsr.inexactSettled() && (double) x * y != p) {
                    mxcsr.inexact();
                }
                return r;
            }
        }
        return (int) SseArithmetic.multiply(BinaryFormat.SINGLE, wide(a), wide(b), mxcsr);
    }

    public static long mul64(long a, long b, Mxcsr mxcsr) {
        if (mxcsr.javaNearest() && ordinary(a) && ordinary(b)) {
            long r = Double.doubleToRawLongBits(Double.longBitsToDouble(a) * Double.longBitsToDouble(b));
            if (safe(r)) {
                if (!mxcsr.inexactSettled() && !exactProduct(a, b, r)) {
                    mxcsr.inexact();
                }
                return r;
            }
            if (a << 1 == 0 || b << 1 == 0) {
                return r;
            }
        }
        return SseArithmetic.multiply(BinaryFormat.DOUBLE, a, b, mxcsr);
    }

    public static int div32(int a, int b, Mxcsr mxcsr) {
        if (mxcsr.javaNearest() && ordinary(a) && safe(b)) {
            float x = Float.intBitsToFloat(a);
            float y = Float.intBitsToFloat(b);
            float q = x / y;
            int r = Float.floatToRawIntBits(q);
            if (safe(r) || a << 1 == 0) {
                if (!mxcsr.inexactSettled() && (double) q * y != x) {
                    mxcsr.inexact();
                }
                return r;
            }
        }
        return (int) SseArithmetic.divide(BinaryFormat.SINGLE, wide(a), wide(b), mxcsr);
    }

    public static long div64(long a, long b, Mxcsr mxcsr) {
        if (mxcsr.javaNearest() && safe(a) && safe(b)) {
            double x = Double.longBitsToDouble(a);
            double y = Double.longBitsToDouble(b);
            double q = x / y;
            long r = Double.doubleToRawLongBits(q);
            if (safe(r)) {
                if (!mxcsr.inexactSettled() && (q * y != x || !exactProduct(r, b, a))) {
                    mxcsr.inexact();
                }
                return r;
            }
        }
        return SseArithmetic.divide(BinaryFormat.DOUBLE, a, b, mxcsr);
    }

    public static int sqrt32(int a, Mxcsr mxcsr) {
        if (mxcsr.javaNearest() && safe(a) && a > 0) {
            float x = Float.intBitsToFloat(a);
            // Double has more than twice the precision plus two bits, so rounding twice is rounding once.
            float root = (float) Math.sqrt(x);
            if (!mxcsr.inexactSettled() && (double) root * root != x) {
                mxcsr.inexact();
            }
            return Float.floatToRawIntBits(root);
        }
        return (int) SseArithmetic.squareRoot(BinaryFormat.SINGLE, wide(a), mxcsr);
    }

    public static long sqrt64(long a, Mxcsr mxcsr) {
        if (mxcsr.javaNearest() && safe(a) && a > 0) {
            double x = Double.longBitsToDouble(a);
            double root = Math.sqrt(x);
            long r = Double.doubleToRawLongBits(root);
            if (!mxcsr.inexactSettled() && (root * root != x || !exactProduct(r, r, a))) {
                mxcsr.inexact();
            }
            return r;
        }
        return SseArithmetic.squareRoot(BinaryFormat.DOUBLE, a, mxcsr);
    }

    /**
     * Whether the product of two normal numbers has no more than 53 significant bits, r being the rounded one: trailing zeros add up, and
     * the length is 105 bits, or 106 where r's exponent is above the sum.
     */
    private static boolean exactProduct(long a, long b, long r) {
        int zeros = Long.numberOfTrailingZeros(a | IMPLIED) + Long.numberOfTrailingZeros(b | IMPLIED);
        return zeros > 52 || zeros == 52 && exponentField(r) == exponentField(a) + exponentField(b) - 1023;
    }

    private static int exponentField(long bits) {
        return (int) (bits >>> 52) & 0x7FF;
    }

    /** MINSS: the second operand when either is a NaN or both are zeros. */
    public static int min32(int a, int b, Mxcsr mxcsr) {
        if (ordinary(a) && ordinary(b)) {
            return Float.intBitsToFloat(a) < Float.intBitsToFloat(b) ? a : b;
        }
        return (int) SseArithmetic.select(BinaryFormat.SINGLE, wide(a), wide(b), false, mxcsr);
    }

    /** MINSD: the second operand when either is a NaN or both are zeros. */
    public static long min64(long a, long b, Mxcsr mxcsr) {
        if (ordinary(a) && ordinary(b)) {
            return Double.longBitsToDouble(a) < Double.longBitsToDouble(b) ? a : b;
        }
        return SseArithmetic.select(BinaryFormat.DOUBLE, a, b, false, mxcsr);
    }

    /** MAXSS: the second operand when either is a NaN or both are zeros. */
    public static int max32(int a, int b, Mxcsr mxcsr) {
        if (ordinary(a) && ordinary(b)) {
            return Float.intBitsToFloat(a) > Float.intBitsToFloat(b) ? a : b;
        }
        return (int) SseArithmetic.select(BinaryFormat.SINGLE, wide(a), wide(b), true, mxcsr);
    }

    /** MAXSD: the second operand when either is a NaN or both are zeros. */
    public static long max64(long a, long b, Mxcsr mxcsr) {
        if (ordinary(a) && ordinary(b)) {
            return Double.longBitsToDouble(a) > Double.longBitsToDouble(b) ? a : b;
        }
        return SseArithmetic.select(BinaryFormat.DOUBLE, a, b, true, mxcsr);
    }

    /** Zero-extends the bits of a single to the form that the shared slow path takes. */
    static long wide(int bits) {
        return bits & 0xFFFF_FFFFL;
    }

    /** Zero or normal. */
    static boolean ordinary(int bits) {
        int magnitude = bits & 0x7FFF_FFFF;
        return Integer.compareUnsigned(magnitude - 0x0080_0000, 0x7F00_0000) < 0 || magnitude == 0;
    }

    /** Zero or normal. */
    static boolean ordinary(long bits) {
        long magnitude = bits & Long.MAX_VALUE;
        return Long.compareUnsigned(magnitude - 0x0010_0000_0000_0000L, 0x7FE0_0000_0000_0000L) < 0 || magnitude == 0;
    }

    /** Normal and not in the lowest binade, where a rounded result might have underflowed. */
    static boolean safe(int bits) {
        return Integer.compareUnsigned((bits & 0x7FFF_FFFF) - 0x0100_0000, 0x7E80_0000) < 0;
    }

    /** Normal and not in the lowest binade, where a rounded result might have underflowed. */
    static boolean safe(long bits) {
        return Long.compareUnsigned((bits & Long.MAX_VALUE) - 0x0020_0000_0000_0000L, 0x7FD0_0000_0000_0000L) < 0;
    }
}
