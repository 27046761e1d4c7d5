package dev.quoll.emulator.fpu;

/**
 * PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM (SDM vol. 1, 14.9; vol. 2, 4.1).
 *
 * <p>{@link #explicit} or {@link #implicit} compares and gives an outcome, from which the other functions take the result: an index for ECX or
 * a mask for XMM0, and the flags. The first operand is the register, the second the register or memory.
 */
public final class StringCompare {
    /** EFLAGS bits as {@link #flags} gives them; AF and PF are cleared. */
    public static final int CARRY = 1;

    public static final int ZERO = 1 << 6;
    public static final int SIGN = 1 << 7;
    public static final int OVERFLOW = 1 << 11;

    private static final int WORDS = 1;
    private static final int SIGNED = 2;
    private static final int NEGATIVE = 1 << 4;
    private static final int MASKED = 1 << 5;
    private static final int MOST_SIGNIFICANT = 1 << 6;

    /** In an outcome, above the 16 bits of IntRes2: whether each string ends within its register. */
    private static final int FIRST_ENDS = 1 << 16;

    private static final int SECOND_ENDS = 1 << 17;

    private StringCompare() {}

    /**
     * Compares strings whose lengths are in registers.
     *
     * @param firstLength EAX or RAX, sign-extended; its magnitude counts, up to the elements in a register
     * @param secondLength EDX or RDX
     */
    public static int explicit(
            long firstLow, long firstHigh, long firstLength, long secondLow, long secondHigh, long secondLength, int immediate) {
        return outcome(
                firstLow,
                firstHigh,
                bounded(firstLength, immediate),
                secondLow,
                secondHigh,
                bounded(secondLength, immediate),
                immediate);
    }

    /** Compares strings that end before a zero element. */
    public static int implicit(long firstLow, long firstHigh, long secondLow, long secondHigh, int immediate) {
        return outcome(
                firstLow,
                firstHigh,
                terminated(firstLow, firstHigh, immediate),
                secondLow,
                secondHigh,
                terminated(secondLow, secondHigh, immediate),
                immediate);
    }

    /** ECX of PCMPxSTRI: the lowest or highest set position, or the number of elements when none is. */
    public static int index(int outcome, int immediate) {
        int bits = outcome & 0xFFFF;
        if (bits == 0) {
            return elements(immediate);
        }
        return (immediate & MOST_SIGNIFICANT) != 0 ? 31 - Integer.numberOfLeadingZeros(bits) : Integer.numberOfTrailingZeros(bits);
    }

    /** Lower half of XMM0 of PCMPxSTRM: the bits, or each spread over its element. */
    public static long maskLow(int outcome, int immediate) {
        if ((immediate & MOST_SIGNIFICANT) == 0) {
            return outcome & 0xFFFF;
        }
        return spread(outcome, immediate);
    }

    /** Upper half of XMM0 of PCMPxSTRM. */
    public static long maskHigh(int outcome, int immediate) {
        if ((immediate & MOST_SIGNIFICANT) == 0) {
            return 0;
        }
        return spread((outcome & 0xFFFF) >>> elements(immediate) / 2, immediate);
    }

    /** CF, ZF, SF and OF. */
    public static int flags(int outcome) {
        return ((outcome & 0xFFFF) != 0 ? CARRY : 0)
                | ((outcome & SECOND_ENDS) != 0 ? ZERO : 0)
                | ((outcome & FIRST_ENDS) != 0 ? SIGN : 0)
                | ((outcome & 1) != 0 ? OVERFLOW : 0);
    }

    private static int elements(int immediate) {
        return (immediate & WORDS) != 0 ? 8 : 16;
    }

    private static int bounded(long length, int immediate) {
        int most = elements(immediate);
        return length > -most && length < most ? (int) Math.abs(length) : most;
    }

    private static int terminated(long low, long high, int immediate) {
        int most = elements(immediate);
        int length = 0;
        while (length < most && element(low, high, length, immediate) != 0) {
            length++;
        }
        return length;
    }

    private static int element(long low, long high, int index, int immediate) {
        if ((immediate & WORDS) != 0) {
            long half = index < 4 ? low : high;
            int word = (int) (half >>> ((index & 3) << 4));
            return (immediate & SIGNED) != 0 ? (short) word : word & 0xFFFF;
        }
        long half = index < 8 ? low : high;
        int octet = (int) (half >>> ((index & 7) << 3));
        return (immediate & SIGNED) != 0 ? (byte) octet : octet & 0xFF;
    }

    private static int outcome(long al, long ah, int aLength, long bl, long bh, int bLength, int immediate) {
        int most = elements(immediate);
        int all = (1 << most) - 1;
        int result =
                switch (immediate >>> 2 & 3) {
                    case 0 -> equalAny(al, ah, aLength, bl, bh, bLength, immediate);
                    case 1 -> ranges(al, ah, aLength, bl, bh, bLength, immediate);
                    case 2 -> equalEach(al, ah, aLength, bl, bh, bLength, immediate);
                    default -> equalOrdered(al, ah, aLength, bl, bh, bLength, immediate);
                };
        if ((immediate & NEGATIVE) != 0) {
            result ^= (immediate & MASKED) != 0 ? (1 << bLength) - 1 : all;
        }
        return result | (aLength < most ? FIRST_ENDS : 0) | (bLength < most ? SECOND_ENDS : 0);
    }

    private static int equalAny(long al, long ah, int aLength, long bl, long bh, int bLength, int immediate) {
        int result = 0;
        for (int j = 0; j < bLength; j++) {
            int x = element(bl, bh, j, immediate);
            for (int i = 0; i < aLength; i++) {
                if (element(al, ah, i, immediate) == x) {
                    result |= 1 << j;
                }
            }
        }
        return result;
    }

    private static int ranges(long al, long ah, int aLength, long bl, long bh, int bLength, int immediate) {
        int result = 0;
        for (int j = 0; j < bLength; j++) {
            int x = element(bl, bh, j, immediate);
            for (int i = 0; i + 1 < aLength; i += 2) {
                if (x >= element(al, ah, i, immediate) && x <= element(al, ah, i + 1, immediate)) {
                    result |= 1 << j;
                }
            }
        }
        return result;
    }

    private static int equalEach(long al, long ah, int aLength, long bl, long bh, int bLength, int immediate) {
        int result = 0;
        for (int i = 0; i < elements(immediate); i++) {
            boolean aEnded = i >= aLength;
            boolean bEnded = i >= bLength;
            // Past both ends elements are equal, past one end they differ.
            if (aEnded || bEnded ? aEnded && bEnded : element(al, ah, i, immediate) == element(bl, bh, i, immediate)) {
                result |= 1 << i;
            }
        }
        return result;
    }

    private static int equalOrdered(long al, long ah, int aLength, long bl, long bh, int bLength, int immediate) {
        int most = elements(immediate);
        int result = 0;
        for (int j = 0; j < most; j++) {
            boolean found = true;
            // The end of the register cuts the substring short; the end of the second string does not match.
            for (int i = 0; found && i < aLength && i + j < most; i++) {
                found = i + j < bLength && element(al, ah, i, immediate) == element(bl, bh, i + j, immediate);
            }
            if (found) {
                result |= 1 << j;
            }
        }
        return result;
    }

    private static long spread(int bits, int immediate) {
        int width = (immediate & WORDS) != 0 ? 16 : 8;
        long mask = 0;
        for (int shift = 0; shift < 64; shift += width, bits >>>= 1) {
            if ((bits & 1) != 0) {
                mask |= (1L << width) - 1 << shift;
            }
        }
        return mask;
    }
}
