package dev.quoll.devices.host;

import dev.quoll.machine.GuestClock;
import dev.quoll.machine.TimerQueue;

/**
 * Holds a device to a rate of bytes and of operations per second of guest time, with a burst of a tenth of a second on top. A request
 * is let through while there is any credit, however large it is, and the next ones wait until its debt is paid: the rate holds on
 * average and no request is too large to pass.
 *
 * <p>Safe from any thread; allocates nothing after it was made.
 */
public final class RateLimiter {
    /**
     * Rates; 0 is no limit.
     *
     * @param bytesPerSecond of data
     * @param operationsPerSecond requests or packets
     */
    public record Limits(long bytesPerSecond, long operationsPerSecond) {
        /** No limit at all. */
        public static final Limits NONE = new Limits(0, 0);

        public Limits {
            if (bytesPerSecond < 0 || operationsPerSecond < 0) {
                throw new IllegalArgumentException("a rate is not negative");
            }
        }
    }

    private static final double NANOS = 1e9;
    private static final double BURST_SECONDS = 0.1;

    /** A credit that grows with time up to a bound, and may be overdrawn. */
    private static final class Bucket {
        private final double perNano;
        private final double burst;
        private double credit;

        Bucket(long perSecond) {
            perNano = perSecond / NANOS;
            burst = Math.max(1, perSecond * BURST_SECONDS);
            credit = burst;
        }

        void grow(long nanos) {
            credit = Math.min(burst, credit + nanos * perNano);
        }

        boolean open() {
            return perNano == 0 || credit > 0;
        }

        void take(long amount) {
            if (perNano != 0) {
                credit -= amount;
            }
        }

        /** Nanoseconds until there is credit again. */
        long closedFor() {
            return open() ? 0 : (long) Math.ceil((1 - credit) / perNano);
        }
    }

    private final Bucket bytes;
    private final Bucket operations;
    private final boolean unlimited;
    private final GuestClock clock;
    private final TimerQueue.Timer timer;
    private long lastNanos;

    /** @param ready called on the timer thread when a request that was refused may try again */
    public RateLimiter(Limits limits, GuestClock clock, TimerQueue timers, Runnable ready) {
        bytes = new Bucket(limits.bytesPerSecond);
        operations = new Bucket(limits.operationsPerSecond);
        unlimited = limits.equals(Limits.NONE);
        this.clock = clock;
        timer = timers.timer(ready);
        lastNanos = clock.nanos();
    }

    /**
     * Asks to let one operation pass.
     *
     * @param size bytes that it moves
     * @return false when it must wait; {@code ready} is called then when the time has come
     */
    public boolean admit(long size) {
        if (unlimited) {
            return true;
        }
        synchronized (this) {
            long now = clock.nanos();
            bytes.grow(now - lastNanos);
            operations.grow(now - lastNanos);
            lastNanos = now;
            if (bytes.open() && operations.open()) {
                bytes.take(size);
                operations.take(1);
                return true;
            }
            timer.arm(now + Math.max(bytes.closedFor(), operations.closedFor()));
            return false;
        }
    }

    /** Calls {@code ready} no more for what was refused. */
    public void cancel() {
        timer.cancel();
    }
}
