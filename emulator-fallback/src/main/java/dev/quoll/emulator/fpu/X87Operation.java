package dev.quoll.emulator.fpu;

/**
 * One x87 instruction in progress: the control it runs under, its exceptions and its 80-bit result. One per vCPU, used by its thread only.
 *
 * <p>Call {@link #begin} with the control word, then one operation of {@link Float80}, {@link Float80Convert} or {@link Float80Transcendental},
 * then read the outcome. The caller keeps the status word: it ORs {@link #raised()} in, sets C1 from {@link #roundedUp()}, and stores the
 * result only where {@link #storesToRegister()} or {@link #storesToMemory()} allows. Stack faults are the caller's as well.
 */
public final class X87Operation {
    private static final int PRECISION_CONTROL_SHIFT = 8;
    private static final int ROUNDING_SHIFT = 10;

    final ExactResult exact = new ExactResult();

    int signExponent;
    long significand;
    boolean roundedUp;
    /** The memory operand was a denormal in its own format, though it is normal in ours. */
    boolean denormalSource;

    private int control;
    private int raised;
    private boolean nearestExtended;

    /** Starts an instruction under a control word (SDM vol. 1, 8.1.5). */
    public void begin(int controlWord) {
        control = controlWord;
        nearestExtended = (controlWord & (3 << PRECISION_CONTROL_SHIFT | 3 << ROUNDING_SHIFT)) == 3 << PRECISION_CONTROL_SHIFT;
        raised = 0;
        roundedUp = false;
        denormalSource = false;
    }

    /** Sign (bit 15) and biased exponent of the result. */
    public int signExponent() {
        return signExponent;
    }

    /** Significand of the result, its integer bit at bit 63. */
    public long significand() {
        return significand;
    }

    /** The exceptions of this instruction, as {@link FpException} bits. */
    public int raised() {
        return raised;
    }

    /** The raised exceptions that are not masked; any of them makes #MF pending. */
    public int unmasked() {
        return raised & ~control;
    }

    /** C1 after an inexact result: the magnitude was rounded up. */
    public boolean roundedUp() {
        return roundedUp;
    }

    /** Whether a result goes to its register: it does, wrapped, on unmasked overflow and underflow (SDM vol. 1, 8.5.4). */
    public boolean storesToRegister() {
        return (unmasked() & FpException.PRE_COMPUTATION) == 0;
    }

    /** Whether FLD m32fp and FLD m64fp push: an unmasked denormal does not hold them back, as measured on AMD Zen 3. */
    public boolean pushesLoad() {
        return (unmasked() & FpException.INVALID) == 0;
    }

    /** Whether a result goes to memory: not on any unmasked exception but precision. */
    public boolean storesToMemory() {
        return (unmasked() & ~FpException.PRECISION) == 0;
    }

    /** Whether {@link Float80Quick} applies: rounding to nearest at 64 bits, and no denormal operand in memory. */
    boolean quick() {
        return nearestExtended && !denormalSource;
    }

    /** The result was rounded. */
    void inexact(boolean up) {
        raised |= FpException.PRECISION;
        roundedUp = up;
    }

    void raise(int exceptions) {
        raised |= exceptions;
    }

    void withdraw(int exceptions) {
        raised &= ~exceptions;
    }

    boolean masked(int exception) {
        return (control & exception) != 0;
    }

    int rounding() {
        return control >>> ROUNDING_SHIFT & 3;
    }

    /** Significand bits of FADD, FSUB, FMUL, FDIV and FSQRT. The reserved encoding acts as extended. */
    int precision() {
        return switch (control >>> PRECISION_CONTROL_SHIFT & 3) {
            case 0 -> 24;
            case 2 -> 53;
            default -> 64;
        };
    }

    void result(int signExponent, long significand) {
        this.signExponent = signExponent;
        this.significand = significand;
    }

    void invalid() {
        raise(FpException.INVALID);
        result(Float80.INDEFINITE_SIGN_EXPONENT, Float80.INDEFINITE_SIGNIFICAND);
    }

    /** Rounds {@link #exact} to extended range and so many significand bits. */
    void finish(int precision) {
        ExactResult r = exact;
        if ((r.high | r.low) == 0) {
            result(r.negative ? Float80.SIGN : 0, 0);
            return;
        }
        int exceptions = r.finish(
                precision,
                Float80.MIN_EXPONENT,
                Float80.BIAS,
                rounding(),
                masked(FpException.UNDERFLOW),
                masked(FpException.OVERFLOW));
        raise(exceptions);
        roundedUp = r.inexact && r.roundedUp;
        if ((exceptions & FpException.OVERFLOW) != 0 && !masked(FpException.OVERFLOW)) {
            r.exponent -= Float80.WRAP;
        } else if ((exceptions & FpException.UNDERFLOW) != 0 && !masked(FpException.UNDERFLOW)) {
            r.exponent += Float80.WRAP;
        }
        if (r.exponent < Float80.MIN_EXPONENT) {
            // Only FSCALE gets here: wrapped and still too small. The result is zero whatever the rounding, as measured on AMD Zen 3.
            raise(FpException.PRECISION);
            roundedUp = false;
            r.high = 0;
        } else if (r.exponent > Float80.BIAS) {
            raise(FpException.PRECISION);
            roundedUp = true;
            r.infinite = true;
        }
        int sign = r.negative ? Float80.SIGN : 0;
        if (r.infinite) {
            result(sign | Float80.MAX_FIELD, Float80.INTEGER_BIT);
        } else {
            result(sign | (r.high < 0 ? r.exponent + Float80.BIAS : 0), r.high);
        }
    }
}
