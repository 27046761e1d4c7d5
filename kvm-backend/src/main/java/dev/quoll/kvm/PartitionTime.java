package dev.quoll.kvm;

import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_clock_data;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.machine.GuestClock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Guest time on KVM, whose clocks follow the host's and know no pause. How far the host's monotonic clock is ahead of guest
 * time is the lag: it stays the same while the guest runs and grows while it is paused. vCPUs take what has been added to
 * it off their TSC before they go on, and the paravirtual clock is set.
 */
final class PartitionTime {
    /** The lag's measure trembles by the time between two clock reads; a pause is longer. */
    private static final long TREMBLE_NANOS = 1_000_000;

    private final FileDescriptor machine;
    private final GuestClock clock;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile int tscKhz;
    private volatile long settled;
    private boolean hasCommon;
    private long common;

    PartitionTime(FileDescriptor machine, GuestClock clock) {
        this.machine = machine;
        this.clock = clock;
        settled = lag();
    }

    /** Frequency of the guests' TSC. */
    void setFrequency(int khz) {
        tscKhz = khz;
    }

    /** Nanoseconds, now. */
    long lag() {
        return System.nanoTime() - clock.nanos();
    }

    /** The lag, the same for all CPUs that ask between two pauses. */
    long settledLag() {
        long now = lag();
        if (Math.abs(now - settled) < TREMBLE_NANOS) {
            return settled;
        }
        lock.lock();
        try {
            now = lag();
            if (Math.abs(now - settled) >= TREMBLE_NANOS) {
                setParavirtualClock();
                settled = now;
            }
            return settled;
        } finally {
            lock.unlock();
        }
    }

    /** Makes KVM's clock (MSR_KVM_SYSTEM_TIME) read guest time. */
    private void setParavirtualClock() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = kvm_clock_data.allocate(arena);
            kvm_clock_data.clock(data, clock.nanos());
            machine.ioctl("KVM_SET_CLOCK", kvm_h.KVM_SET_CLOCK(), data);
        }
    }

    /** One TSC offset for all CPUs whose offsets differ by less than measuring can tell: guests compare their counters. */
    long common(long offset) {
        lock.lock();
        try {
            if (!hasCommon || Math.abs(offset - common) > ticks(TREMBLE_NANOS)) {
                hasCommon = true;
                common = offset;
            }
            return common;
        } finally {
            lock.unlock();
        }
    }

    /** Nanoseconds in ticks of the TSC. */
    long ticks(long nanos) {
        return nanos / 1_000_000 * tscKhz + nanos % 1_000_000 * tscKhz / 1_000_000;
    }

    /** Guest time in ticks of the TSC. */
    long clockTicks() {
        return ticks(clock.nanos());
    }
}
