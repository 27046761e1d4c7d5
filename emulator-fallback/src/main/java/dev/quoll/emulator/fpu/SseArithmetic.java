package dev.quoll.emulator.fpu;

/** The exact path of {@link SseFloat}: every operand class, rounding mode and flag, for both formats. */
final class SseArithmetic {
    private SseArithmetic() {}

    static long add(BinaryFormat f, long a, long b, boolean subtract, Mxcsr m) {
        if (m.denormalsAreZero()) {
            a = f.flush(a);
            b = f.flush(b);
        }
        if (f.isNaN(a) || f.isNaN(b)) {
            return propagate(f, a, b, m);
        }
        boolean bNegative = f.negative(b) ^ subtract;
        if (f.isInfinite(a) || f.isInfinite(b)) {
            if (f.isInfinite(a) && f.isInfinite(b) && f.negative(a) != bNegative) {
                m.raise(FpException.INVALID);
                return f.indefinite;
            }
            raiseDenormals(f, a, b, m);
            return f.isInfinite(a) ? a : f.infinity | (bNegative ? f.signBit : 0);
        }
        raiseDenormals(f, a, b, m);
        if (f.isZero(b)) {
            if (!f.isZero(a)) {
                return passThrough(f, a, m);
            }
            boolean negative = f.negative(a) == bNegative ? bNegative : m.rounding() == RoundingControl.DOWN;
            return negative ? f.signBit : 0;
        }
        if (f.isZero(a)) {
            return passThrough(f, f.magnitude(b) | (bNegative ? f.signBit : 0), m);
        }
        ExactResult r = m.exact;
        r.sum(f.negative(a), f.exponent(a), f.significand(a), bNegative, f.exponent(b), f.significand(b), m.rounding());
        return finish(f, m);
    }

    static long multiply(BinaryFormat f, long a, long b, Mxcsr m) {
        if (m.denormalsAreZero()) {
            a = f.flush(a);
            b = f.flush(b);
        }
        if (f.isNaN(a) || f.isNaN(b)) {
            return propagate(f, a, b, m);
        }
        long sign = (a ^ b) & f.signBit;
        if (f.isInfinite(a) || f.isInfinite(b)) {
            if (f.isZero(a) || f.isZero(b)) {
                m.raise(FpException.INVALID);
                return f.indefinite;
            }
            raiseDenormals(f, a, b, m);
            return sign | f.infinity;
        }
        raiseDenormals(f, a, b, m);
        if (f.isZero(a) || f.isZero(b)) {
            return sign;
        }
        m.exact.product(f.negative(a), f.exponent(a), f.significand(a), f.negative(b), f.exponent(b), f.significand(b));
        return finish(f, m);
    }

    static long divide(BinaryFormat f, long a, long b, Mxcsr m) {
        if (m.denormalsAreZero()) {
            a = f.flush(a);
            b = f.flush(b);
        }
        if (f.isNaN(a) || f.isNaN(b)) {
            return propagate(f, a, b, m);
        }
        long sign = (a ^ b) & f.signBit;
        if ((f.isInfinite(a) && f.isInfinite(b)) || (f.isZero(a) && f.isZero(b))) {
            m.raise(FpException.INVALID);
            return f.indefinite;
        }
        if (f.isZero(b) && !f.isInfinite(a)) {
            m.raise(FpException.ZERO_DIVIDE);
            return sign | f.infinity;
        }
        raiseDenormals(f, a, b, m);
        if (f.isInfinite(a)) {
            return sign | f.infinity;
        }
        if (f.isZero(a) || f.isInfinite(b)) {
            return sign;
        }
        m.exact.quotient(f.negative(a), f.exponent(a), f.significand(a), f.negative(b), f.exponent(b), f.significand(b));
        return finish(f, m);
    }

    static long squareRoot(BinaryFormat f, long a, Mxcsr m) {
        if (m.denormalsAreZero()) {
            a = f.flush(a);
        }
        if (f.isNaN(a)) {
            return propagate(f, a, a, m);
        }
        if (f.isZero(a)) {
            return a;
        }
        if (f.negative(a)) {
            m.raise(FpException.INVALID);
            return f.indefinite;
        }
        if (f.isInfinite(a)) {
            return a;
        }
        raiseDenormals(f, a, a, m);
        m.exact.root(f.exponent(a), f.significand(a));
        return finish(f, m);
    }

    /** MIN and MAX. Every NaN is invalid, and the second operand comes back as it is. */
    static long select(BinaryFormat f, long a, long b, boolean greater, Mxcsr m) {
        if (m.denormalsAreZero()) {
            a = f.flush(a);
            b = f.flush(b);
        }
        if (f.isNaN(a) || f.isNaN(b)) {
            m.raise(FpException.INVALID);
            return b;
        }
        raiseDenormals(f, a, b, m);
        int order = compareOrdered(f, a, b);
        return (greater ? order > 0 : order < 0) ? a : b;
    }

    /** Orders two numbers that are not NaNs; zeros of both signs are equal. */
    static int compareOrdered(BinaryFormat f, long a, long b) {
        long x = f.negative(a) ? -f.magnitude(a) : f.magnitude(a);
        long y = f.negative(b) ? -f.magnitude(b) : f.magnitude(b);
        return Long.compare(x, y);
    }

    /** The first operand if it is a NaN, else the second, quieted (SDM vol. 1, table 4-7). */
    static long propagate(BinaryFormat f, long a, long b, Mxcsr m) {
        if (f.isSignaling(a) || f.isSignaling(b)) {
            m.raise(FpException.INVALID);
        }
        return (f.isNaN(a) ? a : b) | f.quietBit;
    }

    static void raiseDenormals(BinaryFormat f, long a, long b, Mxcsr m) {
        if (f.isDenormal(a) || f.isDenormal(b)) {
            m.raise(FpException.DENORMAL);
        }
    }

    /** A sum with zero is exact, but a denormal one is still subject to underflow. */
    private static long passThrough(BinaryFormat f, long a, Mxcsr m) {
        if (!f.isDenormal(a)) {
            return a;
        }
        m.exact.set(f.negative(a), f.exponent(a), f.significand(a), 0);
        return finish(f, m);
    }

    /** Rounds {@code m.exact} to the format by MXCSR. */
    static long finish(BinaryFormat f, Mxcsr m) {
        ExactResult r = m.exact;
        if ((r.high | r.low) == 0) {
            return r.negative ? f.signBit : 0;
        }
        boolean underflowMasked = m.masked(FpException.UNDERFLOW);
        m.raise(r.finish(f.precision, f.minExponent, f.maxExponent, m.rounding(), underflowMasked, m.masked(FpException.OVERFLOW)));
        if (r.tiny && underflowMasked && m.flushToZero()) {
            m.raise(FpException.UNDERFLOW | FpException.PRECISION);
            return r.negative ? f.signBit : 0;
        }
        return f.pack(r);
    }
}
