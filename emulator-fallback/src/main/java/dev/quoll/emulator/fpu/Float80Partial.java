package dev.quoll.emulator.fpu;

/** The x87 operations that take numbers apart: FRNDINT, FSCALE, FXTRACT, FPREM and FPREM1 (SDM vol. 2). Precision control does not apply. */
public final class Float80Partial {
    /** C0, C1, C2 and C3 of the status word. */
    private static final int C0 = 1 << 8;

    private static final int C1 = 1 << 9;
    private static final int C2 = 1 << 10;
    private static final int C3 = 1 << 14;

    /** Beyond this exponent every factor overflows and underflows, wrapped or not. */
    private static final int SCALE_LIMIT = 0x10000;

    private Float80Partial() {}

    /** FRNDINT. */
    public static void roundToInteger(int ase, long as, X87Operation op) {
        Float80.Kind a = Float80.kind(ase, as);
        if (Float80.refused(a, ase, as, op)) {
            return;
        }
        if (a == Float80.Kind.INFINITY || a == Float80.Kind.ZERO) {
            op.result(ase, as);
            return;
        }
        if (Float80.stoppedByDenormal(a, a, op)) {
            return;
        }
        int exponent = Float80.exponent(ase, as);
        if (exponent >= 63) {
            op.result(ase, as);
            return;
        }
        ExactResult r = op.exact;
        long magnitude = r.roundToInteger(Float80.negative(ase), exponent, Float80.normalised(as), op.rounding());
        if (r.inexact) {
            op.raise(FpException.PRECISION);
            op.roundedUp = r.roundedUp;
        }
        if (magnitude == 0) {
            op.result(ase & Float80.SIGN, 0);
        } else {
            int shift = Long.numberOfLeadingZeros(magnitude);
            op.result(ase & Float80.SIGN | 63 - shift + Float80.BIAS, magnitude << shift);
        }
    }

    /** FSCALE: a * 2^trunc(b). */
    public static void scale(int ase, long as, int bse, long bs, X87Operation op) {
        Float80.Kind a = Float80.kind(ase, as);
        Float80.Kind b = Float80.kind(bse, bs);
        if (Float80.refused(a, ase, as, b, bse, bs, op)) {
            return;
        }
        if (b == Float80.Kind.INFINITY) {
            boolean grows = !Float80.negative(bse);
            if (grows ? a == Float80.Kind.ZERO : a == Float80.Kind.INFINITY) {
                op.invalid();
                return;
            }
            if (!Float80.stoppedByDenormal(a, b, op)) {
                op.result(ase & Float80.SIGN | (grows ? Float80.MAX_FIELD : 0), grows ? Float80.INTEGER_BIT : 0);
            }
            return;
        }
        if (Float80.stoppedByDenormal(a, b, op)) {
            return;
        }
        if (a == Float80.Kind.INFINITY || a == Float80.Kind.ZERO) {
            op.result(ase, as);
            return;
        }
        int shift = 0;
        if (b == Float80.Kind.NORMAL) {
            int exponent = Float80.exponent(bse, bs);
            shift = exponent < 0 ? 0 : exponent > 16 ? SCALE_LIMIT : (int) (bs >>> (63 - exponent));
            shift = Math.min(shift, SCALE_LIMIT);
        }
        op.exact.set(
                Float80.negative(ase),
                Float80.exponent(ase, as) + (Float80.negative(bse) ? -shift : shift),
                Float80.normalised(as),
                0);
        op.finish(64);
    }

    /** FXTRACT, the exponent: goes where the operand was. Raises what the pair of results raises. */
    public static void extractExponent(int ase, long as, X87Operation op) {
        Float80.Kind a = Float80.kind(ase, as);
        if (Float80.refused(a, ase, as, op)) {
            return;
        }
        if (a == Float80.Kind.INFINITY) {
            op.result(Float80.MAX_FIELD, Float80.INTEGER_BIT);
        } else if (a == Float80.Kind.ZERO) {
            op.raise(FpException.ZERO_DIVIDE);
            op.result(Float80.SIGN | Float80.MAX_FIELD, Float80.INTEGER_BIT);
        } else if (!Float80.stoppedByDenormal(a, a, op)) {
            Float80Convert.fromLong(Float80.exponent(ase, as), op);
        }
    }

    /** FXTRACT, the significand: is pushed. Raises what the pair of results raises. */
    public static void extractSignificand(int ase, long as, X87Operation op) {
        Float80.Kind a = Float80.kind(ase, as);
        if (Float80.refused(a, ase, as, op)) {
            return;
        }
        if (a == Float80.Kind.ZERO) {
            op.raise(FpException.ZERO_DIVIDE);
        }
        if (a == Float80.Kind.INFINITY || a == Float80.Kind.ZERO) {
            op.result(ase, as);
        } else if (!Float80.stoppedByDenormal(a, a, op)) {
            op.result(ase & Float80.SIGN | Float80.BIAS, Float80.normalised(as));
        }
    }

    /**
     * FPREM (truncating) or FPREM1 (to nearest): a modulo b.
     *
     * @return C0, C1, C2 and C3 of the status word: C2 for a partial reduction, else the three low bits of the quotient in C0, C3, C1
     */
    public static int remainder(int ase, long as, int bse, long bs, boolean nearest, X87Operation op) {
        Float80.Kind a = Float80.kind(ase, as);
        Float80.Kind b = Float80.kind(bse, bs);
        if (Float80.refused(a, ase, as, b, bse, bs, op)) {
            return 0;
        }
        if (a == Float80.Kind.INFINITY || b == Float80.Kind.ZERO) {
            op.invalid();
            return 0;
        }
        if (Float80.stoppedByDenormal(a, b, op)) {
            return 0;
        }
        if (a == Float80.Kind.ZERO) {
            op.result(ase, as);
            return 0;
        }
        boolean negative = Float80.negative(ase);
        int ae = Float80.exponent(ase, as);
        long dividend = Float80.normalised(as);
        if (b == Float80.Kind.INFINITY) {
            op.exact.set(negative, ae, dividend, 0);
            op.finish(64);
            return 0;
        }
        int be = Float80.exponent(bse, bs);
        long divisor = Float80.normalised(bs);
        int distance = ae - be;
        if (distance < -1 || (distance < 0 && !nearest)) {
            op.exact.set(negative, ae, dividend, 0);
            op.finish(64);
            return 0;
        }
        // Partial reductions take off a multiple of 32 short of the whole distance (SDM vol. 2, FPREM: between 32 and 63).
        boolean partial = distance >= 64;
        int steps = partial ? (distance & 31) | 32 : distance;
        long rest = dividend;
        long quotient = 0;
        boolean carry = false;
        if (distance >= 0) {
            for (int i = 0; ; i++) {
                quotient <<= 1;
                if (carry || Long.compareUnsigned(rest, divisor) >= 0) {
                    rest -= divisor;
                    quotient |= 1;
                }
                if (i == steps) {
                    break;
                }
                carry = rest < 0;
                rest <<= 1;
            }
        }
        int exponent = distance >= 0 ? ae - steps : ae;
        if (nearest && !partial) {
            // Round the quotient to nearest even: compare twice the rest with the divisor, at the scale of the divisor.
            int order = distance < 0
                    ? Long.compareUnsigned(rest, divisor)
                    : rest < 0 ? 1 : Long.compareUnsigned(rest << 1, divisor);
            if (order > 0 || (order == 0 && (quotient & 1) != 0)) {
                quotient++;
                negative = !negative;
                if (distance < 0) {
                    // divisor - rest/2 at the divisor's scale is 2*divisor - rest one below.
                    rest = (divisor << 1) - rest;
                } else {
                    rest = divisor - rest;
                }
            }
        }
        int conditions = partial
                ? C2
                : ((quotient & 4) != 0 ? C0 : 0) | ((quotient & 2) != 0 ? C3 : 0) | ((quotient & 1) != 0 ? C1 : 0);
        if (rest == 0) {
            op.result(ase & Float80.SIGN, 0);
        } else {
            op.exact.set(negative, exponent, rest, 0);
            op.exact.normalise();
            op.finish(64);
        }
        return conditions;
    }
}
