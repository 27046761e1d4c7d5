package dev.quoll.emulator.sse;

import dev.quoll.emulator.fpu.PackedInteger;

/** PHADDx and PHSUBx: sums and differences of neighbouring lanes of two longs, by number; for XMM and MMX alike. */
public final class HorizontalOperation {
    public static final int ADD_WORDS = 0;
    public static final int ADD_DWORDS = 1;
    public static final int ADD_WORDS_SIGNED = 2;
    public static final int SUBTRACT_WORDS = 3;
    public static final int SUBTRACT_DWORDS = 4;
    public static final int SUBTRACT_WORDS_SIGNED = 5;

    private HorizontalOperation() {}

    /** Results of the lanes of {@code low}, then of those of {@code high}. */
    public static long apply(int operation, long low, long high) {
        boolean dwords = operation == ADD_DWORDS || operation == SUBTRACT_DWORDS;
        long even = dwords ? Interleave.dwords(low, high) : evenWords(low) | evenWords(high) << 32;
        long odd = dwords
                ? Interleave.dwords(low >>> 32, high >>> 32)
                : evenWords(low >>> 16) | evenWords(high >>> 16) << 32;
        return switch (operation) {
            case ADD_WORDS -> PackedInteger.add(even, odd, PackedInteger.WORDS);
            case ADD_DWORDS -> PackedInteger.add(even, odd, PackedInteger.DWORDS);
            case ADD_WORDS_SIGNED -> PackedInteger.addSigned(even, odd, PackedInteger.WORDS);
            case SUBTRACT_WORDS -> PackedInteger.subtract(even, odd, PackedInteger.WORDS);
            case SUBTRACT_DWORDS -> PackedInteger.subtract(even, odd, PackedInteger.DWORDS);
            case SUBTRACT_WORDS_SIGNED -> PackedInteger.subtractSigned(even, odd, PackedInteger.WORDS);
            default -> throw new IllegalArgumentException("no horizontal operation " + operation);
        };
    }

    private static long evenWords(long half) {
        return half & 0xffff | half >>> 16 & 0xffff_0000L;
    }
}
