package dev.quoll.emulator.apic;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApicTimerTest {
    private static final int LVT_TIMER = 0x320;
    private static final int INITIAL = 0x380;
    private static final int CURRENT = 0x390;
    private static final int DIVIDE = 0x3e0;
    private static final int VECTOR = 0x31;

    private final ApicBench bench = new ApicBench(1);
    private final LocalApic apic = bench.apic(0);

    @AfterEach
    void close() {
        bench.close();
    }

    private int read(int offset) {
        return (int) apic.readMmio(offset, 4);
    }

    private void write(int offset, int value) {
        apic.writeMmio(offset, 4, value);
    }

    private boolean fired() {
        return !bench.serveAll(apic).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0,2", "1,4", "2,8", "3,16", "8,32", "9,64", "10,128", "11,1"})
    void oneShotCountsDividedBusTicksOnce(int register, int divider) {
        write(LVT_TIMER, VECTOR);
        write(DIVIDE, register);
        write(INITIAL, 1000);
        assertThat(read(DIVIDE)).isEqualTo(register);
        bench.advance(400L * divider);
        assertThat(read(CURRENT)).isEqualTo(600);
        bench.advance(600L * divider - 1);
        assertThat(fired()).isFalse();
        assertThat(read(CURRENT)).isEqualTo(1);
        bench.advance(1);
        assertThat(fired()).isTrue();
        assertThat(read(CURRENT)).isZero();
        bench.advance(1_000_000);
        assertThat(fired()).isFalse();
    }

    @Test
    void periodicComesEveryPeriodAndDropsWhatWasMissed() {
        write(LVT_TIMER, 1 << 17 | VECTOR);
        write(DIVIDE, 0xb);
        write(INITIAL, 100_000);
        for (int tick = 0; tick < 20; tick++) {
            bench.advance(99_999);
            assertThat(fired()).isFalse();
            bench.advance(1);
            assertThat(fired()).isTrue();
        }
        bench.advance(100_000L * 1000 + 30_000);
        assertThat(bench.serveAll(apic)).containsExactly(VECTOR);
        assertThat(read(CURRENT)).isEqualTo(70_000);
        bench.advance(69_999);
        assertThat(fired()).isFalse();
        bench.advance(1);
        assertThat(fired()).as("still in step with the start").isTrue();
        write(INITIAL, 0);
        bench.advance(1_000_000);
        assertThat(fired()).isFalse();
    }

    @Test
    void aTinyPeriodIsStretched() {
        write(LVT_TIMER, 1 << 17 | VECTOR);
        write(DIVIDE, 0xb);
        write(INITIAL, 1);
        bench.advance(ApicTimer.SHORTEST_PERIOD_NANOS - 1);
        assertThat(fired()).isFalse();
        bench.advance(1);
        assertThat(fired()).isTrue();
    }

    @Test
    void aMaskedTimerCountsInSilence() {
        write(LVT_TIMER, 1 << 16 | VECTOR);
        write(DIVIDE, 0xb);
        write(INITIAL, 500);
        bench.advance(100);
        assertThat(read(CURRENT)).isEqualTo(400);
        bench.advance(400);
        assertThat(fired()).isFalse();
        assertThat(read(CURRENT)).isZero();
    }

    @Test
    void changingTheDividerKeepsTheCount() {
        write(LVT_TIMER, VECTOR);
        write(DIVIDE, 0xb);
        write(INITIAL, 1000);
        bench.advance(500);
        write(DIVIDE, 0);
        assertThat(read(CURRENT)).isEqualTo(500);
        bench.advance(999);
        assertThat(fired()).isFalse();
        bench.advance(1);
        assertThat(fired()).isTrue();
    }

    @Test
    void deadlinesAreInTicksOfThisCpusTsc() {
        apic.setTscOffset(5_000_000);
        write(LVT_TIMER, 2 << 17 | VECTOR);
        long now = bench.clock.tsc() + 5_000_000;
        apic.writeTscDeadline(now + 2000);
        assertThat(apic.tscDeadline()).isEqualTo(now + 2000);
        bench.advance(999);
        assertThat(fired()).isFalse();
        bench.advance(1);
        assertThat(fired()).isTrue();
        assertThat(apic.tscDeadline()).isZero();
    }

    @Test
    void aPassedDeadlineFiresAtOnceAndZeroDisarms() {
        write(LVT_TIMER, 2 << 17 | VECTOR);
        apic.writeTscDeadline(bench.clock.tsc());
        assertThat(fired()).isTrue();
        assertThat(apic.tscDeadline()).isZero();
        apic.writeTscDeadline(bench.clock.tsc() + 1000);
        apic.writeTscDeadline(0);
        bench.advance(10_000);
        assertThat(fired()).isFalse();
        apic.writeTscDeadline(-1L);
        bench.advance(10_000);
        assertThat(fired()).isFalse();
        assertThat(apic.tscDeadline()).isEqualTo(-1L);
    }

    @Test
    void aMovedTscMovesTheDeadline() {
        write(LVT_TIMER, 2 << 17 | VECTOR);
        apic.writeTscDeadline(bench.clock.tsc() + 20_000);
        apic.setTscOffset(10_000);
        bench.advance(5_000);
        assertThat(fired()).isTrue();
        apic.writeTscDeadline(bench.clock.tsc() + 10_000 + 20_000);
        apic.setTscOffset(1_000_000);
        assertThat(fired()).isTrue();
    }

    @Test
    void modesIgnoreEachOthersRegistersAndDisarmOnChange() {
        write(LVT_TIMER, VECTOR);
        apic.writeTscDeadline(bench.clock.tsc() + 10);
        assertThat(apic.tscDeadline()).isZero();
        write(DIVIDE, 0xb);
        write(INITIAL, 1000);
        write(LVT_TIMER, 2 << 17 | VECTOR);
        bench.advance(2000);
        assertThat(fired()).isFalse();
        write(INITIAL, 1000);
        assertThat(read(CURRENT)).isZero();
        apic.writeTscDeadline(bench.clock.tsc() + 1000);
        write(LVT_TIMER, VECTOR);
        bench.advance(2000);
        assertThat(fired()).isFalse();
        assertThat(apic.tscDeadline()).isZero();
    }
}
