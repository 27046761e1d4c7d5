package dev.quoll.emulator.fpu;

/** Loads and stores of the x87 in other formats: single, double, the integers and packed BCD, and the constants (SDM vol. 2). */
public final class Float80Convert {
    /** Packed BCD indefinite: the upper 16 bits, above {@link #BCD_INDEFINITE_LOW} (SDM vol. 1, table 4-4). */
    public static final int BCD_INDEFINITE_HIGH = 0xFFFF;

    public static final long BCD_INDEFINITE_LOW = 0xC000_0000_0000_0000L;

    private static final long BCD_LIMIT = 1_000_000_000_000_000_000L;

    private Float80Convert() {}

    /** FLD m32fp: the result is the number in extended format, to push if {@link X87Operation#pushesLoad()}. */
    public static void fromSingle(int bits, X87Operation op) {
        widen(BinaryFormat.SINGLE, SseFloat.wide(bits), op);
    }

    /**
     * The memory operand of FADD, FCOM and their like in single precision: the result is the number to hand to the operation, in the same
     * {@link X87Operation}, which then raises what the operand deserves beside the other one.
     */
    public static void operandFromSingle(int bits, X87Operation op) {
        operand(BinaryFormat.SINGLE, SseFloat.wide(bits), op);
    }

    /** The memory operand of FADD, FCOM and their like in double precision; see {@link #operandFromSingle}. */
    public static void operandFromDouble(long bits, X87Operation op) {
        operand(BinaryFormat.DOUBLE, bits, op);
    }

    /** FLD m64fp: the result is the number in extended format, to push if {@link X87Operation#pushesLoad()}. */
    public static void fromDouble(long bits, X87Operation op) {
        widen(BinaryFormat.DOUBLE, bits, op);
    }

    /** FILD of any width: exact. */
    public static void fromLong(long value, X87Operation op) {
        if (value == 0) {
            op.result(0, 0);
            return;
        }
        long magnitude = Math.abs(value);
        int shift = Long.numberOfLeadingZeros(magnitude);
        op.result((value < 0 ? Float80.SIGN : 0) | Float80.BIAS + 63 - shift, magnitude << shift);
    }

    /** FST m32fp: the bits to store if {@link X87Operation#storesToMemory()}. */
    public static int toSingle(int ase, long as, X87Operation op) {
        return (int) narrow(BinaryFormat.SINGLE, ase, as, op);
    }

    /** FST m64fp: the bits to store if {@link X87Operation#storesToMemory()}. */
    public static long toDouble(int ase, long as, X87Operation op) {
        return narrow(BinaryFormat.DOUBLE, ase, as, op);
    }

    /**
     * FIST, FISTP and FISTTP: the integer to store if {@link X87Operation#storesToMemory()}.
     *
     * @param width 16, 32 or 64
     * @param truncate FISTTP
     */
    public static long toInteger(int ase, long as, int width, boolean truncate, X87Operation op) {
        int rc = truncate ? RoundingControl.TOWARD_ZERO : op.rounding();
        long indefinite = -1L << (width - 1);
        Float80.Kind a = Float80.kind(ase, as);
        if (a == Float80.Kind.ZERO) {
            return 0;
        }
        if (a.compareTo(Float80.Kind.DENORMAL) > 0 || Float80.exponent(ase, as) > width - 1) {
            op.raise(FpException.INVALID);
            return indefinite;
        }
        boolean negative = Float80.negative(ase);
        ExactResult r = op.exact;
        long magnitude = r.roundToInteger(negative, Float80.exponent(ase, as), Float80.normalised(as), rc);
        long limit = 1L << (width - 1);
        if (Long.compareUnsigned(magnitude, limit) > 0 || (magnitude == limit && !negative)) {
            op.raise(FpException.INVALID);
            return indefinite;
        }
        if (r.inexact) {
            op.raise(FpException.PRECISION);
            op.roundedUp = r.roundedUp;
        }
        return negative ? -magnitude : magnitude;
    }

    /**
     * FBLD: 18 decimal digits and a sign. Digits above 9 are undefined in the manual; they count with their value, as on AMD Zen 3.
     *
     * @param low the 16 lower digits
     * @param high the two upper digits, and the sign in bit 15
     */
    public static void fromBcd(long low, int high, X87Operation op) {
        long value = 0;
        for (int shift = 4; shift >= 0; shift -= 4) {
            value = value * 10 + (high >>> shift & 15);
        }
        for (int shift = 60; shift >= 0; shift -= 4) {
            value = value * 10 + (low >>> shift & 15);
        }
        fromLong(value, op);
        if ((high & 0x8000) != 0) {
            op.signExponent |= Float80.SIGN;
        }
    }

    /**
     * FBSTP: rounds to an integer of at most 18 digits, if {@link X87Operation#storesToMemory()}.
     *
     * @return the lower 16 digits; {@link #toBcdHigh} gives the rest
     */
    public static long toBcdLow(int ase, long as, X87Operation op) {
        long value = toBcdMagnitude(ase, as, op);
        if (value < 0) {
            return BCD_INDEFINITE_LOW;
        }
        long digits = 0;
        for (int shift = 0; shift < 64; shift += 4) {
            digits |= value % 10 << shift;
            value /= 10;
        }
        return digits;
    }

    /** FBSTP: the upper two digits, and the sign in bit 15. Raises what {@link #toBcdLow} raises. */
    public static int toBcdHigh(int ase, long as, X87Operation op) {
        long value = toBcdMagnitude(ase, as, op);
        if (value < 0) {
            return BCD_INDEFINITE_HIGH;
        }
        int top = (int) (value / 10_000_000_000_000_000L);
        return ase & Float80.SIGN | top / 10 << 4 | top % 10;
    }

    /** The rounded magnitude, or -1 after raising invalid. */
    private static long toBcdMagnitude(int ase, long as, X87Operation op) {
        Float80.Kind a = Float80.kind(ase, as);
        if (a == Float80.Kind.ZERO) {
            return 0;
        }
        if (a.compareTo(Float80.Kind.DENORMAL) <= 0 && Float80.exponent(ase, as) < 63) {
            ExactResult r = op.exact;
            long magnitude =
                    r.roundToInteger(Float80.negative(ase), Float80.exponent(ase, as), Float80.normalised(as), op.rounding());
            if (magnitude >= 0 && magnitude < BCD_LIMIT) {
                if (r.inexact) {
                    op.raise(FpException.PRECISION);
                    op.roundedUp = r.roundedUp;
                }
                return magnitude;
            }
        }
        op.raise(FpException.INVALID);
        return -1;
    }

    private static void widen(BinaryFormat f, long bits, X87Operation op) {
        operand(f, bits, op);
        if (f.isSignaling(bits)) {
            op.raise(FpException.INVALID);
            op.significand |= Float80.QUIET_BIT;
        } else if (op.denormalSource) {
            op.raise(FpException.DENORMAL);
        }
    }

    private static void operand(BinaryFormat f, long bits, X87Operation op) {
        int sign = f.negative(bits) ? Float80.SIGN : 0;
        if (f.isZero(bits)) {
            op.result(sign, 0);
        } else if (f.isNaN(bits) || f.isInfinite(bits)) {
            op.result(sign | Float80.MAX_FIELD, f.significand(bits));
        } else {
            op.denormalSource = f.isDenormal(bits);
            op.result(sign | f.exponent(bits) + Float80.BIAS, f.significand(bits));
        }
    }

    private static long narrow(BinaryFormat f, int ase, long as, X87Operation op) {
        long sign = Float80.negative(ase) ? f.signBit : 0;
        switch (Float80.kind(ase, as)) {
            case ZERO -> {
                return sign;
            }
            case INFINITY -> {
                return sign | f.infinity;
            }
            case UNSUPPORTED -> {
                op.raise(FpException.INVALID);
                return f.indefinite;
            }
            case QUIET_NAN, SIGNALING_NAN -> {
                if ((as & Float80.QUIET_BIT) == 0) {
                    op.raise(FpException.INVALID);
                }
                return sign | f.infinity | f.quietBit | (as & Float80.QUIET_BIT - 1) >>> (64 - f.precision);
            }
            case NORMAL, DENORMAL -> {
                ExactResult r = op.exact;
                r.set(Float80.negative(ase), Float80.exponent(ase, as), Float80.normalised(as), 0);
                op.raise(r.finish(
                        f.precision,
                        f.minExponent,
                        f.maxExponent,
                        op.rounding(),
                        op.masked(FpException.UNDERFLOW),
                        op.masked(FpException.OVERFLOW)));
                if (!op.storesToMemory()) {
                    // Nothing is stored, so nothing was rounded.
                    op.withdraw(FpException.PRECISION);
                    return 0;
                }
                op.roundedUp = r.inexact && r.roundedUp;
                return f.pack(r);
            }
        }
        throw new AssertionError("every kind of operand returns above");
    }
}
