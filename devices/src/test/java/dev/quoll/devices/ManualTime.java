package dev.quoll.devices;

import dev.quoll.machine.GuestClock;
import dev.quoll.machine.TimerQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Guest time moved by hand, with a timer queue whose callbacks have all run when {@link #advance} returns. */
public final class ManualTime implements GuestClock, AutoCloseable {
    private final AtomicLong nanos = new AtomicLong();
    private final long wallAtZero;
    private final TimerQueue timers = new TimerQueue(this, "manual-time");

    public ManualTime() {
        this(0);
    }

    public ManualTime(long wallNanosAtZero) {
        wallAtZero = wallNanosAtZero;
    }

    public TimerQueue timers() {
        return timers;
    }

    /** Moves time and waits for the timers that are then due. */
    public void advance(long by) {
        nanos.addAndGet(by);
        settle();
    }

    /** Moves time in steps, so that timers that arm each other each run near their deadline. */
    public void advance(long by, long step) {
        for (long left = by; left > 0; left -= step) {
            advance(Math.min(step, left));
        }
    }

    /** Waits for every timer that is due: a barrier timer, armed for the present instant, comes behind them. */
    public void settle() {
        CountDownLatch reached = new CountDownLatch(1);
        timers.timer(reached::countDown).arm(nanos.get());
        try {
            if (!reached.await(10, TimeUnit.SECONDS)) {
                throw new AssertionError("timer queue did not settle within 10 s");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public long nanos() {
        return nanos.get();
    }

    @Override
    public long wallNanos() {
        return wallAtZero + nanos.get();
    }

    @Override
    public long tscHz() {
        return 1_000_000_000L;
    }

    @Override
    public long tsc() {
        return nanos.get();
    }

    @Override
    public long nanosAtTsc(long tsc) {
        return tsc;
    }

    @Override
    public void close() {
        timers.close();
    }
}
