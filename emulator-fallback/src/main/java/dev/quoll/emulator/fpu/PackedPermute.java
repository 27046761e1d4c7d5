package dev.quoll.emulator.fpu;

/** Packed integer operations that read across the two halves of an XMM register (SDM vol. 2; the mnemonic is given with each). */
public final class PackedPermute {
    private PackedPermute() {}

    /** PSHUFB on XMM: the half of the result that {@code control} is the same half of. */
    public static long shuffleBytes(long low, long high, long control) {
        long r = 0;
        for (int shift = 0; shift < 64; shift += 8) {
            int c = (int) (control >>> shift);
            if ((c & 0x80) == 0) {
                r |= (((c & 8) == 0 ? low : high) >>> (c << 3) & 0xFF) << shift;
            }
        }
        return r;
    }

    /** PSHUFB on MMX. */
    public static long shuffleBytes(long a, long control) {
        // Bit 3 of a control byte is ignored here, so both halves are the same.
        return shuffleBytes(a, a, control);
    }

    /**
     * PALIGNR on XMM, the lower half: bytes from {@code count} on of the second operand (low, high) followed by the first (nextLow,
     * nextHigh).
     *
     * @param count the immediate, 0 to 255
     */
    public static long alignLow(long low, long high, long nextLow, long nextHigh, int count) {
        return bytesFrom(low, high, nextLow, nextHigh, count);
    }

    /** PALIGNR on XMM, the upper half. */
    public static long alignHigh(long low, long high, long nextLow, long nextHigh, int count) {
        return bytesFrom(low, high, nextLow, nextHigh, count + 8);
    }

    /** PHMINPOSUW: the least of eight unsigned words, and its position from bit 16; the upper half of the result is zero. */
    public static long minimumPosition(long low, long high) {
        int least = Integer.MAX_VALUE;
        int position = 0;
        for (int i = 0; i < 8; i++) {
            int word = (int) ((i < 4 ? low : high) >>> (i << 4) & 0xFFFF);
            if (word < least) {
                least = word;
                position = i;
            }
        }
        return least | (long) position << 16;
    }

    /** MPSADBW, the lower half: sums of absolute differences of four bytes at eleven successive places against one group of four. */
    public static long multipleSumsLow(long aLow, long aHigh, long bLow, long bHigh, int immediate) {
        return multipleSums(aLow, aHigh, bLow, bHigh, immediate, 0);
    }

    /** MPSADBW, the upper half. */
    public static long multipleSumsHigh(long aLow, long aHigh, long bLow, long bHigh, int immediate) {
        return multipleSums(aLow, aHigh, bLow, bHigh, immediate, 4);
    }

    private static long multipleSums(long aLow, long aHigh, long bLow, long bHigh, int immediate, int first) {
        int aOffset = (immediate & 4) + first;
        int bOffset = (immediate & 3) << 2;
        long r = 0;
        for (int j = 0; j < 4; j++) {
            int sum = 0;
            for (int k = 0; k < 4; k++) {
                sum += Math.abs(octet(aLow, aHigh, aOffset + j + k) - octet(bLow, bHigh, bOffset + k));
            }
            r |= (long) sum << (j << 4);
        }
        return r;
    }

    private static int octet(long low, long high, int index) {
        return (int) ((index < 8 ? low : high) >>> (index << 3) & 0xFF);
    }

    private static long bytesFrom(long w0, long w1, long w2, long w3, int offset) {
        int shift = (offset & 7) << 3;
        long lower = pick(w0, w1, w2, w3, offset >>> 3);
        long upper = pick(w0, w1, w2, w3, (offset >>> 3) + 1);
        return shift == 0 ? lower : lower >>> shift | upper << (64 - shift);
    }

    private static long pick(long w0, long w1, long w2, long w3, int index) {
        return switch (index) {
            case 0 -> w0;
            case 1 -> w1;
            case 2 -> w2;
            case 3 -> w3;
            default -> 0;
        };
    }
}
