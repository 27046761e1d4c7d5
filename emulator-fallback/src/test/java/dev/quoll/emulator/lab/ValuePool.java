package dev.quoll.emulator.lab;

import dev.quoll.emulator.oracle.ValueGenerator;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/** Operand values made in advance and renewed all the time: making them anew would cost more than running a case. */
final class ValuePool {
    private static final int SIZE = 1 << 15;
    private static final int RENEWED = 256;
    /** Numbers a piece may have. */
    private static final int LONGEST_PIECE = 64;

    private final Random random;
    private final ValueGenerator values;
    private final long[] pool = new long[SIZE + LONGEST_PIECE];
    private final MemorySegment segment = MemorySegment.ofArray(pool);

    ValuePool(Random random) {
        this.random = random;
        values = new ValueGenerator(random);
        for (int i = 0; i < pool.length; i++) {
            pool[i] = fresh();
        }
    }

    private long fresh() {
        return random.nextBoolean() ? values.integer() : values.next();
    }

    /** A value. */
    long next() {
        return pool[(int) (random.nextLong() >>> 49)];
    }

    /** Writes values, 64 at most, that stand side by side in the pool. */
    void fill(MemorySegment target, long offset, int count) {
        MemorySegment.copy(segment, ValueLayout.JAVA_LONG, 8L * random.nextInt(SIZE), target, ValueLayout.JAVA_LONG_UNALIGNED, offset, count);
    }

    /** Replaces some values by others. */
    void renew() {
        for (int i = 0; i < RENEWED; i++) {
            pool[random.nextInt(pool.length)] = fresh();
        }
    }
}
