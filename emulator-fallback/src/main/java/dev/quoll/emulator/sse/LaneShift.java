package dev.quoll.emulator.sse;

import dev.quoll.emulator.fpu.PackedInteger;

/** Packed shifts of one 64-bit half, by number (PSLLW to PSRAD); for XMM and MMX alike. */
public final class LaneShift {
    public static final int LEFT = 0;
    public static final int RIGHT = 1;
    public static final int ARITHMETIC = 2;

    private LaneShift() {}

    /**
     * Shifts every lane.
     *
     * @param size bytes of a lane: 2, 4 or 8
     * @param count any unsigned number; beyond the lane's bits there is nothing left but the sign
     */
    public static long apply(int operation, int size, long a, long count) {
        int bits = size * 8;
        int n = Long.compareUnsigned(count, bits) < 0 ? (int) count : bits;
        if (operation == ARITHMETIC) {
            return arithmetic(size, a, Math.min(n, bits - 1));
        }
        if (n == bits) {
            return 0;
        }
        long lane = -1L >>> 64 - bits;
        return operation == LEFT
                ? (a << n) & replicate(lane << n & lane, size)
                : a >>> n & replicate(lane >>> n, size);
    }

    private static long arithmetic(int size, long a, int n) {
        long lanes = LaneOperation.topBits(size == 2 ? LaneOperation.WORDS : LaneOperation.DWORDS);
        long shifted = a >>> n & replicate((-1L >>> 64 - size * 8) >>> n, size);
        // Flipping and subtracting the shifted sign bit extends it over the bits above.
        long sign = lanes >>> n;
        return PackedInteger.subtract(shifted ^ sign, sign, lanes);
    }

    private static long replicate(long lane, int size) {
        return switch (size) {
            case 2 -> lane * 0x0001_0001_0001_0001L;
            case 4 -> lane * 0x0000_0001_0000_0001L;
            default -> lane;
        };
    }
}
