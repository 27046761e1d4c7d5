package dev.quoll.emulator.fpu;

/**
 * PCLMULQDQ: the product of two 64-bit polynomials over GF(2) (SDM vol. 2, PCLMULQDQ).
 *
 * <p>Integer multiplications do the work: with only every fourth bit of each factor kept, sums of up to 16 ones cannot carry into the next kept
 * bit but the last, so the bits of the product that lie a multiple of four apart come out right.
 */
public final class CarrylessMultiply {
    private static final long EVERY_FOURTH = 0x1111_1111_1111_1111L;

    private CarrylessMultiply() {}

    /** Bits 0 to 63 of the product. */
    public static long low(long a, long b) {
        long a0 = a & EVERY_FOURTH;
        long a1 = a & EVERY_FOURTH << 1;
        long a2 = a & EVERY_FOURTH << 2;
        long a3 = a & EVERY_FOURTH << 3;
        long b0 = b & EVERY_FOURTH;
        long b1 = b & EVERY_FOURTH << 1;
        long b2 = b & EVERY_FOURTH << 2;
        long b3 = b & EVERY_FOURTH << 3;
        long r0 = a0 * b0 ^ a1 * b3 ^ a2 * b2 ^ a3 * b1;
        long r1 = a0 * b1 ^ a1 * b0 ^ a2 * b3 ^ a3 * b2;
        long r2 = a0 * b2 ^ a1 * b1 ^ a2 * b0 ^ a3 * b3;
        long r3 = a0 * b3 ^ a1 * b2 ^ a2 * b1 ^ a3 * b0;
        return r0 & EVERY_FOURTH | r1 & EVERY_FOURTH << 1 | r2 & EVERY_FOURTH << 2 | r3 & EVERY_FOURTH << 3;
    }

    /** Bits 64 to 127 of the product; the last is always zero. */
    public static long high(long a, long b) {
        // Reversed factors give the reversed product, of 127 bits.
        return Long.reverse(low(Long.reverse(a), Long.reverse(b))) >>> 1;
    }
}
