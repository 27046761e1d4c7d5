package dev.quoll.emulator.lab;

import java.util.Random;

/** A generator that costs a nanosecond (xorshift64*, Marsaglia and Vigna), since a case takes some hundred numbers. */
final class LabRandom extends Random {
    private static final long serialVersionUID = 1L;

    private transient long state;

    LabRandom(long seed) {
        super(0);
        state = (seed ^ 0x9e37_79b9_7f4a_7c15L) * 0xbf58_476d_1ce4_e5b9L;
        if (state == 0) {
            state = 1;
        }
        for (int i = 0; i < 8; i++) {
            nextLong();
        }
    }

    @Override
    protected int next(int bits) {
        return (int) (nextLong() >>> 64 - bits);
    }

    @Override
    public long nextLong() {
        long x = state;
        x ^= x >>> 12;
        x ^= x << 25;
        x ^= x >>> 27;
        state = x;
        return x * 0x2545_f491_4f6c_dd1dL;
    }

    /** A number from 0 to bound - 1. */
    @Override
    public int nextInt(int bound) {
        return (int) ((nextLong() >>> 32) * bound >>> 32);
    }

    @Override
    public boolean nextBoolean() {
        return nextLong() < 0;
    }
}
