package dev.quoll.emulator.clock;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.GuestClock;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MsrTable;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.SparseFileMemorySource;
import java.io.IOException;
import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KvmClockTest {
    private static final long PAGE = 0x2040;

    private final GuestMemory memory;

    KvmClockTest() throws IOException {
        memory = GuestMemory.create(new SparseFileMemorySource(), List.of(new RamRegion(0, 0x10000, 0)));
    }

    @AfterEach
    void close() {
        memory.close();
    }

    private static final class ManualClock implements GuestClock {
        private final long hz;
        private long now = 123_456_789;

        ManualClock(long hz) {
            this.hz = hz;
        }

        @Override
        public long nanos() {
            return now;
        }

        @Override
        public long wallNanos() {
            return 1_700_000_000_987_654_321L + now;
        }

        @Override
        public long tscHz() {
            return hz;
        }

        @Override
        public long tsc() {
            return scale(now, hz, 1_000_000_000L);
        }

        @Override
        public long nanosAtTsc(long tsc) {
            return scale(tsc, 1_000_000_000L, hz);
        }

        private static long scale(long value, long by, long per) {
            return BigInteger.valueOf(value)
                    .multiply(BigInteger.valueOf(by))
                    .divide(BigInteger.valueOf(per))
                    .longValue();
        }
    }

    /** What a guest computes from the structure, by the rule of the KVM documentation. */
    private long guestNanos(long tsc) {
        long delta = tsc - memory.readLong(PAGE + 8);
        int shift = memory.readByte(PAGE + 28);
        delta = shift >= 0 ? delta << shift : delta >>> -shift;
        BigInteger product = BigInteger.valueOf(delta)
                .multiply(BigInteger.valueOf(memory.readInt(PAGE + 24) & 0xffff_ffffL));
        return product.shiftRight(32).longValue() + memory.readLong(PAGE + 16);
    }

    @ParameterizedTest
    @ValueSource(longs = {1_000_000_000, 999_999_999, 2_445_000_000L, 3_999_123_457L, 400_000_000, 62_500_000})
    void theGuestsArithmeticGivesGuestTime(long hz) {
        ManualClock clock = new ManualClock(hz);
        KvmClock kvmClock = new KvmClock(memory, clock, 1);
        kvmClock.setTscOffset(0, 77_000);
        assertThat(kvmClock.write(0, MsrTable.KVM_SYSTEM_TIME_NEW, PAGE | 1)).isTrue();
        assertThat(memory.readInt(PAGE) & 1).isZero();
        assertThat(memory.readInt(PAGE)).isNotZero();
        assertThat(memory.readInt(PAGE + 24)).as("normalised").isNegative();
        assertThat(memory.readByte(PAGE + 29)).as("stable").isEqualTo((byte) 1);
        for (int step = 0; step < 100; step++) {
            clock.now += 36_000_000_000L;
            long guest = guestNanos(clock.tsc() + 77_000);
            // One tick, and 2^-31 of the hour that has passed at most.
            long tolerance = 1_000_000_000L / hz + 2 + (hz == 1_000_000_000 ? 0 : clock.now >>> 31);
            assertThat(Math.abs(guest - clock.now)).isLessThanOrEqualTo(tolerance);
        }
    }

    @Test
    void theFrequencyLinuxDerivesIsTheClocks() {
        new KvmClock(memory, new ManualClock(1_000_000_000), 1).write(0, MsrTable.KVM_SYSTEM_TIME, PAGE | 1);
        long khz = (1_000_000L << 32) / (memory.readInt(PAGE + 24) & 0xffff_ffffL);
        int shift = memory.readByte(PAGE + 28);
        assertThat(shift < 0 ? khz << -shift : khz >> shift).isEqualTo(1_000_000);
    }

    @Test
    void wallClockIsThatOfSystemTimeZero() {
        KvmClock kvmClock = new KvmClock(memory, new ManualClock(1_000_000_000), 1);
        assertThat(kvmClock.write(0, MsrTable.KVM_WALL_CLOCK_NEW, PAGE)).isTrue();
        assertThat(memory.readInt(PAGE)).isEqualTo(2);
        assertThat(memory.readInt(PAGE + 4)).isEqualTo(1_700_000_000);
        assertThat(memory.readInt(PAGE + 8)).isEqualTo(987_654_321);
        assertThat(kvmClock.read(0, MsrTable.KVM_WALL_CLOCK)).isEqualTo(PAGE);
    }

    @Test
    void tscsThatDifferAreNotStable() {
        KvmClock kvmClock = new KvmClock(memory, new ManualClock(1_000_000_000), 2);
        kvmClock.write(0, MsrTable.KVM_SYSTEM_TIME_NEW, PAGE | 1);
        kvmClock.write(1, MsrTable.KVM_SYSTEM_TIME_NEW, 0x3000 | 1);
        int version = memory.readInt(PAGE);
        kvmClock.setTscOffset(1, 5);
        assertThat(memory.readByte(PAGE + 29)).isZero();
        assertThat(memory.readInt(PAGE)).isEqualTo(version + 2);
        assertThat(memory.readLong(0x3000 + 8) - memory.readLong(PAGE + 8)).isEqualTo(5);
        kvmClock.setTscOffset(0, 5);
        assertThat(memory.readByte(PAGE + 29)).isEqualTo((byte) 1);
    }

    @Test
    void disabledOrOutsideRamWritesNothing() {
        KvmClock kvmClock = new KvmClock(memory, new ManualClock(1_000_000_000), 1);
        assertThat(kvmClock.write(0, MsrTable.KVM_SYSTEM_TIME_NEW, PAGE)).isTrue();
        assertThat(memory.readLong(PAGE + 8)).isZero();
        for (long address : new long[] {0xffe0 + 4, 0x10000, -8, Long.MIN_VALUE, 0x7fff_ffff_ffff_fff0L}) {
            assertThat(kvmClock.write(0, MsrTable.KVM_SYSTEM_TIME_NEW, address | 1)).isTrue();
            assertThat(kvmClock.write(0, MsrTable.KVM_WALL_CLOCK_NEW, address | 0x10)).isTrue();
        }
        assertThat(kvmClock.write(0, MsrTable.KVM_SYSTEM_TIME_NEW, PAGE | 3)).isFalse();
        assertThat(kvmClock.write(0, MsrTable.KVM_WALL_CLOCK_NEW, PAGE | 1)).isFalse();
        kvmClock.write(0, MsrTable.KVM_SYSTEM_TIME_NEW, PAGE | 1);
        kvmClock.reset();
        int version = memory.readInt(PAGE);
        kvmClock.refresh();
        assertThat(memory.readInt(PAGE)).isEqualTo(version);
        assertThat(kvmClock.read(0, MsrTable.KVM_SYSTEM_TIME_NEW)).isZero();
    }
}
