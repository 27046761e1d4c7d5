package dev.quoll.machine;

/**
 * Guest time that follows the host's monotonic clock. The TSC ticks at 1 GHz, so that one tick is one nanosecond and
 * no scaling is needed on the RDTSC path.
 */
public final class HostClock implements GuestClock {
    /** Frequency of the guest's TSC. */
    public static final long TSC_HZ = 1_000_000_000L;

    private final long wallOrigin;
    private final java.util.concurrent.locks.ReentrantLock lock = new java.util.concurrent.locks.ReentrantLock();
    /** Host time minus guest time while running. */
    private volatile long origin;
    /** Guest time at which the clock stands, or -1 while it runs. */
    private volatile long stoppedAt = -1;

    /** A running clock at guest time 0, whose wall clock is the host's. */
    public HostClock() {
        this(System.currentTimeMillis() * 1_000_000L);
    }

    /** A running clock at guest time 0 with a chosen wall time, in nanoseconds since the epoch. */
    public HostClock(long wallNanosAtZero) {
        wallOrigin = wallNanosAtZero;
        origin = System.nanoTime();
    }

    @Override
    public long nanos() {
        long stopped = stoppedAt;
        return stopped >= 0 ? stopped : System.nanoTime() - origin;
    }

    @Override
    public long wallNanos() {
        return wallOrigin + nanos();
    }

    @Override
    public long tscHz() {
        return TSC_HZ;
    }

    @Override
    public long tsc() {
        return nanos();
    }

    @Override
    public long nanosAtTsc(long tsc) {
        return tsc < 0 ? Long.MAX_VALUE : tsc;
    }

    /** Stops guest time; a stopped clock stays as it is. */
    public void pause() {
        lock.lock();
        try {
            if (stoppedAt < 0) {
                stoppedAt = System.nanoTime() - origin;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Lets guest time go on from where it stood. */
    public void resume() {
        lock.lock();
        try {
            if (stoppedAt >= 0) {
                origin = System.nanoTime() - stoppedAt;
                stoppedAt = -1;
            }
        } finally {
            lock.unlock();
        }
    }
}
