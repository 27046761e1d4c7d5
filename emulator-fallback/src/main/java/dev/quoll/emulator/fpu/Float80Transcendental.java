package dev.quoll.emulator.fpu;

/**
 * The transcendental instructions (SDM vol. 1, 8.3.7 to 8.3.10; special operands as in the tables of vol. 2). Results are within one unit in
 * the last place, as the manual promises of the hardware; C1 tells the rounding of ours.
 */
public final class Float80Transcendental {
    /** From here on FSIN, FCOS, FSINCOS and FPTAN set C2 and leave their operand. */
    private static final int ANGLE_LIMIT_EXPONENT = 63;

    private Float80Transcendental() {}

    /** Whether FSIN, FCOS, FSINCOS and FPTAN set C2, do nothing else and raise nothing: a finite number not below 2^63 in magnitude. */
    public static boolean outOfRange(int ase, long as) {
        return Float80.kind(ase, as) == Float80.Kind.NORMAL && Float80.exponent(ase, as) >= ANGLE_LIMIT_EXPONENT;
    }

    /** FSIN, and the first result of FSINCOS (exceptions of its two results add up); not for operands {@link #outOfRange}. */
    public static void sine(int ase, long as, X87Operation op) {
        if (angleRefused(ase, as, op)) {
            return;
        }
        if (as == 0) {
            op.result(ase, 0);
            return;
        }
        Wide x = wide(ase, as);
        Elementary.Reduced r = Elementary.reduce(x);
        Wide value = (r.quadrant() & 1) == 0 ? Elementary.sine(r.angle()) : Elementary.cosine(r.angle());
        finish((r.quadrant() & 2) == 0 ? value : value.negate(), x, op);
    }

    /** FCOS, and the second result of FSINCOS; not for operands {@link #outOfRange}. */
    public static void cosine(int ase, long as, X87Operation op) {
        if (angleRefused(ase, as, op)) {
            return;
        }
        if (as == 0) {
            op.result(Float80.BIAS, Float80.INTEGER_BIT);
            return;
        }
        Elementary.Reduced r = Elementary.reduce(wide(ase, as));
        Wide value = (r.quadrant() & 1) == 0 ? Elementary.cosine(r.angle()) : Elementary.sine(r.angle());
        finish(r.quadrant() == 0 || r.quadrant() == 3 ? value : value.negate(), Wide.ONE, op);
    }

    /** FPTAN, the tangent; the caller pushes 1.0 after it. Not for operands {@link #outOfRange}. */
    public static void tangent(int ase, long as, X87Operation op) {
        if (angleRefused(ase, as, op)) {
            return;
        }
        if (as == 0) {
            op.result(ase, 0);
            return;
        }
        Elementary.Reduced r = Elementary.reduce(wide(ase, as));
        Wide sine = Elementary.sine(r.angle());
        Wide cosine = Elementary.cosine(r.angle());
        finish((r.quadrant() & 1) == 0 ? sine.dividedBy(cosine) : cosine.dividedBy(sine).negate(), Wide.ZERO, op);
    }

    /** FPATAN: the angle of the point (x, y) = (ST0, ST1). */
    public static void arctangent(int yse, long ys, int xse, long xs, X87Operation op) {
        Float80.Kind y = Float80.kind(yse, ys);
        Float80.Kind x = Float80.kind(xse, xs);
        if (Float80.refused(x, xse, xs, y, yse, ys, op) || Float80.stoppedByDenormal(x, y, op)) {
            return;
        }
        boolean left = Float80.negative(xse);
        int ySign = yse & Float80.SIGN;
        if (x == Float80.Kind.INFINITY && y == Float80.Kind.INFINITY) {
            Wide eighth = Elementary.PI.scale(-2);
            angle(ySign, left ? Elementary.PI.minus(eighth) : eighth, op);
        } else if (y == Float80.Kind.INFINITY || (x == Float80.Kind.ZERO && y != Float80.Kind.ZERO)) {
            angle(ySign, Elementary.PI.scale(-1), op);
        } else if (y == Float80.Kind.ZERO || x == Float80.Kind.INFINITY) {
            if (left) {
                angle(ySign, Elementary.PI, op);
            } else {
                op.result(ySign, 0);
            }
        } else {
            Wide result = Elementary.arctangent(wide(yse, ys), wide(xse, xs));
            if (isPowerOfTwo(xs) && !left && result.exponent() < -60) {
                // The angle lies just inside the quotient, which may be a representable number.
                finish(result, wide(yse, ys).dividedBy(wide(xse, xs)), op);
            } else {
                finish(result, Wide.ZERO, op);
            }
        }
    }

    /** F2XM1: 2^x - 1. Outside [-1, 1] the manual leaves the result undefined; it is x then. */
    public static void exp2Minus1(int ase, long as, X87Operation op) {
        Float80.Kind a = Float80.kind(ase, as);
        if (Float80.refused(a, ase, as, op)) {
            return;
        }
        if (a == Float80.Kind.INFINITY) {
            op.result(Float80.negative(ase) ? Float80.SIGN | Float80.BIAS : ase, as);
            return;
        }
        if (a == Float80.Kind.ZERO) {
            op.result(ase, as);
            return;
        }
        if (Float80.stoppedByDenormal(a, a, op)) {
            return;
        }
        boolean one = (ase & Float80.MAX_FIELD) == Float80.BIAS && as == Float80.INTEGER_BIT;
        if (Float80.exponent(ase, as) >= 0 && !one) {
            op.result(ase, as);
        } else {
            // Inexact even for 1 and -1, as on AMD Zen 3.
            finish(Elementary.exp2Minus1(wide(ase, as)), Wide.ZERO, op);
        }
    }

    /** FYL2X: y * log2(x) with y = ST1 and x = ST0. */
    public static void yLog2(int yse, long ys, int xse, long xs, X87Operation op) {
        Float80.Kind y = Float80.kind(yse, ys);
        Float80.Kind x = Float80.kind(xse, xs);
        if (Float80.refused(x, xse, xs, y, yse, ys, op)) {
            return;
        }
        if (x != Float80.Kind.ZERO && Float80.negative(xse)) {
            op.invalid();
            return;
        }
        if (x == Float80.Kind.ZERO) {
            logarithmOfZero(y, yse, op);
            return;
        }
        boolean one = x == Float80.Kind.NORMAL && xse == Float80.BIAS && xs == Float80.INTEGER_BIT;
        if ((x == Float80.Kind.INFINITY && y == Float80.Kind.ZERO) || (one && y == Float80.Kind.INFINITY)) {
            op.invalid();
            return;
        }
        if (Float80.stoppedByDenormal(x, y, op)) {
            return;
        }
        boolean belowOne = x != Float80.Kind.INFINITY && Float80.exponent(xse, xs) < 0;
        int sign = yse & Float80.SIGN ^ (belowOne ? Float80.SIGN : 0);
        if (x == Float80.Kind.INFINITY || y == Float80.Kind.INFINITY) {
            op.result(sign | Float80.MAX_FIELD, Float80.INTEGER_BIT);
        } else if (y == Float80.Kind.ZERO || one) {
            op.result(sign, 0);
        } else if (isPowerOfTwo(xs)) {
            Wide power = Wide.of(Float80.exponent(xse, xs));
            op.exact.product(
                    Float80.negative(yse),
                    Float80.exponent(yse, ys),
                    Float80.normalised(ys),
                    power.negative(),
                    power.exponent(),
                    power.high());
            op.finish(64);
            // The product may be exact, yet the hardware never calls a logarithm so (measured on AMD Zen 3).
            op.raise(op.exact.tiny ? FpException.UNDERFLOW | FpException.PRECISION : FpException.PRECISION);
        } else {
            finish(wide(yse, ys).times(Elementary.log2(wide(xse, xs))), Wide.ZERO, op);
        }
    }

    /** FYL2XP1: y * log2(x + 1) with y = ST1 and x = ST0. At and below -1, where the manual defines nothing, as FYL2X of x + 1. */
    public static void yLog2Plus1(int yse, long ys, int xse, long xs, X87Operation op) {
        Float80.Kind y = Float80.kind(yse, ys);
        Float80.Kind x = Float80.kind(xse, xs);
        if (Float80.refused(x, xse, xs, y, yse, ys, op)) {
            return;
        }
        if ((x == Float80.Kind.ZERO && y == Float80.Kind.INFINITY) || (x == Float80.Kind.INFINITY && y == Float80.Kind.ZERO)) {
            op.invalid();
            return;
        }
        boolean negative = Float80.negative(xse);
        if (x == Float80.Kind.INFINITY && negative) {
            op.invalid();
            return;
        }
        if (x == Float80.Kind.NORMAL && negative && Float80.exponent(xse, xs) >= 0) {
            if (xs == Float80.INTEGER_BIT && (xse & Float80.MAX_FIELD) == Float80.BIAS) {
                logarithmOfZero(y, yse, op);
            } else {
                op.invalid();
            }
            return;
        }
        if (Float80.stoppedByDenormal(x, y, op)) {
            return;
        }
        int sign = (yse ^ xse) & Float80.SIGN;
        if (x == Float80.Kind.INFINITY || y == Float80.Kind.INFINITY) {
            op.result(sign | Float80.MAX_FIELD, Float80.INTEGER_BIT);
        } else if (x == Float80.Kind.ZERO || y == Float80.Kind.ZERO) {
            op.result(sign, 0);
        } else {
            finish(wide(yse, ys).times(Elementary.log2Plus1(wide(xse, xs))), Wide.ZERO, op);
        }
    }

    private static void logarithmOfZero(Float80.Kind y, int yse, X87Operation op) {
        if (y == Float80.Kind.ZERO) {
            op.invalid();
            return;
        }
        if (y != Float80.Kind.INFINITY) {
            op.raise(FpException.ZERO_DIVIDE);
        }
        op.result(~yse & Float80.SIGN | Float80.MAX_FIELD, Float80.INTEGER_BIT);
    }

    private static boolean isPowerOfTwo(long significand) {
        return Float80.normalised(significand) == Float80.INTEGER_BIT;
    }

    private static boolean angleRefused(int ase, long as, X87Operation op) {
        Float80.Kind a = Float80.kind(ase, as);
        if (Float80.refused(a, ase, as, op)) {
            return true;
        }
        if (a == Float80.Kind.INFINITY) {
            op.invalid();
            return true;
        }
        return Float80.stoppedByDenormal(a, a, op);
    }

    private static Wide wide(int ase, long as) {
        return new Wide(Float80.negative(ase), Float80.exponent(ase, as), Float80.normalised(as), 0);
    }

    private static void angle(int sign, Wide magnitude, X87Operation op) {
        finish(sign == 0 ? magnitude : magnitude.negate(), Wide.ZERO, op);
    }

    /**
     * Rounds a value that is never exact. Where 128 bits cannot tell it from {@code bound}, it lies just below that in magnitude.
     */
    private static void finish(Wide value, Wide bound, X87Operation op) {
        ExactResult r = op.exact;
        r.set(value.negative(), value.exponent(), value.high(), value.isZero() ? 0 : value.low() | 1);
        if (!value.isZero() && value.low() == 0 && value.compareMagnitude(bound) == 0) {
            r.high--;
            r.low = -1;
            r.normalise();
        }
        op.finish(64);
    }
}
