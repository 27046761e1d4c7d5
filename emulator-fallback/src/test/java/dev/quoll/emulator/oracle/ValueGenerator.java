package dev.quoll.emulator.oracle;

import java.util.Random;

/** Operand values that go wrong: edges of integers of every width, NaNs, denormals and infinities, and plain noise. */
public final class ValueGenerator {
    private static final int[] SINGLES = {
        0, 1, 0x7fffff, 0x800000, 0x800001, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3f000000, 0x3fc00000, 0x40200000,
        0x4b000000, 0x4effffff, 0x4f000000, 0x5f000000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fa00000, 0x7fc00000,
        0x7fc12345, 0x34000000
    };
    private static final long[] DOUBLES = {
        0, 1, 0xf_ffff_ffff_ffffL, 0x10_0000_0000_0000L, 0x3fef_ffff_ffff_ffffL, 0x3ff0_0000_0000_0000L,
        0x3ff0_0000_0000_0001L, 0x3fe0_0000_0000_0000L, 0x3ff8_0000_0000_0000L, 0x41df_ffff_ffc0_0000L,
        0x41df_ffff_ffe0_0000L, 0x41e0_0000_0000_0000L, 0x43e0_0000_0000_0000L, 0x47ef_ffff_f000_0000L,
        0x380f_ffff_e000_0000L, 0x36a0_0000_0000_0000L, 0x7fef_ffff_ffff_ffffL, 0x7ff0_0000_0000_0000L,
        0x7ff0_0000_0000_0001L, 0x7ff8_0000_0000_0000L, 0x7ff8_1234_5678_9abcL
    };
    private static final long[] INTEGERS = {0, 1, 2, 7, 8, 15, 16, 31, 32, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, -1};

    private final Random random;

    public ValueGenerator(Random random) {
        this.random = random;
    }

    /** Any 64 bits: edges of integers, singles and doubles, equal lanes, noise. */
    public long next() {
        return switch (random.nextInt(8)) {
            case 0 -> INTEGERS[random.nextInt(INTEGERS.length)];
            case 1 -> spread(8, 0x80);
            case 2 -> spread(16, 0x8000);
            case 3 -> single() & 0xffff_ffffL | (long) single() << 32;
            case 4 -> DOUBLES[random.nextInt(DOUBLES.length)] ^ random.nextLong() & Long.MIN_VALUE;
            case 5 -> moderateDouble();
            case 6 -> moderateSingle() & 0xffff_ffffL | (long) moderateSingle() << 32;
            default -> random.nextLong();
        };
    }

    /** An integer at or next to an edge of some width, a single bit, a mask, a small number, or noise of any length. */
    public long integer() {
        return switch (random.nextInt(8)) {
            case 0 -> INTEGERS[random.nextInt(INTEGERS.length)];
            case 1 -> random.nextInt(256);
            case 2 -> (1L << random.nextInt(64)) + random.nextInt(3) - 1;
            case 3 -> -(1L << random.nextInt(64)) + random.nextInt(3) - 1;
            case 4 -> spread(8 << random.nextInt(2), 0x80);
            case 5 -> random.nextLong() >> random.nextInt(64);
            case 6 -> random.nextLong() >>> random.nextInt(64);
            default -> random.nextLong();
        };
    }

    /** Lanes that are 0, one of the lane's extremes, or random; equal lanes are frequent. */
    private long spread(int bits, int top) {
        long value = 0;
        int choice = random.nextInt(4);
        for (int shift = 0; shift < 64; shift += bits) {
            long lane = switch (random.nextInt(4) == 0 ? random.nextInt(5) : choice) {
                case 0 -> 0;
                case 1 -> top;
                case 2 -> top - 1;
                case 3 -> top * 2L - 1;
                default -> random.nextInt(top * 2);
            };
            value |= lane << shift;
        }
        return value;
    }

    private int single() {
        return SINGLES[random.nextInt(SINGLES.length)] ^ random.nextInt() & Integer.MIN_VALUE;
    }

    private int moderateSingle() {
        return Float.floatToRawIntBits((random.nextFloat() - 0.5f) * (1L << random.nextInt(40)));
    }

    private long moderateDouble() {
        return Double.doubleToRawLongBits((random.nextDouble() - 0.5) * (double) (1L << random.nextInt(62)));
    }
}
