package dev.quoll.emulator.sse;

/** Elements picked from and spread over 64-bit halves: unpacks, shuffles and widening moves, for XMM and MMX alike. */
public final class Interleave {
    private Interleave() {}

    /** PUNPCKLBW: the low four bytes of each, a's first. */
    public static long bytes(long a, long b) {
        return spreadBytes(a) | spreadBytes(b) << 8;
    }

    /** PUNPCKLWD: the low two words of each, a's first. */
    public static long words(long a, long b) {
        return spreadWords(a) | spreadWords(b) << 16;
    }

    /** PUNPCKLDQ: the low doubleword of each, a's first. */
    public static long dwords(long a, long b) {
        return a & 0xffff_ffffL | b << 32;
    }

    /** PSHUFW: four words chosen by two bits each. */
    public static long shuffleWords(long a, int control) {
        return word(a, control) | word(a, control >> 2) << 16 | word(a, control >> 4) << 32 | word(a, control >> 6) << 48;
    }

    /** Two of four doublewords, chosen by two bits each: half of a PSHUFD or SHUFPS. */
    static long shuffleDwords(long low, long high, int control) {
        return dword(low, high, control) | dword(low, high, control >> 2) << 32;
    }

    /** Doubleword {@code index & 3} of 16 bytes, zero-extended. */
    public static long dword(long low, long high, int index) {
        return ((index & 2) == 0 ? low : high) >>> ((index & 1) << 5) & 0xffff_ffffL;
    }

    /** The low four bytes, each in a word of its own. */
    static long spreadBytes(long a) {
        long words = spreadWords16(a & 0xffff_ffffL);
        return (words | words << 8) & 0x00ff_00ff_00ff_00ffL;
    }

    /** The low two words, each in a doubleword of its own. */
    static long spreadWords(long a) {
        return spreadWords16(a & 0xffff_ffffL);
    }

    private static long spreadWords16(long a) {
        return (a | a << 16) & 0x0000_ffff_0000_ffffL;
    }

    /** PMOVSXxx and PMOVZXxx: eight bytes of wide elements from the lowest narrow ones. */
    public static long widen(long elements, int fromBits, int toBits, boolean signed) {
        long result = 0;
        for (int from = 0, to = 0; to < 64; from += fromBits, to += toBits) {
            long top = elements >>> from << 64 - fromBits;
            long element = signed ? top >> 64 - fromBits : top >>> 64 - fromBits;
            result |= (element & -1L >>> 64 - toBits) << to;
        }
        return result;
    }

    private static long word(long a, int index) {
        return a >>> ((index & 3) << 4) & 0xffff;
    }
}
