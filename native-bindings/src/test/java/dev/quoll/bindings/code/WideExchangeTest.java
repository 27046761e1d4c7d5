package dev.quoll.bindings.code;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.bindings.RequiresLinux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

@RequiresLinux
class WideExchangeTest {
    private static final long ROUNDS = 50_000;

    @BeforeAll
    static void hostHasIt() {
        Assumptions.assumeTrue(WideExchange.available());
    }

    private static MemorySegment longs(Arena arena, long... values) {
        MemorySegment segment = arena.allocate(8L * values.length, 16);
        MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_LONG, 0, values.length);
        return segment;
    }

    @Test
    void exchangesEqualOnly() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment operand = longs(arena, 1, 2);
            MemorySegment registers = longs(arena, 1, 20, 2, 10);
            assertThat(WideExchange.compareAndExchange(operand.address(), registers.address())).isTrue();
            assertThat(operand.toArray(ValueLayout.JAVA_LONG)).containsExactly(10, 20);
            assertThat(registers.toArray(ValueLayout.JAVA_LONG)).containsExactly(1, 20, 2, 10);
            assertThat(WideExchange.compareAndExchange(operand.address(), registers.address())).isFalse();
            assertThat(operand.toArray(ValueLayout.JAVA_LONG)).containsExactly(10, 20);
            assertThat(registers.toArray(ValueLayout.JAVA_LONG)).containsExactly(10, 20, 20, 10);
        }
    }

    @Test
    void bothHalvesChangeTogether() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment operand = longs(arena, 0, 0);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                threads.add(Thread.ofPlatform().start(() -> count(arena, operand)));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(operand.toArray(ValueLayout.JAVA_LONG)).containsExactly(3 * ROUNDS, -3 * ROUNDS);
        }
    }

    /** Adds one to the low half and takes one from the high half. */
    private static void count(Arena arena, MemorySegment operand) {
        MemorySegment registers = longs(arena, 0, 0, 0, 0);
        for (long i = 0; i < ROUNDS; i++) {
            do {
                registers.setAtIndex(ValueLayout.JAVA_LONG, 3, registers.getAtIndex(ValueLayout.JAVA_LONG, 0) + 1);
                registers.setAtIndex(ValueLayout.JAVA_LONG, 1, registers.getAtIndex(ValueLayout.JAVA_LONG, 2) - 1);
            } while (!WideExchange.compareAndExchange(operand.address(), registers.address()));
        }
    }
}
