package dev.quoll.emulator.avx;

import dev.quoll.emulator.sse.LaneOperation;

/** The {@link LaneOperation}s by their numbers, and behind them the shifts by a count for each lane. */
final class QuadwordOperation {
    static final int SHIFT_DWORDS_LEFT = 64;
    static final int SHIFT_DWORDS_RIGHT = 65;
    static final int SHIFT_DWORDS_ARITHMETIC = 66;
    static final int SHIFT_QWORD_LEFT = 67;
    static final int SHIFT_QWORD_RIGHT = 68;

    private static final long DWORD = 0xffff_ffffL;

    private QuadwordOperation() {}

    /** As {@link LaneOperation#apply}. */
    static long apply(int operation, long lanes, long a, long b) {
        return operation < SHIFT_DWORDS_LEFT ? LaneOperation.apply(operation, lanes, a, b) : shift(operation, a, b);
    }

    /** A count beyond the lane's bits leaves nothing but, where it counts, the sign. */
    private static long shift(int operation, long a, long counts) {
        return switch (operation) {
            case SHIFT_DWORDS_LEFT -> left(a & DWORD, counts & DWORD) | left(a >>> 32, counts >>> 32) << 32;
            case SHIFT_DWORDS_RIGHT -> right(a & DWORD, counts & DWORD) | right(a >>> 32, counts >>> 32) << 32;
            case SHIFT_DWORDS_ARITHMETIC ->
                arithmetic((int) a, counts & DWORD) & DWORD | (long) arithmetic((int) (a >>> 32), counts >>> 32) << 32;
            case SHIFT_QWORD_LEFT -> Long.compareUnsigned(counts, 64) < 0 ? a << counts : 0;
            case SHIFT_QWORD_RIGHT -> Long.compareUnsigned(counts, 64) < 0 ? a >>> counts : 0;
            default -> throw new IllegalArgumentException("no operation " + operation);
        };
    }

    private static long left(long dword, long count) {
        return count < 32 ? dword << count & DWORD : 0;
    }

    private static long right(long dword, long count) {
        return count < 32 ? dword >>> count : 0;
    }

    private static int arithmetic(int dword, long count) {
        return dword >> Math.min(count, 31);
    }
}
