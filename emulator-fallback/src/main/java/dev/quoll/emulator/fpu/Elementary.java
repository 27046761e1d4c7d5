package dev.quoll.emulator.fpu;

import java.math.BigInteger;

/**
 * Elementary functions to well over 64 good bits. Series are summed innermost first; arctangent and logarithm start from the JVM's double
 * and take one correction step through the inverse function, so that no tables are needed.
 */
final class Elementary {
    static final Wide PI = Wide.of(Float80Constant.PI);
    private static final Wide LN_TWO = Wide.of(Float80Constant.LN_TWO);
    private static final Wide LOG2_E = Wide.of(Float80Constant.LOG2_E);

    /**
     * pi to 66 bits, times 2^64: argument reduction on x87 uses this, not the true pi (SDM vol. 1, 8.3.8), and programs see the difference
     * for large arguments.
     */
    private static final BigInteger REDUCTION_PI =
            new BigInteger(Long.toUnsignedString(Float80Constant.PI.high)).shiftLeft(2).or(BigInteger.valueOf(Float80Constant.PI.low >>> 62));

    /** Enough for 2^-128 at pi/4 and ln 2. */
    private static final int SERIES_TERMS = 30;
    private static final double ROOT_TWO = 1.4142135623730951;

    /** An angle less a whole number of quarter turns, which are counted modulo 4. */
    record Reduced(Wide angle, int quadrant) {}

    private Elementary() {}

    /** Reduces a number below 2^63 to at most pi/4 in magnitude. */
    static Reduced reduce(Wide x) {
        if (x.exponent() < -1) {
            return new Reduced(x, 0);
        }
        // In units of 2^-65, where pi/2 is the 66-bit integer.
        BigInteger units = new BigInteger(Long.toUnsignedString(x.high())).shiftLeft(x.exponent() + 2);
        BigInteger[] parts = units.divideAndRemainder(REDUCTION_PI);
        int quadrant = parts[0].intValue() & 3;
        BigInteger rest = parts[1];
        if (rest.shiftLeft(1).compareTo(REDUCTION_PI) > 0) {
            rest = rest.subtract(REDUCTION_PI);
            quadrant++;
        }
        BigInteger magnitude = rest.abs();
        Wide angle = Wide.normalised(rest.signum() < 0, 62, magnitude.shiftRight(64).longValue(), magnitude.longValue());
        return x.negative() ? new Reduced(angle.negate(), -quadrant & 3) : new Reduced(angle, quadrant & 3);
    }

    /** Sine of a reduced angle. */
    static Wide sine(Wide x) {
        return x.times(alternating(x.times(x), SERIES_TERMS + 1));
    }

    /** Cosine of a reduced angle. */
    static Wide cosine(Wide x) {
        return alternating(x.times(x), SERIES_TERMS);
    }

    /** 1 - s/(n(n-1)) (1 - s/((n-2)(n-3)) ...) from the innermost factor outward, n falling from {@code last} by two. */
    private static Wide alternating(Wide square, int last) {
        Wide sum = Wide.ONE;
        for (int n = last; n >= 2; n -= 2) {
            sum = Wide.ONE.minus(square.times(sum).dividedBy(n * (n - 1)));
        }
        return sum;
    }

    /** Arctangent of y/x in the plane, both not zero. */
    static Wide arctangent(Wide y, Wide x) {
        boolean steep = y.compareMagnitude(x) > 0;
        Wide t = steep ? x.abs().dividedBy(y.abs()) : y.abs().dividedBy(x.abs());
        Wide angle = arctangent(t);
        if (steep) {
            angle = PI.scale(-1).minus(angle);
        }
        if (x.negative()) {
            angle = PI.minus(angle);
        }
        return y.negative() ? angle.negate() : angle;
    }

    private static Wide arctangent(Wide t) {
        if (t.exponent() < -40) {
            return t.minus(t.times(t).times(t).dividedBy(3));
        }
        Wide first = Wide.of(Math.atan(t.toDouble()));
        Wide sine = sine(first);
        Wide cosine = cosine(first);
        Wide rest = t.times(cosine).minus(sine).dividedBy(cosine.plus(t.times(sine)));
        return first.plus(rest);
    }

    /** log2 of a positive number. */
    static Wide log2(Wide x) {
        Wide mantissa = x.scale(-x.exponent());
        int power = x.exponent();
        if (mantissa.toDouble() > ROOT_TWO) {
            mantissa = mantissa.scale(-1);
            power++;
        }
        return Wide.of(power).plus(logarithm(mantissa, mantissa.minus(Wide.ONE)).times(LOG2_E));
    }

    /** log2(1 + x) for x above -1; exact for tiny x. */
    static Wide log2Plus1(Wide x) {
        Wide sum = Wide.ONE.plus(x);
        return Math.abs(sum.exponent()) <= 1 && x.exponent() < -1 ? logarithm(sum, x).times(LOG2_E) : log2(sum);
    }

    /** Natural logarithm of m = 1 + u within a factor of two of one. */
    private static Wide logarithm(Wide m, Wide u) {
        if (u.isZero()) {
            return Wide.ZERO;
        }
        if (u.exponent() < -20) {
            // 2 artanh(u / (2 + u))
            Wide s = u.dividedBy(Wide.ONE.scale(1).plus(u));
            Wide square = s.times(s);
            Wide sum = Wide.ZERO;
            for (int n = 9; n >= 3; n -= 2) {
                sum = square.times(Wide.ONE.dividedBy(n).plus(sum));
            }
            return s.times(Wide.ONE.plus(sum)).scale(1);
        }
        Wide first = Wide.of(Math.log1p(u.toDouble()));
        Wide rest = m.times(Wide.ONE.plus(exponentialMinus1(first.negate()))).minus(Wide.ONE);
        return first.plus(rest).minus(rest.times(rest).scale(-1));
    }

    /** 2^x - 1 for x in [-1, 1]. */
    static Wide exp2Minus1(Wide x) {
        return exponentialMinus1(x.times(LN_TWO));
    }

    private static Wide exponentialMinus1(Wide t) {
        Wide sum = Wide.ONE;
        for (int n = SERIES_TERMS + 4; n >= 2; n--) {
            sum = Wide.ONE.plus(t.times(sum).dividedBy(n));
        }
        return t.times(sum);
    }
}
