package dev.quoll.emulator.fpu;

/** The conversions of F16C between binary16 and binary32, on raw bits (SDM vol. 1, 14.4; vol. 2, VCVTPH2PS and VCVTPS2PH). */
public final class HalfConvert {
    /** VCVTPS2PH immediate: take the rounding mode from MXCSR. */
    private static final int ROUND_BY_MXCSR = 4;

    private HalfConvert() {}

    /** An element of VCVTPH2PS: always exact. DAZ does not apply, and a denormal operand raises nothing. */
    public static int halfToSingle(int half, Mxcsr mxcsr) {
        long a = half & 0xFFFF;
        if (BinaryFormat.HALF.isNaN(a)) {
            return (int) SseConvert.resizeNaN(BinaryFormat.HALF, BinaryFormat.SINGLE, a, mxcsr);
        }
        return Float.floatToRawIntBits(Float.float16ToFloat((short) half));
    }

    /**
     * An element of VCVTPS2PH. FTZ does not apply.
     *
     * @param immediate RC in bits 1:0, or bit 2 to take MXCSR's
     * @return the half, zero-extended
     */
    public static int singleToHalf(int single, int immediate, Mxcsr m) {
        BinaryFormat from = BinaryFormat.SINGLE;
        BinaryFormat to = BinaryFormat.HALF;
        long a = SseFloat.wide(single);
        if (m.denormalsAreZero()) {
            a = from.flush(a);
        }
        if (from.isNaN(a)) {
            return (int) SseConvert.resizeNaN(from, to, a, m);
        }
        boolean negative = from.negative(a);
        long sign = negative ? to.signBit : 0;
        if (from.isInfinite(a)) {
            return (int) (sign | to.infinity);
        }
        if (from.isZero(a)) {
            return (int) sign;
        }
        SseArithmetic.raiseDenormals(from, a, a, m);
        int rc = (immediate & ROUND_BY_MXCSR) != 0 ? m.rounding() : immediate & 3;
        ExactResult r = m.exact;
        r.set(negative, from.exponent(a), from.significand(a), 0);
        boolean underflowMasked = m.masked(FpException.UNDERFLOW);
        m.raise(r.finish(to.precision, to.minExponent, to.maxExponent, rc, underflowMasked, m.masked(FpException.OVERFLOW)));
        return (int) to.pack(r);
    }
}
