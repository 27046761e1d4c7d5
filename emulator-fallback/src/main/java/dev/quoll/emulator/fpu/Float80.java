package dev.quoll.emulator.fpu;

/**
 * x87 arithmetic on double extended-precision numbers (SDM vol. 1, chapters 4 and 8): exact results, rounded once by the control word.
 *
 * <p>An operand is a pair: sign and biased exponent as in the upper 16 bits of the 80-bit format, and the 64-bit significand with its integer
 * bit. Results and exceptions go to the {@link X87Operation}. Unsupported encodings (unnormals, pseudo-NaNs, pseudo-infinities) are invalid,
 * pseudo-denormals count as denormal (SDM vol. 1, 8.2.2).
 */
public final class Float80 {
    static final int SIGN = 0x8000;
    static final int MAX_FIELD = 0x7FFF;
    static final int BIAS = 16383;
    static final int MIN_EXPONENT = -16382;
    static final long INTEGER_BIT = Long.MIN_VALUE;
    static final long QUIET_BIT = 1L << 62;

    /** The exponent adjustment of an unmasked overflow or underflow that goes to a register (SDM vol. 1, 8.5.4). */
    static final int WRAP = 24576;

    public static final int INDEFINITE_SIGN_EXPONENT = 0xFFFF;
    public static final long INDEFINITE_SIGNIFICAND = 0xC000_0000_0000_0000L;

    /** Classes of operand, in the order of the tests below. */
    enum Kind {
        ZERO,
        NORMAL,
        DENORMAL,
        INFINITY,
        QUIET_NAN,
        SIGNALING_NAN,
        UNSUPPORTED;

        boolean isNaN() {
            return this == QUIET_NAN || this == SIGNALING_NAN;
        }
    }

    private Float80() {}

    static Kind kind(int signExponent, long significand) {
        int field = signExponent & MAX_FIELD;
        if (field == 0) {
            return significand == 0 ? Kind.ZERO : Kind.DENORMAL;
        }
        if (significand >= 0) {
            return Kind.UNSUPPORTED;
        }
        if (field < MAX_FIELD) {
            return Kind.NORMAL;
        }
        if (significand == INTEGER_BIT) {
            return Kind.INFINITY;
        }
        return (significand & QUIET_BIT) != 0 ? Kind.QUIET_NAN : Kind.SIGNALING_NAN;
    }

    static boolean negative(int signExponent) {
        return (signExponent & SIGN) != 0;
    }

    /** Unbiased exponent of a normal or denormal number, as {@link #normalised} scales its significand. */
    static int exponent(int signExponent, long significand) {
        int field = signExponent & MAX_FIELD;
        return (field == 0 ? MIN_EXPONENT : field - BIAS) - Long.numberOfLeadingZeros(significand);
    }

    static long normalised(long significand) {
        return significand << Long.numberOfLeadingZeros(significand);
    }

    /** a + b. */
    public static void add(int ase, long as, int bse, long bs, X87Operation op) {
        if (Float80Quick.add(ase, as, bse, bs, op)) {
            return;
        }
        Kind a = kind(ase, as);
        Kind b = kind(bse, bs);
        if (refused(a, ase, as, b, bse, bs, op)) {
            return;
        }
        if (a == Kind.INFINITY && b == Kind.INFINITY && ((ase ^ bse) & SIGN) != 0) {
            op.invalid();
            return;
        }
        if (stoppedByDenormal(a, b, op)) {
            return;
        }
        if (a == Kind.INFINITY || b == Kind.INFINITY) {
            op.result(a == Kind.INFINITY ? ase : bse, INTEGER_BIT);
        } else if (a == Kind.ZERO && b == Kind.ZERO) {
            int sign = ((ase ^ bse) & SIGN) == 0 ? ase & SIGN : op.rounding() == RoundingControl.DOWN ? SIGN : 0;
            op.result(sign, 0);
        } else if (a == Kind.ZERO || b == Kind.ZERO) {
            int se = a == Kind.ZERO ? bse : ase;
            long s = a == Kind.ZERO ? bs : as;
            op.exact.set(negative(se), exponent(se, s), normalised(s), 0);
            op.finish(op.precision());
        } else {
            op.exact.sum(
                    negative(ase),
                    exponent(ase, as),
                    normalised(as),
                    negative(bse),
                    exponent(bse, bs),
                    normalised(bs),
                    op.rounding());
            op.finish(op.precision());
        }
    }

    /** a - b. */
    public static void subtract(int ase, long as, int bse, long bs, X87Operation op) {
        // The sign of a NaN must survive, so only numbers are negated.
        add(ase, as, kind(bse, bs).isNaN() ? bse : bse ^ SIGN, bs, op);
    }

    /** a * b. */
    public static void multiply(int ase, long as, int bse, long bs, X87Operation op) {
        if (Float80Quick.multiply(ase, as, bse, bs, op)) {
            return;
        }
        Kind a = kind(ase, as);
        Kind b = kind(bse, bs);
        if (refused(a, ase, as, b, bse, bs, op)) {
            return;
        }
        boolean infinite = a == Kind.INFINITY || b == Kind.INFINITY;
        boolean zero = a == Kind.ZERO || b == Kind.ZERO;
        if (infinite && zero) {
            op.invalid();
            return;
        }
        if (stoppedByDenormal(a, b, op)) {
            return;
        }
        int sign = (ase ^ bse) & SIGN;
        if (infinite) {
            op.result(sign | MAX_FIELD, INTEGER_BIT);
        } else if (zero) {
            op.result(sign, 0);
        } else {
            op.exact.product(
                    negative(ase), exponent(ase, as), normalised(as), negative(bse), exponent(bse, bs), normalised(bs));
            op.finish(op.precision());
        }
    }

    /** a / b. */
    public static void divide(int ase, long as, int bse, long bs, X87Operation op) {
        if (Float80Quick.divide(ase, as, bse, bs, op)) {
            return;
        }
        Kind a = kind(ase, as);
        Kind b = kind(bse, bs);
        if (refused(a, ase, as, b, bse, bs, op)) {
            return;
        }
        if (a == b && (a == Kind.INFINITY || a == Kind.ZERO)) {
            op.invalid();
            return;
        }
        int sign = (ase ^ bse) & SIGN;
        if (b == Kind.ZERO && a != Kind.INFINITY) {
            op.raise(FpException.ZERO_DIVIDE);
            op.result(sign | MAX_FIELD, INTEGER_BIT);
            return;
        }
        if (stoppedByDenormal(a, b, op)) {
            return;
        }
        if (a == Kind.INFINITY) {
            op.result(sign | MAX_FIELD, INTEGER_BIT);
        } else if (a == Kind.ZERO || b == Kind.INFINITY) {
            op.result(sign, 0);
        } else {
            op.exact.quotient(
                    negative(ase), exponent(ase, as), normalised(as), negative(bse), exponent(bse, bs), normalised(bs));
            op.finish(op.precision());
        }
    }

    /** FSQRT. */
    public static void squareRoot(int ase, long as, X87Operation op) {
        Kind a = kind(ase, as);
        if (refused(a, ase, as, op)) {
            return;
        }
        if (a == Kind.ZERO) {
            op.result(ase, as);
        } else if (negative(ase)) {
            op.invalid();
        } else if (a == Kind.INFINITY) {
            op.result(ase, as);
        } else if (!stoppedByDenormal(a, a, op)) {
            op.exact.root(exponent(ase, as), normalised(as));
            op.finish(op.precision());
        }
    }

    /**
     * FCOM and FUCOM and all that compare.
     *
     * @param quiet FUCOM and FUCOMI: a quiet NaN is not invalid
     * @return the EFLAGS bits of FCOMI (see {@link SseCompare}); shifted left by 8 they are C0, C2 and C3 of the status word
     */
    public static int compare(int ase, long as, int bse, long bs, boolean quiet, X87Operation op) {
        Kind a = kind(ase, as);
        Kind b = kind(bse, bs);
        if (a.compareTo(Kind.INFINITY) > 0 || b.compareTo(Kind.INFINITY) > 0) {
            if (!quiet || a.compareTo(Kind.QUIET_NAN) > 0 || b.compareTo(Kind.QUIET_NAN) > 0) {
                op.raise(FpException.INVALID);
            }
            return SseCompare.UNORDERED;
        }
        raiseDenormal(a, b, op);
        int order;
        if (a == Kind.ZERO && b == Kind.ZERO) {
            order = 0;
        } else if (negative(ase) != negative(bse)) {
            order = negative(ase) ? -1 : 1;
        } else {
            // A pseudo-denormal has the value of the same significand with exponent field 1.
            int ae = Math.max(ase & MAX_FIELD, 1);
            int be = Math.max(bse & MAX_FIELD, 1);
            int magnitude = a == Kind.ZERO ? -1 : b == Kind.ZERO ? 1 : ae != be ? ae - be : Long.compareUnsigned(as, bs);
            order = negative(ase) ? -magnitude : magnitude;
        }
        return order < 0 ? SseCompare.CARRY : order == 0 ? SseCompare.ZERO : 0;
    }

    /**
     * FXAM on a register that is not empty: the class as C3, C2 and C0 of the status word, and the sign as C1 (SDM vol. 2, table 3-42).
     */
    public static int examine(int signExponent, long significand) {
        int c0 = 1 << 8;
        int c2 = 1 << 10;
        int c3 = 1 << 14;
        int c1 = negative(signExponent) ? 1 << 9 : 0;
        return c1
                | switch (kind(signExponent, significand)) {
                    case UNSUPPORTED -> 0;
                    case QUIET_NAN, SIGNALING_NAN -> c0;
                    case NORMAL -> c2;
                    case INFINITY -> c2 | c0;
                    case ZERO -> c3;
                    case DENORMAL -> c3 | c2;
                };
    }

    /** Answers an operand that is no number: true when the result is decided. */
    static boolean refused(Kind a, int ase, long as, X87Operation op) {
        return refused(a, ase, as, a, ase, as, op);
    }

    /** Answers operands that are no numbers: true when the result is decided. */
    static boolean refused(Kind a, int ase, long as, Kind b, int bse, long bs, X87Operation op) {
        if (a.compareTo(Kind.INFINITY) <= 0 && b.compareTo(Kind.INFINITY) <= 0) {
            return false;
        }
        if (a == Kind.UNSUPPORTED || b == Kind.UNSUPPORTED) {
            op.invalid();
            return true;
        }
        if (a == Kind.SIGNALING_NAN || b == Kind.SIGNALING_NAN) {
            op.raise(FpException.INVALID);
        }
        boolean first;
        if (!a.isNaN() || !b.isNaN()) {
            first = a.isNaN();
        } else if (a != b) {
            first = a == Kind.QUIET_NAN;
        } else {
            // The larger significand, or the positive one of two alike (SDM vol. 1, table 4-7).
            int order = Long.compareUnsigned(as, bs);
            first = order > 0 || (order == 0 && !negative(ase));
        }
        op.result(first ? ase : bse, (first ? as : bs) | QUIET_BIT);
        return true;
    }

    static void raiseDenormal(Kind a, Kind b, X87Operation op) {
        if (a == Kind.DENORMAL || b == Kind.DENORMAL || op.denormalSource) {
            op.raise(FpException.DENORMAL);
        }
    }

    /** Raises the denormal exception; true when it is unmasked, which ends the operation before it computes. */
    static boolean stoppedByDenormal(Kind a, Kind b, X87Operation op) {
        raiseDenormal(a, b, op);
        return !op.storesToRegister();
    }
}
