package dev.quoll.emulator.fpu;

/**
 * Scalar single- and double-precision arithmetic of SSE and SSE2 on raw bits: IEEE 754 with the x86 rules for NaNs, denormals and flags
 * (SDM vol. 1, chapters 4 and 11). Packed instructions apply these per element.
 *
 * <p>Where rounding is to nearest and the precision flag is settled, ordinary operands with an ordinary result go through Java's own
 * arithmetic, which is exact; everything else through {@link SseArithmetic}. The first operand is the destination of the instruction.
 */
public final class SseFloat {
    private SseFloat() {}

    public static int add32(int a, int b, Mxcsr mxcsr) {
        if (mxcsr.javaRounding() && ordinary(a) && ordinary(b)) {
            int r = Float.floatToRawIntBits(Float.intBitsToFloat(a) + Float.intBitsToFloat(b));
            if (safe(r) || r << 1 == 0) {
                return r;
            }
        }
        return (int) SseArithmetic.add(BinaryFormat.SINGLE, wide(a), wide(b), false, mxcsr);
    }

    public static long add64(long a, long b, Mxcsr mxcsr) {
        if (mxcsr.javaRounding() && ordinary(a) && ordinary(b)) {
            long r = Double.doubleToRawLongBits(Double.longBitsToDouble(a) + Double.longBitsToDouble(b));
            if (safe(r) || r << 1 == 0) {
                return r;
            }
        }
        return SseArithmetic.add(BinaryFormat.DOUBLE, a, b, false, mxcsr);
    }

    public static int sub32(int a, int b, Mxcsr mxcsr) {
        if (mxcsr.javaRounding() && ordinary(a) && ordinary(b)) {
            int r = Float.floatToRawIntBits(Float.intBitsToFloat(a) - Float.intBitsToFloat(b));
            if (safe(r) || r << 1 == 0) {
                return r;
            }
        }
        return (int) SseArithmetic.add(BinaryFormat.SINGLE, wide(a), wide(b), true, mxcsr);
    }

    public static long sub64(long a, long b, Mxcsr mxcsr) {
        if (mxcsr.javaRounding() && ordinary(a) && ordinary(b)) {
            long r = Double.doubleToRawLongBits(Double.longBitsToDouble(a) - Double.longBitsToDouble(b));
            if (safe(r) || r << 1 == 0) {
                return r;
            }
        }
        return SseArithmetic.add(BinaryFormat.DOUBLE, a, b, true, mxcsr);
    }

    public static int mul32(int a, int b, Mxcsr mxcsr) {
        if (mxcsr.javaRounding() && ordinary(a) && ordinary(b)) {
            int r = Float.floatToRawIntBits(Float.intBitsToFloat(a) * Float.intBitsToFloat(b));
            if (safe(r) || a << 1 == 0 || b << 1 == 0) {
                return r;
            }
        }
        return (int) SseArithmetic.multiply(BinaryFormat.SINGLE, wide(a), wide(b), mxcsr);
    }

    public static long mul64(long a, long b, Mxcsr mxcsr) {
        if (mxcsr.javaRounding() && ordinary(a) && ordinary(b)) {
            long r = Double.doubleToRawLongBits(Double.longBitsToDouble(a) * Double.longBitsToDouble(b));
            if (safe(r) || a << 1 == 0 || b << 1 == 0) {
                return r;
            }
        }
        return SseArithmetic.multiply(BinaryFormat.DOUBLE, a, b, mxcsr);
    }

    public static int div32(int a, int b, Mxcsr mxcsr) {
        if (mxcsr.javaRounding() && ordinary(a) && safe(b)) {
            int r = Float.floatToRawIntBits(Float.intBitsToFloat(a) / Float.intBitsToFloat(b));
            if (safe(r) || a << 1 == 0) {
                return r;
            }
        }
        return (int) SseArithmetic.divide(BinaryFormat.SINGLE, wide(a), wide(b), mxcsr);
    }

    public static long div64(long a, long b, Mxcsr mxcsr) {
        if (mxcsr.javaRounding() && ordinary(a) && safe(b)) {
            long r = Double.doubleToRawLongBits(Double.longBitsToDouble(a) / Double.longBitsToDouble(b));
            if (safe(r) || a << 1 == 0) {
                return r;
            }
        }
        return SseArithmetic.divide(BinaryFormat.DOUBLE, a, b, mxcsr);
    }

    public static int sqrt32(int a, Mxcsr mxcsr) {
        if (mxcsr.javaRounding() && safe(a) && a > 0) {
            // Double has more than twice the precision plus two bits, so rounding twice is rounding once.
            return Float.floatToRawIntBits((float) Math.sqrt(Float.intBitsToFloat(a)));
        }
        return (int) SseArithmetic.squareRoot(BinaryFormat.SINGLE, wide(a), mxcsr);
    }

    public static long sqrt64(long a, Mxcsr mxcsr) {
        if (mxcsr.javaRounding() && safe(a) && a > 0) {
            return Double.doubleToRawLongBits(Math.sqrt(Double.longBitsToDouble(a)));
        }
        return SseArithmetic.squareRoot(BinaryFormat.DOUBLE, a, mxcsr);
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
