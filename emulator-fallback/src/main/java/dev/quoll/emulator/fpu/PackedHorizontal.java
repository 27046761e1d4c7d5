package dev.quoll.emulator.fpu;

/**
 * Horizontal packed integer operations: neighbours within one operand are combined (SDM vol. 2, PHADDW and following). Each function gives the
 * half of the result that comes from one 128-bit operand: the destination gives the lower half, the source the upper. For MMX the two
 * arguments are the destination and the source.
 */
public final class PackedHorizontal {
    private PackedHorizontal() {}

    /** PHADDW. */
    public static long addWords(long low, long high) {
        return PackedInteger.add(evenWords(low, high), oddWords(low, high), PackedInteger.WORDS);
    }

    /** PHADDSW. */
    public static long addWordsSigned(long low, long high) {
        return PackedInteger.addSigned(evenWords(low, high), oddWords(low, high), PackedInteger.WORDS);
    }

    /** PHSUBW. */
    public static long subtractWords(long low, long high) {
        return PackedInteger.subtract(evenWords(low, high), oddWords(low, high), PackedInteger.WORDS);
    }

    /** PHSUBSW. */
    public static long subtractWordsSigned(long low, long high) {
        return PackedInteger.subtractSigned(evenWords(low, high), oddWords(low, high), PackedInteger.WORDS);
    }

    /** PHADDD. */
    public static long addDwords(long low, long high) {
        return (int) low + (int) (low >>> 32) & 0xFFFF_FFFFL | (long) ((int) high + (int) (high >>> 32)) << 32;
    }

    /** PHSUBD. */
    public static long subtractDwords(long low, long high) {
        return (int) low - (int) (low >>> 32) & 0xFFFF_FFFFL | (long) ((int) high - (int) (high >>> 32)) << 32;
    }

    /** PMOVMSKB of eight bytes: their sign bits, the lowest byte's in bit 0. */
    public static int signBits(long bytes) {
        // The multiplication gathers the eight bits, now seven apart, in the top byte.
        return (int) ((bytes & PackedInteger.BYTES) * 0x0002_0408_1020_4081L >>> 56);
    }

    private static long evenWords(long low, long high) {
        return closeUp(low) | closeUp(high) << 32;
    }

    private static long oddWords(long low, long high) {
        return closeUp(low >>> 16) | closeUp(high >>> 16) << 32;
    }

    private static long closeUp(long x) {
        return x & 0xFFFF | x >>> 16 & 0xFFFF_0000L;
    }
}
