package dev.quoll.emulator.fpu;

/**
 * The result of one arithmetic operation before rounding, and its rounding to a format: the part that every width shares.
 *
 * <p>The value is {@code (-1)^negative * (high:low / 2^127) * 2^exponent}. {@code high} has its top bit set, except for zero and after
 * denormalisation. The lowest bit of {@code low} is sticky: it stands for every nonzero bit below it. Operands are given as sign, unbiased
 * exponent and a 64-bit significand with its top bit set, so one code serves 24, 53 and 64 bits of precision.
 *
 * <p>A mutable scratch object, one per vCPU and thread-confined, so that arithmetic allocates nothing.
 */
final class ExactResult {
    boolean negative;
    int exponent;
    long high;
    long low;

    /** Set by rounding: the value changed. */
    boolean inexact;
    /** Set by rounding: the magnitude grew (the x87 C1 indication). */
    boolean roundedUp;
    /** Set by {@link #finish}: the masked response to overflow is infinity. */
    boolean infinite;
    /** Set by {@link #finish}: rounded with an unbounded exponent, the result is below the smallest normal number. */
    boolean tiny;

    void set(boolean negative, int exponent, long high, long low) {
        this.negative = negative;
        this.exponent = exponent;
        this.high = high;
        this.low = low;
    }

    void sum(boolean an, int ae, long as, boolean bn, int be, long bs, int rc) {
        if (ae < be || (ae == be && Long.compareUnsigned(as, bs) < 0)) {
            ordered(bn, be, bs, an, ae, as, rc);
        } else {
            ordered(an, ae, as, bn, be, bs, rc);
        }
    }

    /** Adds with |a| at least |b|. */
    private void ordered(boolean an, int ae, long as, boolean bn, int be, long bs, int rc) {
        int distance = ae - be;
        long bh;
        long bl;
        if (distance == 0) {
            bh = bs;
            bl = 0;
        } else if (distance < 64) {
            bh = bs >>> distance;
            bl = bs << (64 - distance);
        } else if (distance == 64) {
            bh = 0;
            bl = bs;
        } else {
            // At most one bit of normalisation follows, so a sticky bit this far down cannot reach the rounding position. It must be clear
            // when nothing was lost: 1 - 2^-65 is a tie at 64 bits.
            bh = 0;
            bl = distance < 128 ? bs >>> (distance - 64) | (bs << (128 - distance) != 0 ? 1 : 0) : 1;
        }
        negative = an;
        exponent = ae;
        if (an == bn) {
            low = bl;
            high = as + bh;
            if (Long.compareUnsigned(high, as) < 0) {
                low = (low >>> 1) | (low & 1) | (high << 63);
                high = (high >>> 1) | Long.MIN_VALUE;
                exponent++;
            }
        } else {
            low = -bl;
            high = as - bh - (bl != 0 ? 1 : 0);
            if ((high | low) == 0) {
                negative = rc == RoundingControl.DOWN;
            } else {
                normalise();
            }
        }
    }

    void product(boolean an, int ae, long as, boolean bn, int be, long bs) {
        negative = an ^ bn;
        exponent = ae + be + 1;
        high = Math.unsignedMultiplyHigh(as, bs);
        low = as * bs;
        if (high >= 0) {
            high = (high << 1) | (low >>> 63);
            low <<= 1;
            exponent--;
        }
    }

    /**
     * Adds a number to the exact product of two significands of at most 53 bits: no bit of either is lost before the one rounding. The
     * 22 bits below such a product are what a number far below it may lose its last bits in.
     */
    void addToProduct(boolean bn, int be, long bs, int rc) {
        boolean larger = exponent > be || (exponent == be && Long.compareUnsigned(high, bs) >= 0);
        boolean an = larger ? negative : bn;
        int ae = larger ? exponent : be;
        long ah = larger ? high : bs;
        long al = larger ? low : 0;
        long bh = larger ? bs : high;
        long bl = larger ? 0 : low;
        boolean same = negative == bn;
        set(an, larger ? be : exponent, bh, bl);
        denormalise(ae);
        bh = high;
        bl = low;
        if (same) {
            low = al + bl;
            long carry = Long.compareUnsigned(low, al) < 0 ? 1 : 0;
            high = ah + bh + carry;
            // The larger operand has its top bit set, so a carry out shows as a sum below it.
            if (Long.compareUnsigned(high, ah) < 0) {
                low = (low >>> 1) | (low & 1) | (high << 63);
                high = (high >>> 1) | Long.MIN_VALUE;
                exponent++;
            }
        } else {
            low = al - bl;
            high = ah - bh - (Long.compareUnsigned(al, bl) < 0 ? 1 : 0);
            if ((high | low) == 0) {
                negative = rc == RoundingControl.DOWN;
            } else {
                normalise();
            }
        }
    }

    void quotient(boolean an, int ae, long as, boolean bn, int be, long bs) {
        negative = an ^ bn;
        long remainder;
        if (Long.compareUnsigned(as, bs) >= 0) {
            exponent = ae - be;
            high = WideInteger.divide(as >>> 1, as << 63, bs);
            remainder = (as << 63) - high * bs;
        } else {
            exponent = ae - be - 1;
            high = WideInteger.divide(as, 0, bs);
            remainder = -(high * bs);
        }
        // Of what lies below 64 bits, rounding wants to know whether it is above the middle, and whether it is there.
        low = remainder == 0 ? 0 : Long.compareUnsigned(remainder, bs - remainder) >= 0 ? -1 : 1;
    }

    /** Square root of a nonnegative number. */
    void root(int ae, long as) {
        negative = false;
        exponent = ae >> 1;
        // The radicand as a 128-bit integer of 127 or 128 bits, so that the root has exactly 64.
        long nh = (ae & 1) == 0 ? as >>> 1 : as;
        long nl = (ae & 1) == 0 ? as << 63 : 0;
        long root = WideInteger.squareRoot(nh, nl);
        long squareHigh = Math.unsignedMultiplyHigh(root, root);
        long squareLow = root * root;
        long restLow = nl - squareLow;
        long restHigh = nh - squareHigh - (Long.compareUnsigned(nl, squareLow) < 0 ? 1 : 0);
        boolean aboveHalf = restHigh != 0 || Long.compareUnsigned(restLow, root) > 0;
        high = root;
        low = (aboveHalf ? Long.MIN_VALUE : 0) | ((restHigh | restLow) != 0 ? 1 : 0);
    }

    /** Moves the top set bit of a nonzero significand to bit 127. */
    void normalise() {
        if (high == 0) {
            high = low;
            low = 0;
            exponent -= 64;
        }
        int shift = Long.numberOfLeadingZeros(high);
        if (shift != 0) {
            high = (high << shift) | (low >>> (64 - shift));
            low <<= shift;
            exponent -= shift;
        }
    }

    /**
     * Rounds a nonzero normalised value into a format and tells the exceptions, with the masked responses. Tininess is found after rounding
     * (SDM vol. 1, 4.9.1.5).
     *
     * @param precision significand bits, 24, 53 or 64
     * @param minExponent unbiased exponent of the smallest normal number
     * @param maxExponent unbiased exponent of the largest
     * @param underflowMasked masked underflow denormalises and is told only when inexact; unmasked, the normalised value is kept
     * @param overflowMasked masked overflow gives infinity or the largest number; unmasked, the normalised value is kept
     * @return the exceptions raised, of OVERFLOW, UNDERFLOW and PRECISION
     */
    int finish(int precision, int minExponent, int maxExponent, int rc, boolean underflowMasked, boolean overflowMasked) {
        infinite = false;
        tiny = false;
        if (exponent < minExponent) {
            long h = high;
            long l = low;
            int e = exponent;
            round(precision, rc);
            tiny = exponent < minExponent;
            if (tiny && !underflowMasked) {
                return FpException.UNDERFLOW | (inexact ? FpException.PRECISION : 0);
            }
            if (tiny) {
                high = h;
                low = l;
                exponent = e;
                denormalise(minExponent);
                round(precision, rc);
                return inexact ? FpException.UNDERFLOW | FpException.PRECISION : 0;
            }
            return inexact ? FpException.PRECISION : 0;
        }
        round(precision, rc);
        if (exponent > maxExponent) {
            if (!overflowMasked) {
                return FpException.OVERFLOW | (inexact ? FpException.PRECISION : 0);
            }
            infinite = RoundingControl.overflowsToInfinity(rc, negative);
            roundedUp = infinite;
            inexact = true;
            exponent = maxExponent;
            high = -1L << (64 - precision);
            low = 0;
            return FpException.OVERFLOW | FpException.PRECISION;
        }
        return inexact ? FpException.PRECISION : 0;
    }

    private void denormalise(int minExponent) {
        int shift = minExponent - exponent;
        exponent = minExponent;
        if (shift >= 128) {
            high = 0;
            low = 1;
        } else if (shift >= 64) {
            boolean sticky = low != 0 || (shift > 64 && high << (128 - shift) != 0);
            low = (high >>> (shift - 64)) | (sticky ? 1 : 0);
            high = 0;
        } else if (shift > 0) {
            boolean sticky = low << (64 - shift) != 0;
            low = (high << (64 - shift)) | (low >>> shift) | (sticky ? 1 : 0);
            high >>>= shift;
        }
    }

    /** Rounds to so many bits counted from bit 127, whatever the leading zeros. */
    void round(int precision, int rc) {
        boolean half;
        boolean below;
        if (precision == 64) {
            half = low < 0;
            below = low << 1 != 0;
        } else {
            half = (high >>> (63 - precision) & 1) != 0;
            below = ((high & ((1L << (63 - precision)) - 1)) | low) != 0;
        }
        inexact = half | below;
        roundedUp = false;
        if (inexact) {
            int dropped = 64 - precision;
            boolean odd = (high >>> dropped & 1) != 0;
            roundedUp = RoundingControl.roundsUp(rc, negative, odd, half, below);
            high = (high >>> dropped) << dropped;
            low = 0;
            if (roundedUp) {
                high += 1L << dropped;
                if (high == 0) {
                    high = Long.MIN_VALUE;
                    exponent++;
                }
            }
        }
    }

    /**
     * The magnitude rounded to an integer, for exponents below 64; sets {@link #inexact} and {@link #roundedUp}. A carry out of 64 bits
     * (a significand of 64 bits at exponent 63 is an integer already) cannot happen.
     */
    long roundToInteger(boolean negative, int exponent, long significand, int rc) {
        set(negative, exponent, significand, 0);
        if (exponent < 63) {
            denormalise(63);
        }
        round(64, rc);
        return high;
    }
}
