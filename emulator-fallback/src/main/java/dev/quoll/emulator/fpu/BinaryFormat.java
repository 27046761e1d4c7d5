package dev.quoll.emulator.fpu;

/**
 * The IEEE 754 interchange formats of SSE and F16C, binary16 to binary64, over the bits of a number in a long (zero-extended where they
 * are fewer).
 */
enum BinaryFormat {
    HALF(11, 15),
    SINGLE(24, 127),
    DOUBLE(53, 1023);

    /** Significand bits, the implied one included. */
    final int precision;

    final int bias;
    final int minExponent;
    final int maxExponent;
    final long signBit;
    final long quietBit;
    final long infinity;
    /** QNaN floating-point indefinite (SDM vol. 1, table 4-3). */
    final long indefinite;

    private final long fractionMask;
    private final long implied;

    BinaryFormat(int precision, int bias) {
        this.precision = precision;
        this.bias = bias;
        minExponent = 1 - bias;
        maxExponent = bias;
        implied = 1L << (precision - 1);
        fractionMask = implied - 1;
        quietBit = implied >>> 1;
        infinity = (2L * bias + 1) << (precision - 1);
        signBit = fractionMask + infinity + 1;
        indefinite = signBit | infinity | quietBit;
    }

    boolean negative(long bits) {
        return (bits & signBit) != 0;
    }

    long magnitude(long bits) {
        return bits & (signBit - 1);
    }

    boolean isNaN(long bits) {
        return magnitude(bits) > infinity;
    }

    boolean isSignaling(long bits) {
        return isNaN(bits) && (bits & quietBit) == 0;
    }

    boolean isInfinite(long bits) {
        return magnitude(bits) == infinity;
    }

    boolean isZero(long bits) {
        return magnitude(bits) == 0;
    }

    boolean isDenormal(long bits) {
        long m = magnitude(bits);
        return m != 0 && m < implied;
    }

    /** DAZ: a denormal becomes the zero of its sign. */
    long flush(long bits) {
        return isDenormal(bits) ? bits & signBit : bits;
    }

    /** Unbiased exponent of a finite nonzero number, denormals normalised. */
    int exponent(long bits) {
        long m = magnitude(bits);
        int field = (int) (m >>> (precision - 1));
        return field != 0 ? field - bias : minExponent - (Long.numberOfLeadingZeros(m) - (64 - precision));
    }

    /** Significand of a finite nonzero number with its top bit at bit 63. */
    long significand(long bits) {
        long m = magnitude(bits);
        return m >= implied ? ((m & fractionMask) | implied) << (64 - precision) : m << Long.numberOfLeadingZeros(m);
    }

    /** The bits of a value that {@link ExactResult#finish} has fitted into this format. */
    long pack(ExactResult r) {
        long sign = r.negative ? signBit : 0;
        if (r.infinite) {
            return sign | infinity;
        }
        long fraction = r.high >>> (64 - precision) & fractionMask;
        long field = r.high < 0 ? r.exponent + bias : 0;
        return sign | field << (precision - 1) | fraction;
    }
}
