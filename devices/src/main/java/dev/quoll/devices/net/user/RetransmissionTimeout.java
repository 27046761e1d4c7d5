package dev.quoll.devices.net.user;

import java.util.concurrent.TimeUnit;

/** How long to wait for an acknowledgment: RFC 6298. Times in nanoseconds. */
final class RetransmissionTimeout {
    /** Below the second of RFC 6298, 2.4, as everybody's is: the link is short, but a guest on a busy host may not run for a while. */
    static final long LEAST = TimeUnit.MILLISECONDS.toNanos(200);
    static final long MOST = TimeUnit.SECONDS.toNanos(60);
    private static final long INITIAL = TimeUnit.SECONDS.toNanos(1);

    private long smoothed = -1;
    private long variation;
    private long timeout = INITIAL;
    private int backoff;

    long nanos() {
        return Math.min(timeout << Math.min(backoff, 16), MOST);
    }

    /** A round trip was measured, of a segment sent once (RFC 6298, 2.2, 2.3 and 3). */
    void sample(long roundTrip) {
        if (smoothed < 0) {
            smoothed = roundTrip;
            variation = roundTrip / 2;
        } else {
            variation += (Math.abs(smoothed - roundTrip) - variation) / 4;
            smoothed += (roundTrip - smoothed) / 8;
        }
        timeout = Math.clamp(smoothed + 4 * variation, LEAST, MOST);
    }

    /** It ran out: twice as long the next time (RFC 6298, 5.5). */
    void backOff() {
        backoff++;
    }

    /** New data was acknowledged. */
    void settle() {
        backoff = 0;
    }
}
