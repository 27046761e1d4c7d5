package dev.quoll.emulator.fpu;

/**
 * Fused multiply-add of FMA3 on raw bits: x * y + z with one rounding (SDM vol. 1, 14.5; APM vol. 6, VFMADDPD). The instruction forms 132,
 * 213 and 231 only say which operand plays which part.
 */
public final class SseFused {
    private SseFused() {}

    /**
     * An element of VFMADDSS, VFMSUBSS, VFNMADDSS or VFNMSUBSS.
     *
     * @param negateProduct the two VFN forms
     * @param subtract the two SUB forms: z is taken off
     */
    public static int fused32(int x, int y, int z, boolean negateProduct, boolean subtract, Mxcsr mxcsr) {
        if (mxcsr.javaNearest() && SseFloat.ordinary(x) && SseFloat.ordinary(y) && SseFloat.ordinary(z)) {
            float a = Float.intBitsToFloat(negateProduct ? x ^ Integer.MIN_VALUE : x);
            float b = Float.intBitsToFloat(y);
            float c = Float.intBitsToFloat(subtract ? z ^ Integer.MIN_VALUE : z);
            float s = Math.fma(a, b, c);
            int r = Float.floatToRawIntBits(s);
            if (SseFloat.safe(r)) {
                if (!mxcsr.inexactSettled() && inexact((double) a * b, c, s)) {
                    mxcsr.inexact();
                }
                return r;
            }
        }
        return (int) fused(
                BinaryFormat.SINGLE, SseFloat.wide(x), SseFloat.wide(y), SseFloat.wide(z), negateProduct, subtract, mxcsr);
    }

    /** An element of VFMADDSD and its like; see {@link #fused32}. */
    public static long fused64(long x, long y, long z, boolean negateProduct, boolean subtract, Mxcsr mxcsr) {
        if (mxcsr.javaRounding() && SseFloat.ordinary(x) && SseFloat.ordinary(y) && SseFloat.ordinary(z)) {
            double a = Double.longBitsToDouble(negateProduct ? x ^ Long.MIN_VALUE : x);
            double c = Double.longBitsToDouble(subtract ? z ^ Long.MIN_VALUE : z);
            long r = Double.doubleToRawLongBits(Math.fma(a, Double.longBitsToDouble(y), c));
            if (SseFloat.safe(r)) {
                return r;
            }
        }
        return fused(BinaryFormat.DOUBLE, x, y, z, negateProduct, subtract, mxcsr);
    }

    /** Whether s, correctly rounded to single precision, is not the sum of an exact product and c. */
    private static boolean inexact(double product, double c, double s) {
        return product + c != s || s - product != c || s - c != product;
    }

    private static long fused(BinaryFormat f, long x, long y, long z, boolean negateProduct, boolean subtract, Mxcsr m) {
        if (m.denormalsAreZero()) {
            x = f.flush(x);
            y = f.flush(y);
            z = f.flush(z);
        }
        boolean infinite = f.isInfinite(x) || f.isInfinite(y);
        boolean noProduct = infinite && (f.isZero(x) || f.isZero(y));
        if (f.isNaN(x) || f.isNaN(y) || f.isNaN(z)) {
            if (f.isSignaling(x) || f.isSignaling(y) || f.isSignaling(z)) {
                m.raise(FpException.INVALID);
            }
            return (f.isNaN(x) ? x : f.isNaN(y) ? y : z) | f.quietBit;
        }
        boolean negative = f.negative(x ^ y) ^ negateProduct;
        boolean zNegative = f.negative(z) ^ subtract;
        if (noProduct || infinite && f.isInfinite(z) && negative != zNegative) {
            m.raise(FpException.INVALID);
            return f.indefinite;
        }
        SseArithmetic.raiseDenormals(f, x, y, m);
        SseArithmetic.raiseDenormals(f, z, z, m);
        if (infinite || f.isInfinite(z)) {
            return f.infinity | ((infinite ? negative : zNegative) ? f.signBit : 0);
        }
        boolean zeroProduct = f.isZero(x) || f.isZero(y);
        ExactResult r = m.exact;
        if (zeroProduct && f.isZero(z)) {
            boolean sign = negative == zNegative ? negative : m.rounding() == RoundingControl.DOWN;
            return sign ? f.signBit : 0;
        }
        if (zeroProduct) {
            r.set(zNegative, f.exponent(z), f.significand(z), 0);
        } else {
            r.product(negative, f.exponent(x), f.significand(x), false, f.exponent(y), f.significand(y));
            if (!f.isZero(z)) {
                r.addToProduct(zNegative, f.exponent(z), f.significand(z), m.rounding());
            }
        }
        return SseArithmetic.finish(f, m);
    }
}
