package dev.quoll.emulator.fpu;

/** The conversions and ROUNDSS/ROUNDSD on raw bits (SDM vol. 2; out-of-range integers give the integer indefinite, vol. 1, 4.8.3.7). */
public final class SseConvert {
    /** ROUNDSx immediate: take the rounding mode from MXCSR. */
    public static final int ROUND_BY_MXCSR = 4;
    /** ROUNDSx immediate: leave the precision flag alone. */
    public static final int ROUND_SUPPRESS_PRECISION = 8;

    private static final int INT_INDEFINITE = Integer.MIN_VALUE;
    private static final long LONG_INDEFINITE = Long.MIN_VALUE;

    private SseConvert() {}

    /** CVTSS2SD. */
    public static long singleToDouble(int a, Mxcsr mxcsr) {
        if (SseFloat.ordinary(a)) {
            return Double.doubleToRawLongBits(Float.intBitsToFloat(a));
        }
        return resize(BinaryFormat.SINGLE, BinaryFormat.DOUBLE, SseFloat.wide(a), mxcsr);
    }

    /** CVTSD2SS. */
    public static int doubleToSingle(long a, Mxcsr mxcsr) {
        if (mxcsr.javaNearest() && SseFloat.ordinary(a)) {
            double x = Double.longBitsToDouble(a);
            float narrow = (float) x;
            int r = Float.floatToRawIntBits(narrow);
            if (SseFloat.safe(r) || a << 1 == 0) {
                if (narrow != x) {
                    mxcsr.inexact();
                }
                return r;
            }
        }
        return (int) resize(BinaryFormat.DOUBLE, BinaryFormat.SINGLE, a, mxcsr);
    }

    /** CVTSI2SD with a 32-bit source, and CVTDQ2PD: always exact, no flags. */
    public static long intToDouble(int a) {
        return Double.doubleToRawLongBits(a);
    }

    /** CVTSI2SD with a 64-bit source. */
    public static long longToDouble(long a, Mxcsr mxcsr) {
        double r = (double) a;
        if (a == a << 11 >> 11 || mxcsr.javaNearest() && r < 0x1p63) {
            if ((long) r != a) {
                mxcsr.inexact();
            }
            return Double.doubleToRawLongBits(r);
        }
        return fromInteger(BinaryFormat.DOUBLE, a, mxcsr);
    }

    /** CVTSI2SS with a 32-bit source, and an element of CVTDQ2PS. */
    public static int intToSingle(int a, Mxcsr mxcsr) {
        if (a == a << 8 >> 8 || mxcsr.javaNearest()) {
            if ((float) a != (double) a) {
                mxcsr.inexact();
            }
            return Float.floatToRawIntBits((float) a);
        }
        return (int) fromInteger(BinaryFormat.SINGLE, a, mxcsr);
    }

    /** CVTSI2SS with a 64-bit source. */
    public static int longToSingle(long a, Mxcsr mxcsr) {
        float r = (float) a;
        if (mxcsr.javaNearest() && r < 0x1p63f) {
            if ((long) r != a) {
                mxcsr.inexact();
            }
            return Float.floatToRawIntBits(r);
        }
        return (int) fromInteger(BinaryFormat.SINGLE, a, mxcsr);
    }

    /** CVTSS2SI to 32 bits, and an element of CVTPS2DQ. */
    public static int singleToInt(int a, Mxcsr mxcsr) {
        double r = SseFloat.ordinary(a) ? nearest(Float.intBitsToFloat(a), 0x1p31, mxcsr) : Double.NaN;
        if (r == r) {
            return (int) r;
        }
        return narrow(BinaryFormat.SINGLE, SseFloat.wide(a), mxcsr.rounding(), mxcsr);
    }

    /** CVTSS2SI to 64 bits. */
    public static long singleToLong(int a, Mxcsr mxcsr) {
        double r = SseFloat.ordinary(a) ? nearest(Float.intBitsToFloat(a), 0x1p63, mxcsr) : Double.NaN;
        if (r == r) {
            return (long) r;
        }
        return toInteger(BinaryFormat.SINGLE, SseFloat.wide(a), mxcsr.rounding(), 63, LONG_INDEFINITE, mxcsr);
    }

    /** CVTSD2SI to 32 bits, and an element of CVTPD2DQ. */
    public static int doubleToInt(long a, Mxcsr mxcsr) {
        double r = SseFloat.ordinary(a) ? nearest(Double.longBitsToDouble(a), 0x1p31, mxcsr) : Double.NaN;
        if (r == r) {
            return (int) r;
        }
        return narrow(BinaryFormat.DOUBLE, a, mxcsr.rounding(), mxcsr);
    }

    /** CVTSD2SI to 64 bits. */
    public static long doubleToLong(long a, Mxcsr mxcsr) {
        double r = SseFloat.ordinary(a) ? nearest(Double.longBitsToDouble(a), 0x1p63, mxcsr) : Double.NaN;
        if (r == r) {
            return (long) r;
        }
        return toInteger(BinaryFormat.DOUBLE, a, mxcsr.rounding(), 63, LONG_INDEFINITE, mxcsr);
    }

    /** CVTTSS2SI to 32 bits, and an element of CVTTPS2DQ. */
    public static int singleToIntTruncated(int a, Mxcsr mxcsr) {
        float x = Float.intBitsToFloat(a);
        int r = (int) x;
        // Java saturates where the guest expects the indefinite value, so the extremes take the exact path.
        if (r != Integer.MAX_VALUE && r != Integer.MIN_VALUE && SseFloat.ordinary(a) && (r == x || mxcsr.masked(FpException.PRECISION))) {
            if (r != x) {
                mxcsr.inexact();
            }
            return r;
        }
        return narrow(BinaryFormat.SINGLE, SseFloat.wide(a), RoundingControl.TOWARD_ZERO, mxcsr);
    }

    /** CVTTSS2SI to 64 bits. */
    public static long singleToLongTruncated(int a, Mxcsr mxcsr) {
        return toInteger(BinaryFormat.SINGLE, SseFloat.wide(a), RoundingControl.TOWARD_ZERO, 63, LONG_INDEFINITE, mxcsr);
    }

    /** CVTTSD2SI to 32 bits, and an element of CVTTPD2DQ. */
    public static int doubleToIntTruncated(long a, Mxcsr mxcsr) {
        double x = Double.longBitsToDouble(a);
        int r = (int) x;
        if (r != Integer.MAX_VALUE && r != Integer.MIN_VALUE && SseFloat.ordinary(a) && (r == x || mxcsr.masked(FpException.PRECISION))) {
            if (r != x) {
                mxcsr.inexact();
            }
            return r;
        }
        return narrow(BinaryFormat.DOUBLE, a, RoundingControl.TOWARD_ZERO, mxcsr);
    }

    /** CVTTSD2SI to 64 bits. */
    public static long doubleToLongTruncated(long a, Mxcsr mxcsr) {
        double x = Double.longBitsToDouble(a);
        long r = (long) x;
        if (r != Long.MAX_VALUE && r != Long.MIN_VALUE && SseFloat.ordinary(a) && (r == x || mxcsr.masked(FpException.PRECISION))) {
            if (r != x) {
                mxcsr.inexact();
            }
            return r;
        }
        return toInteger(BinaryFormat.DOUBLE, a, RoundingControl.TOWARD_ZERO, 63, LONG_INDEFINITE, mxcsr);
    }

    /** ROUNDSS and an element of ROUNDPS, by the immediate's low four bits. */
    public static int round32(int a, int immediate, Mxcsr mxcsr) {
        if (SseFloat.ordinary(a)) {
            float x = Float.intBitsToFloat(a);
            float r = (float) integral(x, (immediate & ROUND_BY_MXCSR) != 0 ? mxcsr.rounding() : immediate & 3);
            if (r == x || (immediate & ROUND_SUPPRESS_PRECISION) != 0 || mxcsr.masked(FpException.PRECISION)) {
                if (r != x && (immediate & ROUND_SUPPRESS_PRECISION) == 0) {
                    mxcsr.inexact();
                }
                return Float.floatToRawIntBits(r);
            }
        }
        return (int) round(BinaryFormat.SINGLE, SseFloat.wide(a), immediate, mxcsr);
    }

    /** ROUNDSD and an element of ROUNDPD, by the immediate's low four bits. */
    public static long round64(long a, int immediate, Mxcsr mxcsr) {
        if (SseFloat.ordinary(a)) {
            double x = Double.longBitsToDouble(a);
            double r = integral(x, (immediate & ROUND_BY_MXCSR) != 0 ? mxcsr.rounding() : immediate & 3);
            if (r == x || (immediate & ROUND_SUPPRESS_PRECISION) != 0 || mxcsr.masked(FpException.PRECISION)) {
                if (r != x && (immediate & ROUND_SUPPRESS_PRECISION) == 0) {
                    mxcsr.inexact();
                }
                return Double.doubleToRawLongBits(r);
            }
        }
        return round(BinaryFormat.DOUBLE, a, immediate, mxcsr);
    }

    /** The nearest integer, below a bound, or NaN where the exact path has to find out more. Java saturates at the bound. */
    private static double nearest(double x, double bound, Mxcsr m) {
        double r = Math.rint(x);
        if (!(Math.abs(r) < bound) || r != x && !m.javaNearest()) {
            return Double.NaN;
        }
        if (r != x) {
            m.inexact();
        }
        return r;
    }

    /** The integer of a rounding mode; a result of zero keeps the operand's sign, as IEEE 754 and Java agree. */
    private static double integral(double x, int rc) {
        return switch (rc) {
            case RoundingControl.NEAREST_EVEN -> Math.rint(x);
            case RoundingControl.DOWN -> Math.floor(x);
            case RoundingControl.UP -> Math.ceil(x);
            default -> x < 0 ? Math.ceil(x) : Math.floor(x);
        };
    }

    private static long resize(BinaryFormat from, BinaryFormat to, long a, Mxcsr m) {
        if (m.denormalsAreZero()) {
            a = from.flush(a);
        }
        long sign = from.negative(a) ? to.signBit : 0;
        if (from.isNaN(a)) {
            return resizeNaN(from, to, a, m);
        }
        if (from.isInfinite(a)) {
            return sign | to.infinity;
        }
        if (from.isZero(a)) {
            return sign;
        }
        SseArithmetic.raiseDenormals(from, a, a, m);
        m.exact.set(from.negative(a), from.exponent(a), from.significand(a), 0);
        return SseArithmetic.finish(to, m);
    }

    /** A NaN in another format, quieted; its payload keeps the most significant bits. */
    static long resizeNaN(BinaryFormat from, BinaryFormat to, long a, Mxcsr m) {
        if (from.isSignaling(a)) {
            m.raise(FpException.INVALID);
        }
        int grow = to.precision - from.precision;
        long payload = a & (from.quietBit - 1);
        long sign = from.negative(a) ? to.signBit : 0;
        return sign | to.infinity | to.quietBit | (grow > 0 ? payload << grow : payload >>> -grow);
    }

    private static long fromInteger(BinaryFormat f, long a, Mxcsr m) {
        if (a == 0) {
            return 0;
        }
        long magnitude = Math.abs(a);
        int shift = Long.numberOfLeadingZeros(magnitude);
        m.exact.set(a < 0, 63 - shift, magnitude << shift, 0);
        return SseArithmetic.finish(f, m);
    }

    private static int narrow(BinaryFormat f, long a, int rc, Mxcsr m) {
        return (int) toInteger(f, a, rc, 31, INT_INDEFINITE, m);
    }

    /** To a two's complement integer whose magnitude has so many bits below its sign. */
    private static long toInteger(BinaryFormat f, long a, int rc, int bits, long indefinite, Mxcsr m) {
        if (m.denormalsAreZero()) {
            a = f.flush(a);
        }
        if (f.isZero(a)) {
            return 0;
        }
        if (f.isNaN(a) || f.isInfinite(a) || f.exponent(a) > bits) {
            m.raise(FpException.INVALID);
            return indefinite;
        }
        boolean negative = f.negative(a);
        ExactResult r = m.exact;
        long magnitude = r.roundToInteger(negative, f.exponent(a), f.significand(a), rc);
        long limit = 1L << bits;
        if (Long.compareUnsigned(magnitude, limit) > 0 || (magnitude == limit && !negative)) {
            m.raise(FpException.INVALID);
            return indefinite;
        }
        if (r.inexact) {
            m.raise(FpException.PRECISION);
        }
        return negative ? -magnitude : magnitude;
    }

    private static long round(BinaryFormat f, long a, int immediate, Mxcsr m) {
        if (m.denormalsAreZero()) {
            a = f.flush(a);
        }
        if (f.isNaN(a)) {
            return SseArithmetic.propagate(f, a, a, m);
        }
        if (f.isInfinite(a) || f.isZero(a) || f.exponent(a) >= f.precision - 1) {
            return a;
        }
        int rc = (immediate & ROUND_BY_MXCSR) != 0 ? m.rounding() : immediate & 3;
        ExactResult r = m.exact;
        long magnitude = r.roundToInteger(f.negative(a), f.exponent(a), f.significand(a), rc);
        if (r.inexact && (immediate & ROUND_SUPPRESS_PRECISION) == 0) {
            m.raise(FpException.PRECISION);
        }
        long sign = f.negative(a) ? f.signBit : 0;
        if (magnitude == 0) {
            return sign;
        }
        int shift = Long.numberOfLeadingZeros(magnitude);
        r.set(f.negative(a), 63 - shift, magnitude << shift, 0);
        r.infinite = false;
        return f.pack(r);
    }
}
