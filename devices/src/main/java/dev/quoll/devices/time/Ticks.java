package dev.quoll.devices.time;

/** Conversion between guest nanoseconds and the ticks of a counter that started at guest time 0, without overflow. */
public final class Ticks {
    private static final long SECOND = 1_000_000_000L;

    private Ticks() {}

    /**
     * Whole ticks in a span of guest time.
     *
     * @param nanos not negative
     * @param hz 1 to 1,000,000,000
     */
    public static long at(long nanos, long hz) {
        return nanos / SECOND * hz + nanos % SECOND * hz / SECOND;
    }

    /** The first nanosecond at which {@link #at} gives {@code ticks}. @param ticks not negative */
    public static long nanosAt(long ticks, long hz) {
        return ticks / hz * SECOND + (ticks % hz * SECOND + hz - 1) / hz;
    }
}
