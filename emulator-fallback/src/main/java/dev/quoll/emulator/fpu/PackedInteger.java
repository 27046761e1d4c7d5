package dev.quoll.emulator.fpu;

/**
 * Packed integer operations whose lanes do not cross 64 bits, on one half of an XMM register or a whole MMX register (SDM vol. 2; the mnemonic
 * is given with each). All lanes are worked on at once inside the long: carries are kept from crossing by handling the top bit of each lane
 * apart. A lane width is named by the mask of the top bits.
 */
public final class PackedInteger {
    /** Lanes of 8 bits. */
    public static final long BYTES = 0x8080_8080_8080_8080L;
    /** Lanes of 16 bits. */
    public static final long WORDS = 0x8000_8000_8000_8000L;
    /** Lanes of 32 bits. */
    public static final long DWORDS = 0x8000_0000_8000_0000L;

    private PackedInteger() {}

    /** PADDB, PADDW, PADDD. */
    public static long add(long a, long b, long lanes) {
        return (a & ~lanes) + (b & ~lanes) ^ (a ^ b) & lanes;
    }

    /** PSUBB, PSUBW, PSUBD. */
    public static long subtract(long a, long b, long lanes) {
        return (a | lanes) - (b & ~lanes) ^ (a ^ ~b) & lanes;
    }

    /** PADDSB, PADDSW. */
    public static long addSigned(long a, long b, long lanes) {
        long sum = add(a, b, lanes);
        return saturate(sum, a, ~(a ^ b) & (a ^ sum), lanes);
    }

    /** PSUBSB, PSUBSW. */
    public static long subtractSigned(long a, long b, long lanes) {
        long difference = subtract(a, b, lanes);
        return saturate(difference, a, (a ^ b) & (a ^ difference), lanes);
    }

    /** PADDUSB, PADDUSW. */
    public static long addUnsigned(long a, long b, long lanes) {
        long sum = add(a, b, lanes);
        return sum | fill(a & b | (a | b) & ~sum, lanes);
    }

    /** PSUBUSB, PSUBUSW. */
    public static long subtractUnsigned(long a, long b, long lanes) {
        return subtract(a, b, lanes) & ~below(a, b, lanes);
    }

    /** PCMPEQB, PCMPEQW, PCMPEQD: all ones where equal. */
    public static long equal(long a, long b, long lanes) {
        long x = a ^ b;
        return ~fill((x & ~lanes) + ~lanes | x, lanes);
    }

    /** PCMPGTB, PCMPGTW, PCMPGTD: all ones where a is greater as a signed number. */
    public static long greaterSigned(long a, long b, long lanes) {
        return below(b ^ lanes, a ^ lanes, lanes);
    }

    /** PMINUB, PMINUW, PMINUD. */
    public static long minUnsigned(long a, long b, long lanes) {
        return select(below(a, b, lanes), a, b);
    }

    /** PMAXUB, PMAXUW, PMAXUD. */
    public static long maxUnsigned(long a, long b, long lanes) {
        return select(below(a, b, lanes), b, a);
    }

    /** PMINSB, PMINSW, PMINSD. */
    public static long minSigned(long a, long b, long lanes) {
        return select(greaterSigned(a, b, lanes), b, a);
    }

    /** PMAXSB, PMAXSW, PMAXSD. */
    public static long maxSigned(long a, long b, long lanes) {
        return select(greaterSigned(a, b, lanes), a, b);
    }

    /** PABSB, PABSW, PABSD. */
    public static long absolute(long a, long lanes) {
        long negative = fill(a, lanes);
        return subtract(a ^ negative, negative, lanes);
    }

    /** PSIGNB, PSIGNW, PSIGND: a, negated where b is negative and zero where b is zero. */
    public static long sign(long a, long b, long lanes) {
        long negative = fill(b, lanes);
        return subtract(a ^ negative, negative, lanes) & ~equal(b, 0, lanes);
    }

    /** PAVGB, PAVGW: rounded up. */
    public static long average(long a, long b, long lanes) {
        // Half of the differing bits, without what a shift would bring in from the next lane.
        return (a | b) - (((a ^ b) >>> 1) & ~lanes);
    }

    /** PSADBW: the sum of absolute differences of eight bytes. */
    public static long sumOfDifferences(long a, long b) {
        long difference = maxUnsigned(a, b, BYTES) - minUnsigned(a, b, BYTES);
        long pairs = (difference & 0x00FF_00FF_00FF_00FFL) + (difference >>> 8 & 0x00FF_00FF_00FF_00FFL);
        return pairs * 0x0001_0001_0001_0001L >>> 48;
    }

    /** PMULLW. */
    public static long multiplyLow(long a, long b) {
        long r = 0;
        for (int shift = 0; shift < 64; shift += 16) {
            r |= (word(a, shift) * word(b, shift) & 0xFFFFL) << shift;
        }
        return r;
    }

    /** PMULHW. */
    public static long multiplyHigh(long a, long b) {
        long r = 0;
        for (int shift = 0; shift < 64; shift += 16) {
            r |= (word(a, shift) * word(b, shift) >> 16 & 0xFFFFL) << shift;
        }
        return r;
    }

    /** PMULHUW. */
    public static long multiplyHighUnsigned(long a, long b) {
        long r = 0;
        for (int shift = 0; shift < 64; shift += 16) {
            r |= ((a >>> shift & 0xFFFF) * (b >>> shift & 0xFFFF) >>> 16) << shift;
        }
        return r;
    }

    /** PMULHRSW: the rounded product as fractions of 15 bits. */
    public static long multiplyHighRounded(long a, long b) {
        long r = 0;
        for (int shift = 0; shift < 64; shift += 16) {
            r |= ((word(a, shift) * word(b, shift) >> 14) + 1 >> 1 & 0xFFFFL) << shift;
        }
        return r;
    }

    /** PMADDWD. */
    public static long multiplyAdd(long a, long b) {
        int low = word(a, 0) * word(b, 0) + word(a, 16) * word(b, 16);
        int high = word(a, 32) * word(b, 32) + word(a, 48) * word(b, 48);
        return low & 0xFFFF_FFFFL | (long) high << 32;
    }

    /** PMADDUBSW: bytes of a unsigned, of b signed, sums saturated. */
    public static long multiplyAddBytes(long a, long b) {
        long r = 0;
        for (int shift = 0; shift < 64; shift += 16) {
            int sum = (int) (a >>> shift & 0xFF) * (byte) (b >>> shift)
                    + (int) (a >>> shift + 8 & 0xFF) * (byte) (b >>> shift + 8);
            r |= (clamp(sum, Short.MIN_VALUE, Short.MAX_VALUE) & 0xFFFFL) << shift;
        }
        return r;
    }

    /** PACKSSWB: four words of each half to eight bytes. */
    public static long packSignedWords(long low, long high) {
        return packWords(low, Byte.MIN_VALUE, Byte.MAX_VALUE) | packWords(high, Byte.MIN_VALUE, Byte.MAX_VALUE) << 32;
    }

    /** PACKUSWB. */
    public static long packUnsignedWords(long low, long high) {
        return packWords(low, 0, 0xFF) | packWords(high, 0, 0xFF) << 32;
    }

    /** PACKSSDW: two doublewords of each half to four words. */
    public static long packSignedDwords(long low, long high) {
        return packDwords(low, Short.MIN_VALUE, Short.MAX_VALUE) | packDwords(high, Short.MIN_VALUE, Short.MAX_VALUE) << 32;
    }

    /** PACKUSDW. */
    public static long packUnsignedDwords(long low, long high) {
        return packDwords(low, 0, 0xFFFF) | packDwords(high, 0, 0xFFFF) << 32;
    }

    /** Lanes full of ones where the top bit of the lane is set. */
    private static long fill(long x, long lanes) {
        long top = x & lanes;
        // From the top bit down to the lowest bit of its lane, which is where the top bit of the lane below, moved up one, lies.
        return (top << 1) - (top >>> Long.numberOfTrailingZeros(lanes));
    }

    /** Lanes full of ones where a is less than b, unsigned. */
    private static long below(long a, long b, long lanes) {
        return fill(~a & b | ~(a ^ b) & subtract(a, b, lanes), lanes);
    }

    /** The sums, and where they overflowed the extreme of the sign of a. */
    private static long saturate(long sum, long a, long overflow, long lanes) {
        long extreme = ((a & lanes) >>> Long.numberOfTrailingZeros(lanes)) + ~lanes;
        return select(fill(overflow, lanes), extreme, sum);
    }

    private static long select(long mask, long a, long b) {
        return a & mask | b & ~mask;
    }

    private static int word(long a, int shift) {
        return (short) (a >>> shift);
    }

    private static int clamp(int value, int least, int most) {
        return Math.min(Math.max(value, least), most);
    }

    private static long packWords(long half, int least, int most) {
        long r = 0;
        for (int i = 0; i < 4; i++) {
            r |= (clamp(word(half, i * 16), least, most) & 0xFFL) << i * 8;
        }
        return r;
    }

    private static long packDwords(long half, int least, int most) {
        return clamp((int) half, least, most) & 0xFFFFL | (clamp((int) (half >>> 32), least, most) & 0xFFFFL) << 16;
    }
}
