package dev.quoll.emulator.fpu;

import java.util.Random;

/** Operands and MXCSR values that go wrong, for the tests of SSE arithmetic against the host CPU. */
final class SseOperands {
    private static final long[] EDGES_32 = {
        0, 1, 2, 0x7FFFFF, 0x800000, 0x800001, 0x1000000, 0x3F7FFFFF, 0x3F800000, 0x3F800001, 0x3F000000, 0x3F000001, 0x3FC00000, 0x40200000,
        0x4B000000, 0x4AFFFFFF, 0x4EFFFFFF, 0x4F000000, 0x5EFFFFFF, 0x5F000000, 0x7F7FFFFF, 0x7F800000, 0x7F800001, 0x7FA00000, 0x7FC00000,
        0x7FC12345, 0x00FFFFFF, 0x34000000, 0x33FFFFFF
    };
    private static final long[] EDGES_64 = {
        0,
        1,
        0xFFFFFFFFFFFFFL,
        0x10000000000000L,
        0x10000000000001L,
        0x20000000000000L,
        0x3FEFFFFFFFFFFFFFL,
        0x3FF0000000000000L,
        0x3FF0000000000001L,
        0x3FE0000000000000L,
        0x3FE0000000000001L,
        0x3FF8000000000000L,
        0x4004000000000000L,
        0x41DFFFFFFFC00000L,
        0x41DFFFFFFFE00000L,
        0x41DFFFFFFFDFFFFFL,
        0x41E0000000000000L,
        0x41E0000000100000L,
        0x43DFFFFFFFFFFFFFL,
        0x43E0000000000000L,
        0x4330000000000000L,
        0x432FFFFFFFFFFFFFL,
        0x47EFFFFFE0000000L,
        0x47EFFFFFF0000000L,
        0x47EFFFFFEFFFFFFFL,
        0x380FFFFFFFFFFFFFL,
        0x380FFFFFE0000000L,
        0x3810000000000000L,
        0x36A0000000000000L,
        0x3690000000000001L,
        0x7FEFFFFFFFFFFFFFL,
        0x7FF0000000000000L,
        0x7FF0000000000001L,
        0x7FF4000000000000L,
        0x7FF8000000000000L,
        0x7FF8123456789ABCL
    };



    private SseOperands() {}

    static long[] edges(boolean single) {
        return single ? EDGES_32 : EDGES_64;
    }

    /** Every rounding mode, FTZ, DAZ, sticky flags; half of them with every exception masked. */
    static int mxcsr(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> 0x1F80 | FpException.PRECISION;
            case 1 -> 0x1F80 | random.nextInt(4) << 13;
            case 2 -> 0x1F80 | random.nextInt(0x10000) & 0xE07F;
            default -> random.nextInt(0x10000);
        };
    }

    static long single(Random random) {
        return operand(true, random);
    }

    /** The bits of a single, zero-extended, or of a double. */
    static long operand(boolean single, Random random) {
        long[] edges = edges(single);
        long bits = random.nextLong();
        long value =
                switch (random.nextInt(6)) {
                    case 0 -> edges[random.nextInt(edges.length)] + random.nextInt(5) - 2;
                    case 1 -> bits >>> random.nextInt(64);
                    case 2 -> bits;
                    case 3 -> single
                            ? Float.floatToRawIntBits(random.nextInt(1 << 24) * 0x1p-12f)
                            : Double.doubleToRawLongBits((bits >>> 11) * 0x1p-22 / (1 << random.nextInt(30)));
                    case 4 -> single
                            ? Float.floatToRawIntBits((float) random.nextGaussian())
                            : Double.doubleToRawLongBits(random.nextGaussian());
                    // Near the overflow and underflow of products and conversions.
                    default -> single
                            ? (bits & 0x007FFFFF) | (long) (random.nextBoolean() ? random.nextInt(70) : 190 + random.nextInt(66)) << 23
                            : (bits & 0xFFFFFFFFFFFFFL) | (long) (random.nextBoolean() ? random.nextInt(600) : 870 + random.nextInt(330)) << 52;
                };
        value = random.nextBoolean() ? value : value ^ (single ? 0x80000000L : Long.MIN_VALUE);
        return single ? value & 0xFFFFFFFFL : value;
    }

    /** One of each kind of number and NaN, with random signs and payloads. */
    static long[] specials(boolean single, Random random) {
        long[] values = new long[10];
        BinaryFormat f = single ? BinaryFormat.SINGLE : BinaryFormat.DOUBLE;
        long payload = 1 + random.nextInt(1 << 21);
        long[] kinds = {0, 0, payload, f.quietBit << 2, f.infinity, f.infinity, f.infinity | payload, f.infinity | f.quietBit | payload};
        for (int i = 0; i < values.length; i++) {
            long value = i < kinds.length ? kinds[i] : operand(single, random);
            values[i] = random.nextBoolean() ? value : value ^ f.signBit;
        }
        return values;
    }

    /** Three operands of x * y + z: independent ones, or such that the sum cancels, or rounds at its last bits. */
    static long[] triple(boolean single, Random random) {
        long x = operand(single, random);
        long y = operand(single, random);
        long z = operand(single, random);
        int kind = random.nextInt(4);
        if (kind < 2) {
            return new long[] {x, y, z};
        }
        int sign = random.nextInt(2);
        int near = random.nextInt(5) - 2;
        if (single) {
            int product = Float.floatToRawIntBits(Float.intBitsToFloat((int) x) * Float.intBitsToFloat((int) y));
            // Near the product, or about a significand's length away from it.
            int apart = kind == 2 ? near : (random.nextInt(60) - 30 << 23) + near;
            z = product + apart ^ sign << 31;
            return new long[] {x, y, z & 0xFFFF_FFFFL};
        }
        long product = Double.doubleToRawLongBits(Double.longBitsToDouble(x) * Double.longBitsToDouble(y));
        long apart = kind == 2 ? near : ((long) random.nextInt(130) - 65 << 52) + near;
        return new long[] {x, y, product + apart ^ (long) sign << 63};
    }

    /** A single around the range of halves and their rounding, or any. */
    static long nearHalf(Random random) {
        if (random.nextInt(4) == 0) {
            return single(random);
        }
        int exponent = 127 - 28 + random.nextInt(48);
        int fraction = random.nextInt(1 << 23);
        if (random.nextBoolean()) {
            // Few bits below the half's last one: exact results and ties.
            fraction &= -1 << 10 + random.nextInt(4);
        }
        return (long) random.nextInt(2) << 31 | (long) exponent << 23 | fraction;
    }
}
