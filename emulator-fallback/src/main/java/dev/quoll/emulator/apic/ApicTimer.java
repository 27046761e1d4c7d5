package dev.quoll.emulator.apic;

import dev.quoll.machine.GuestClock;
import dev.quoll.machine.TimerQueue;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The local APIC timer: one-shot, periodic and TSC-deadline modes over guest time (SDM vol. 3, 12.5.4). Registers are
 * written by the CPU's thread, expiry runs on the timer queue's; a lock joins the two, never held while interrupting.
 */
final class ApicTimer {
    static final int ONE_SHOT = 0;
    static final int PERIODIC = 1;
    static final int TSC_DEADLINE = 2;

    /**
     * The shortest period served. A guest that asks for less gets this, so that it cannot keep the timer thread of the
     * whole machine busy; far below any tick a kernel uses.
     */
    static final long SHORTEST_PERIOD_NANOS = 20_000;

    private static final long NEVER = Long.MAX_VALUE;
    private static final long NANOS_PER_BUS_TICK = 1_000_000_000L / LocalApic.BUS_HZ;

    private final GuestClock clock;
    private final TimerQueue.Timer timer;
    private final Runnable expired;
    private final ReentrantLock lock = new ReentrantLock();

    private int mode;
    private int divideRegister;
    private int initialCount;
    /** Guest time of the next expiry, {@link #NEVER} when not counting. */
    private long due = NEVER;
    private long tscDeadline;
    private long tscOffset;

    /** @param expired called on the timer queue's thread, or on the CPU's for a deadline that has passed */
    ApicTimer(GuestClock clock, TimerQueue queue, Runnable expired) {
        this.clock = clock;
        this.expired = expired;
        timer = queue.timer(this::expire);
    }

    /** Stops and forgets everything but the TSC offset. */
    void reset() {
        lock.lock();
        try {
            disarm();
            mode = ONE_SHOT;
            divideRegister = 0;
            initialCount = 0;
        } finally {
            lock.unlock();
        }
    }

    /** Follows bits 18:17 of the LVT timer register. The reserved value 3 stops the timer. */
    void setMode(int newMode) {
        lock.lock();
        try {
            // Between the counting modes the count goes on; to or from TSC-deadline disarms (SDM vol. 3, 12.5.4.1).
            if (newMode != mode && (newMode >= TSC_DEADLINE || mode >= TSC_DEADLINE)) {
                disarm();
                initialCount = 0;
            }
            mode = newMode;
        } finally {
            lock.unlock();
        }
    }

    void writeInitialCount(int value) {
        lock.lock();
        try {
            if (mode < TSC_DEADLINE) {
                initialCount = value;
                start(value);
            }
        } finally {
            lock.unlock();
        }
    }

    int initialCount() {
        return initialCount;
    }

    /** Ticks left, rounded up. */
    int currentCount() {
        lock.lock();
        try {
            return count(clock.nanos());
        } finally {
            lock.unlock();
        }
    }

    void writeDivide(int value) {
        lock.lock();
        try {
            int left = count(clock.nanos());
            divideRegister = value & 0xb;
            if (left != 0) {
                start(left);
            }
        } finally {
            lock.unlock();
        }
    }

    int divideRegister() {
        return divideRegister;
    }

    /** IA32_TSC_DEADLINE: ignored outside its mode, 0 disarms, a deadline that has passed expires at once. */
    void writeDeadline(long value) {
        boolean now = false;
        lock.lock();
        try {
            if (mode == TSC_DEADLINE) {
                disarm();
                tscDeadline = value;
                now = armDeadline();
            }
        } finally {
            lock.unlock();
        }
        if (now) {
            expired.run();
        }
    }

    /** The deadline armed, 0 when none is. */
    long deadline() {
        lock.lock();
        try {
            return tscDeadline;
        } finally {
            lock.unlock();
        }
    }

    /** This CPU's TSC less the clock's; moves an armed deadline along. */
    void setTscOffset(long offset) {
        boolean now = false;
        lock.lock();
        try {
            tscOffset = offset;
            if (tscDeadline != 0) {
                due = NEVER;
                timer.cancel();
                now = armDeadline();
            }
        } finally {
            lock.unlock();
        }
        if (now) {
            expired.run();
        }
    }

    /** Takes over saved counting state; a deadline comes by {@link #writeDeadline} later. */
    void restore(int savedMode, int divide, int initial, int current) {
        lock.lock();
        try {
            disarm();
            mode = savedMode;
            divideRegister = divide & 0xb;
            initialCount = initial;
            if (mode < TSC_DEADLINE && current != 0) {
                start(current);
            }
        } finally {
            lock.unlock();
        }
    }

    private void expire() {
        lock.lock();
        try {
            long now = clock.nanos();
            if (now < due) {
                // Stopped or set anew while this call was on its way.
                return;
            }
            tscDeadline = 0;
            if (mode == PERIODIC && initialCount != 0) {
                // Periods missed while the host was away are dropped, not replayed.
                due += ((now - due) / period() + 1) * period();
                timer.arm(due);
            } else {
                due = NEVER;
            }
        } finally {
            lock.unlock();
        }
        expired.run();
    }

    private void start(int count) {
        if (count == 0) {
            disarm();
            return;
        }
        due = clock.nanos() + (count & 0xffff_ffffL) * tickNanos();
        if (mode == PERIODIC) {
            due = Math.max(due, clock.nanos() + SHORTEST_PERIOD_NANOS);
        }
        timer.arm(due);
    }

    /** @return whether the deadline has passed already, then disarmed */
    private boolean armDeadline() {
        if (tscDeadline == 0) {
            return false;
        }
        long tsc = clock.tsc();
        long guestTsc = tsc + tscOffset;
        if (Long.compareUnsigned(tscDeadline, guestTsc) <= 0) {
            tscDeadline = 0;
            return true;
        }
        long target = tsc + (tscDeadline - guestTsc);
        // More than 2^63 ticks away: it stays readable and never comes.
        due = target - tsc < 0 || target < 0 ? NEVER : clock.nanosAtTsc(target);
        if (due != NEVER) {
            timer.arm(due);
        }
        return false;
    }

    private void disarm() {
        due = NEVER;
        tscDeadline = 0;
        timer.cancel();
    }

    private int count(long now) {
        if (due == NEVER || mode >= TSC_DEADLINE) {
            return 0;
        }
        long left = due - now;
        if (left <= 0) {
            // The expiry is under way: a periodic count has begun its next round, another shows its last tick, so that
            // state saved at this moment still has an expiry to come.
            left = mode == PERIODIC && initialCount != 0 ? period() - Math.floorMod(-left, period()) : 1;
        }
        long ticks = (left + tickNanos() - 1) / tickNanos();
        return (int) Math.min(ticks, Math.max(initialCount & 0xffff_ffffL, 1));
    }

    private long period() {
        return Math.max((initialCount & 0xffff_ffffL) * tickNanos(), SHORTEST_PERIOD_NANOS);
    }

    /** Divide value bits 3, 1, 0: 2, 4, 8 ... 128, then 1 (SDM vol. 3, figure 12-10). */
    private long tickNanos() {
        int exponent = (divideRegister >>> 1 & 4 | divideRegister & 3) + 1 & 7;
        return NANOS_PER_BUS_TICK << exponent;
    }
}
