package dev.quoll.machine;

/**
 * The one source of guest time. Every guest-visible clock (TSC, PIT, PM timer, HPET, local APIC timer, kvmclock, RTC)
 * derives from {@link #nanos()}, so they all agree; it stands still while the machine is paused. Any thread.
 */
public interface GuestClock {
    /** Guest nanoseconds since the machine was made; monotonic, stops on pause. */
    long nanos();

    /** The guest's wall clock now: nanoseconds since 1970-01-01T00:00Z. */
    long wallNanos();

    /** Ticks of the guest's TSC in a second. */
    long tscHz();

    /** The TSC before any per-CPU offset: {@link #nanos()} at {@link #tscHz()}. */
    long tsc();

    /** Guest nanoseconds at which {@link #tsc()} reaches {@code tsc}; {@link Long#MAX_VALUE} when out of range. */
    long nanosAtTsc(long tsc);
}
