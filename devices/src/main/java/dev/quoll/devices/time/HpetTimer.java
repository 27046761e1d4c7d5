package dev.quoll.devices.time;

/** One comparator of the HPET (IA-PC HPET Specification 1.0a, 2.3.8 and 2.3.9). Not thread safe: {@link Hpet} locks. */
final class HpetTimer {
    static final long NEVER = Long.MAX_VALUE;

    static final long LEVEL = 1 << 1;
    static final long ENABLE = 1 << 2;
    static final long PERIODIC = 1 << 3;
    private static final long PERIODIC_CAPABLE = 1 << 4;
    private static final long SIZE_64 = 1 << 5;
    private static final long VALUE_SET = 1 << 6;
    private static final long MODE_32 = 1 << 8;
    private static final long ROUTE = 0x1f << 9;
    private static final long WRITABLE = LEVEL | ENABLE | PERIODIC | MODE_32 | ROUTE;
    private static final long LOW_32 = 0xffff_ffffL;

    private final long capabilities;
    private final int routes;
    long config;
    long comparator;
    long period;
    private boolean valueSet;
    /** Counter value at which the timer fires next, unsigned; meaningful while {@link #armed}. */
    long fireAt;

    boolean armed;

    /** @param routes one bit for each I/O APIC pin the timer may use */
    HpetTimer(int routes) {
        this.routes = routes;
        capabilities = PERIODIC_CAPABLE | SIZE_64 | (long) routes << 32;
        powerOn();
    }

    void powerOn() {
        config = capabilities;
        comparator = -1;
        period = 0;
        valueSet = false;
        armed = false;
        fireAt = 0;
    }

    boolean enabled() {
        return (config & ENABLE) != 0;
    }

    boolean level() {
        return (config & LEVEL) != 0;
    }

    boolean periodic() {
        return (config & PERIODIC) != 0;
    }

    /** The I/O APIC pin, 0-31. */
    int route() {
        return (int) (config >>> 9) & 0x1f;
    }

    private boolean narrow() {
        return (config & MODE_32) != 0;
    }

    void writeConfig(long value) {
        long written = value & WRITABLE;
        if ((routes >>> ((int) (value >>> 9) & 0x1f) & 1) == 0) {
            // A route the timer does not have reads back as the old one, which is how software finds out.
            written = written & ~ROUTE | config & ROUTE;
        }
        valueSet = (value & VALUE_SET) != 0;
        config = capabilities | written;
        if (narrow()) {
            comparator &= LOW_32;
            period &= LOW_32;
        }
    }

    /** @param mask the bits being written, for accesses to one half */
    void writeComparator(long value, long mask) {
        if (periodic()) {
            period = limited(period & ~mask | value & mask);
            if (!valueSet) {
                return;
            }
        }
        comparator = limited(comparator & ~mask | value & mask);
        // A 64-bit value may come in two halves; the upper one ends the pair.
        if ((mask & ~LOW_32) != 0 || narrow()) {
            valueSet = false;
        }
    }

    private long limited(long value) {
        return narrow() ? value & LOW_32 : value;
    }

    /** Works out when the comparator is met next, seen from {@code counter}. */
    void arm(long counter) {
        long distance = limited(comparator - counter);
        if (distance == 0) {
            distance = periodic() ? period : narrow() ? LOW_32 + 1 : 0;
        }
        armed = distance > 0;
        fireAt = counter + distance;
    }

    /** The comparator was met: a periodic timer moves on past the counter, missed periods merged. */
    void fired(long counter) {
        if (periodic() && period != 0) {
            long behind = limited(counter - comparator);
            comparator = limited(comparator + (Long.divideUnsigned(behind, period) + 1) * period);
            arm(counter);
        } else if (narrow()) {
            arm(counter);
        } else {
            armed = false;
        }
    }

    Hpet.Comparator save() {
        return new Hpet.Comparator(config, comparator, period, valueSet, armed, fireAt);
    }

    void restore(Hpet.Comparator saved) {
        config = capabilities | saved.config() & WRITABLE;
        comparator = saved.comparator();
        period = saved.period();
        valueSet = saved.valueSet();
        armed = saved.armed();
        fireAt = saved.fireAt();
    }
}
