package dev.quoll.emulator.clock;

import dev.quoll.machine.GuestClock;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MsrTable;
import java.lang.invoke.VarHandle;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The KVM clock of a machine: the MSRs by which each CPU names a page, and what stands there for the guest to turn its
 * TSC into nanoseconds. Source: Linux Documentation/virt/kvm/x86/msr.rst (structures pvclock_vcpu_time_info and
 * pvclock_wall_clock, version protocol).
 *
 * <p>TSC and guest time derive from one clock and stop together, so a page stays true across a pause and is written
 * again only when a CPU's TSC is moved or the machine is restored. Any thread.
 */
public final class KvmClock {
    private static final long ENABLE = 1;
    private static final int TIME_INFO_BYTES = 32;
    private static final int WALL_CLOCK_BYTES = 12;

    // Offsets in pvclock_vcpu_time_info.
    private static final int TSC_TIMESTAMP = 8;
    private static final int SYSTEM_TIME = 16;
    private static final int TSC_TO_SYSTEM_MUL = 24;
    private static final int TSC_SHIFT_AND_FLAGS = 28;

    /** PVCLOCK_TSC_STABLE_BIT, in the byte behind the shift: times read on different CPUs may be compared. */
    private static final int TSC_STABLE = 1 << 8;

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final GuestMemory memory;
    private final GuestClock clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final long[] systemTime;
    private final long[] tscOffset;
    private long wallClock;
    private final int multiplier;
    private final int shift;

    /** @param cpus number of CPUs, whose indices the other methods take */
    public KvmClock(GuestMemory memory, GuestClock clock, int cpus) {
        this.memory = memory;
        this.clock = clock;
        systemTime = new long[cpus];
        tscOffset = new long[cpus];
        // nanoseconds = (ticks << shift) * multiplier >> 32, with bit 31 of the multiplier set for the best precision.
        BigInteger fraction = BigInteger.valueOf(NANOS_PER_SECOND)
                .shiftLeft(96)
                .divide(BigInteger.valueOf(clock.tscHz()));
        int excess = fraction.bitLength() - 32;
        multiplier = fraction.shiftRight(excess).intValue();
        shift = excess - 64;
    }

    /** Whether an MSR is one of the clock's. */
    public static boolean owns(int msr) {
        return switch (msr) {
            case MsrTable.KVM_WALL_CLOCK,
                    MsrTable.KVM_SYSTEM_TIME,
                    MsrTable.KVM_WALL_CLOCK_NEW,
                    MsrTable.KVM_SYSTEM_TIME_NEW -> true;
            default -> false;
        };
    }

    /** RDMSR: the value last written. */
    public long read(int cpu, int msr) {
        lock.lock();
        try {
            return isWallClock(msr) ? wallClock : systemTime[cpu];
        } finally {
            lock.unlock();
        }
    }

    /**
     * WRMSR: fills the structure that the value points to. An address outside RAM is taken and leads to no write, as on
     * KVM.
     *
     * @return false for #GP: the address is not a multiple of four
     */
    public boolean write(int cpu, int msr, long value) {
        boolean wall = isWallClock(msr);
        if ((value & (wall ? 3 : 2)) != 0) {
            return false;
        }
        lock.lock();
        try {
            if (wall) {
                wallClock = value;
                writeWallClock(value);
            } else {
                systemTime[cpu] = value;
                writeTimeInfo(cpu);
            }
        } finally {
            lock.unlock();
        }
        return true;
    }

    /** Tells how far a CPU's TSC is ahead of the clock's, after each change. */
    public void setTscOffset(int cpu, long ticks) {
        lock.lock();
        try {
            if (tscOffset[cpu] != ticks) {
                tscOffset[cpu] = ticks;
                refresh();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Writes every page again: the clock has been set (restore of a snapshot). */
    public void refresh() {
        lock.lock();
        try {
            for (int cpu = 0; cpu < systemTime.length; cpu++) {
                writeTimeInfo(cpu);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Power-on state: no page is written any more, and every TSC is the clock's. */
    public void reset() {
        lock.lock();
        try {
            Arrays.fill(systemTime, 0);
            Arrays.fill(tscOffset, 0);
            wallClock = 0;
        } finally {
            lock.unlock();
        }
    }

    private static boolean isWallClock(int msr) {
        return msr == MsrTable.KVM_WALL_CLOCK || msr == MsrTable.KVM_WALL_CLOCK_NEW;
    }

    private void writeTimeInfo(int cpu) {
        long address = systemTime[cpu] & ~ENABLE;
        if ((systemTime[cpu] & ENABLE) == 0 || !memory.isRam(address, TIME_INFO_BYTES)) {
            return;
        }
        int version = begin(address);
        // One reading of the clock gives both, so that they name the same moment.
        long tsc = clock.tsc();
        memory.writeLong(address + TSC_TIMESTAMP, tsc + tscOffset[cpu]);
        memory.writeLong(address + SYSTEM_TIME, clock.nanosAtTsc(tsc));
        memory.writeInt(address + TSC_TO_SYSTEM_MUL, multiplier);
        memory.writeInt(address + TSC_SHIFT_AND_FLAGS, shift & 0xff | (stable() ? TSC_STABLE : 0));
        end(address, version);
    }

    /** The guest adds its system time to this: it is the wall time at system time 0. */
    private void writeWallClock(long address) {
        if (!memory.isRam(address, WALL_CLOCK_BYTES)) {
            return;
        }
        long start = clock.wallNanos() - clock.nanos();
        int version = begin(address);
        memory.writeInt(address + 4, (int) Math.floorDiv(start, NANOS_PER_SECOND));
        memory.writeInt(address + 8, (int) Math.floorMod(start, NANOS_PER_SECOND));
        end(address, version);
    }

    /** An odd version tells readers to wait. */
    private int begin(long address) {
        int version = memory.readInt(address) + 1 | 1;
        memory.writeInt(address, version);
        VarHandle.storeStoreFence();
        return version;
    }

    private void end(long address, int version) {
        memory.writeIntRelease(address, version + 1);
    }

    private boolean stable() {
        for (long offset : tscOffset) {
            if (offset != tscOffset[0]) {
                return false;
            }
        }
        return true;
    }
}
