package dev.quoll.emulator.fpu;

/**
 * Arithmetic on two normal double extended-precision numbers, rounded to nearest at 64 bits, as the control word has it in nearly all
 * programs: what {@link Float80} does by way of {@link ExactResult}, kept in local variables. Whatever could raise another exception than
 * precision is left to that. The methods tell whether they gave the result.
 */
final class Float80Quick {
    private static final int LOWEST_EXPONENT = 2;
    private static final int HIGHEST_EXPONENT = Float80.MAX_FIELD - 2;

    private Float80Quick() {}

    private static boolean normal(int signExponent, long significand) {
        int field = signExponent & Float80.MAX_FIELD;
        return significand < 0 && field != Float80.MAX_FIELD && field != 0;
    }

    static boolean add(int ase, long as, int bse, long bs, X87Operation op) {
        if (!op.quick() || !normal(ase, as) || !normal(bse, bs)) {
            return false;
        }
        int distance = (ase & Float80.MAX_FIELD) - (bse & Float80.MAX_FIELD);
        if (distance < 0 || distance == 0 && Long.compareUnsigned(as, bs) < 0) {
            return ordered(bse, bs, ase, as, -distance, op);
        }
        return ordered(ase, as, bse, bs, distance, op);
    }

    /** Adds with |a| at least |b|, the binary points so far apart. */
    private static boolean ordered(int ase, long as, int bse, long bs, int distance, X87Operation op) {
        int exponent = ase & Float80.MAX_FIELD;
        long bh;
        long bl;
        if (distance == 0) {
            bh = bs;
            bl = 0;
        } else if (distance < 64) {
            bh = bs >>> distance;
            bl = bs << -distance;
        } else if (distance < 128) {
            bh = 0;
            int beyond = distance - 64;
            bl = bs >>> beyond | (bs != bs >>> beyond << beyond ? 1 : 0);
        } else {
            bh = 0;
            bl = 1;
        }
        long high;
        long low;
        if (((ase ^ bse) & Float80.SIGN) == 0) {
            high = as + bh;
            low = bl;
            if (Long.compareUnsigned(high, as) < 0) {
                // The sum has 65 bits.
                low = low >>> 1 | low & 1 | high << 63;
                high = high >>> 1 | Long.MIN_VALUE;
                exponent++;
            }
        } else {
            low = -bl;
            high = as - bh - (bl != 0 ? 1 : 0);
            if (high >= 0) {
                if (high == 0) {
                    if (low == 0) {
                        op.result(0, 0);
                        return true;
                    }
                    high = low;
                    low = 0;
                    exponent -= 64;
                }
                int shift = Long.numberOfLeadingZeros(high);
                if (shift != 0) {
                    high = high << shift | low >>> -shift;
                    low <<= shift;
                    exponent -= shift;
                }
            }
        }
        return round(ase & Float80.SIGN, exponent, high, low, op);
    }

    static boolean multiply(int ase, long as, int bse, long bs, X87Operation op) {
        if (!op.quick() || !normal(ase, as) || !normal(bse, bs)) {
            return false;
        }
        long high = Math.unsignedMultiplyHigh(as, bs);
        long low = as * bs;
        int exponent = (ase & Float80.MAX_FIELD) + (bse & Float80.MAX_FIELD) - Float80.BIAS + 1;
        if (high >= 0) {
            high = high << 1 | low >>> 63;
            low <<= 1;
            exponent--;
        }
        return round((ase ^ bse) & Float80.SIGN, exponent, high, low, op);
    }

    static boolean divide(int ase, long as, int bse, long bs, X87Operation op) {
        if (!op.quick() || !normal(ase, as) || !normal(bse, bs)) {
            return false;
        }
        int exponent = (ase & Float80.MAX_FIELD) - (bse & Float80.MAX_FIELD) + Float80.BIAS;
        long quotient;
        long rest;
        if (Long.compareUnsigned(as, bs) >= 0) {
            quotient = WideInteger.divide(as >>> 1, as << 63, bs);
            rest = (as << 63) - quotient * bs;
        } else {
            exponent--;
            quotient = WideInteger.divide(as, 0, bs);
            rest = -(quotient * bs);
        }
        // Twice the rest against the divisor; a quotient never ends in the middle between two numbers.
        boolean above = Long.compareUnsigned(rest, bs - rest) >= 0;
        return round((ase ^ bse) & Float80.SIGN, exponent, quotient, rest == 0 ? 0 : above ? -1 : 1, op);
    }

    /** @param high significand with its top bit set; low what lies below it */
    private static boolean round(int sign, int exponent, long high, long low, X87Operation op) {
        if (exponent < LOWEST_EXPONENT || exponent > HIGHEST_EXPONENT) {
            return false;
        }
        if (low != 0) {
            boolean up = low < 0 && (low != Long.MIN_VALUE || (high & 1) != 0);
            if (up) {
                high++;
                if (high == 0) {
                    high = Long.MIN_VALUE;
                    exponent++;
                }
            }
            op.inexact(up);
        }
        op.result(sign | exponent, high);
        return true;
    }
}
