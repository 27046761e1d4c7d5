package dev.quoll.devices.time;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.GuestClock;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.TimerQueue;
import java.util.List;

/**
 * The high precision event timer: a 64-bit counter at 100 MHz and three comparators, each one-shot or periodic, 64 or
 * 32 bits wide, routed to I/O APIC pins 16-23, or with legacy replacement to IRQ 0 and IRQ 8. Source: IA-PC HPET
 * Specification 1.0a. Message delivery is not offered.
 *
 * <p>With legacy replacement on, the 8254 and the RTC are cut off from IRQ 0 and IRQ 8 (2.3.6): they are wired through
 * {@link #pitInput} and {@link #rtcInput}.
 *
 * <p>Threat: a comparator with a tiny period fires at most every {@value #SHORTEST_TICK_NANOS} ns, missed periods are
 * merged by one division, and no loop depends on a guest value.
 */
public final class Hpet implements Device<Hpet.State>, MmioDevice {
    /** Bytes of MMIO the device takes. */
    public static final int LENGTH = 0x400;
    /** How the registers are accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.DWORD_TO_QWORD;
    /** Counts in a second. */
    public static final long HZ = 100_000_000;
    /** Comparators. */
    public static final int TIMERS = 3;
    /** I/O APIC pins the comparators can be routed to, one bit each. */
    public static final int ROUTES = 0x00ff_0000;

    private static final long FEMTOSECONDS = 1_000_000_000_000_000L / HZ;
    private static final long NANOS_PER_COUNT = 1_000_000_000L / HZ;
    private static final long SHORTEST_TICK_NANOS = 50_000;
    private static final int REVISION = 1;
    private static final long VENDOR = 0x8086;
    /** General capabilities: period, vendor, legacy routes, 64-bit counter, number of comparators, revision. */
    public static final long CAPABILITIES =
            FEMTOSECONDS << 32 | VENDOR << 16 | 1 << 15 | 1 << 13 | TIMERS - 1 << 8 | REVISION;

    private static final int REG_CAPABILITIES = 0x00;
    private static final int REG_CONFIG = 0x10;
    private static final int REG_STATUS = 0x20;
    private static final int REG_COUNTER = 0xf0;
    private static final int REG_TIMERS = 0x100;
    private static final int TIMER_STRIDE = 0x20;
    private static final long CONFIG_ENABLE = 1;
    private static final long CONFIG_LEGACY = 2;
    private static final int LEGACY_PIT = 0;
    private static final int LEGACY_RTC = 8;
    private static final int WIRES = 32;

    private final GuestClock clock;
    private final TimerQueue.Timer timer;
    private final InterruptLine[] lines = new InterruptLine[WIRES];
    private final InterruptLine pit;
    private final InterruptLine rtc;
    private final Object lock = new Object();
    private final Object wire = new Object();
    private final HpetTimer[] timers = {new HpetTimer(ROUTES), new HpetTimer(ROUTES), new HpetTimer(ROUTES)};
    private long config;
    private long status;
    /** The counter while it stands; its distance from the guest clock's count while it runs. */
    private long counter;
    private long lastFired = -SHORTEST_TICK_NANOS;
    /** Wires (one bit each) that want an edge. */
    private int edges;
    /** Levels as last driven to the wires by level-triggered comparators. */
    private int driven;
    /** Whether the 8254 and the RTC were cut off when the wires were last driven. */
    private boolean wasCut;

    private boolean pitLevel;
    private boolean rtcLevel;

    /** One comparator; {@code fireAt} is the counter value of the next match while {@code armed}. */
    public record Comparator(
            long config, long comparator, long period, boolean valueSet, boolean armed, long fireAt) {}

    /**
     * All guest-visible state.
     *
     * @param counter the counter while it stands, its distance from the guest clock's count while it runs
     */
    public record State(
            long config, long status, long counter, List<Comparator> timers, boolean pitLevel, boolean rtcLevel) {
        public State {
            timers = List.copyOf(timers);
        }
    }

    /**
     * @param pins wires to I/O APIC pins by number; 16-23 are used
     * @param pit IRQ 0 as the board routes it
     * @param rtc IRQ 8
     */
    public Hpet(List<InterruptLine> pins, InterruptLine pit, InterruptLine rtc, GuestClock clock, TimerQueue queue) {
        for (int i = 0; i < WIRES; i++) {
            lines[i] = i < pins.size() ? pins.get(i) : InterruptLine.NONE;
        }
        this.pit = pit;
        this.rtc = rtc;
        this.clock = clock;
        this.timer = queue.timer(this::onTimer);
    }

    @Override
    public String name() {
        return "hpet";
    }

    /** The 8254's IRQ 0 enters here. */
    public InterruptLine pitInput() {
        return level -> passThrough(true, level);
    }

    /** The RTC's IRQ 8 enters here. */
    public InterruptLine rtcInput() {
        return level -> passThrough(false, level);
    }

    private void passThrough(boolean fromPit, boolean level) {
        synchronized (wire) {
            boolean cut;
            synchronized (lock) {
                if (fromPit) {
                    pitLevel = level;
                } else {
                    rtcLevel = level;
                }
                cut = legacy();
            }
            if (!cut) {
                (fromPit ? pit : rtc).setLevel(level);
            }
        }
    }

    private boolean legacy() {
        return (config & CONFIG_LEGACY) != 0;
    }

    private boolean running() {
        return (config & CONFIG_ENABLE) != 0;
    }

    private long clockCount() {
        return clock.nanos() / NANOS_PER_COUNT;
    }

    private long count() {
        return running() ? counter + clockCount() : counter;
    }

    @Override
    public long readMmio(long offset, int width) {
        long value;
        synchronized (lock) {
            value = register((int) offset & ~7);
        }
        return (offset & 4) != 0 ? value >>> 32 : value;
    }

    private long register(int at) {
        if (at >= REG_TIMERS && at < REG_TIMERS + TIMERS * TIMER_STRIDE) {
            HpetTimer one = timers[(at - REG_TIMERS) / TIMER_STRIDE];
            return switch (at % TIMER_STRIDE) {
                case 0 -> one.config;
                case 8 -> one.comparator;
                default -> 0;
            };
        }
        return switch (at) {
            case REG_CAPABILITIES -> CAPABILITIES;
            case REG_CONFIG -> config;
            case REG_STATUS -> status;
            case REG_COUNTER -> count();
            default -> 0;
        };
    }

    @Override
    public void writeMmio(long offset, int width, long value) {
        int shift = (int) (offset & 4) * 8;
        long mask = width == 8 ? -1L : 0xffff_ffffL << shift;
        synchronized (lock) {
            long now = count();
            collect(now);
            write((int) offset & ~7, value << shift, mask, now);
            schedule();
        }
        drive();
    }

    private void write(int at, long value, long mask, long now) {
        if (at >= REG_TIMERS && at < REG_TIMERS + TIMERS * TIMER_STRIDE) {
            int number = (at - REG_TIMERS) / TIMER_STRIDE;
            HpetTimer one = timers[number];
            if (at % TIMER_STRIDE == 0) {
                one.writeConfig(one.config & ~mask & ~0x40L | value & mask);
                if (!one.level()) {
                    status &= ~(1L << number);
                }
            } else if (at % TIMER_STRIDE == 8) {
                one.writeComparator(value, mask);
            }
            one.arm(now);
            return;
        }
        switch (at) {
            case REG_CONFIG -> {
                long written = (config & ~mask | value & mask) & (CONFIG_ENABLE | CONFIG_LEGACY);
                boolean starts = (written & ~config & CONFIG_ENABLE) != 0;
                boolean stops = (config & ~written & CONFIG_ENABLE) != 0;
                config = written;
                if (starts) {
                    counter = now - clockCount();
                    armAll(now);
                } else if (stops) {
                    counter = now;
                }
            }
            case REG_STATUS -> status &= ~(value & mask);
            case REG_COUNTER -> {
                long written = now & ~mask | value & mask;
                counter = running() ? written - clockCount() : written;
                armAll(written);
            }
            default -> {
                // capabilities are read-only, the rest is reserved
            }
        }
    }

    private void armAll(long now) {
        for (HpetTimer one : timers) {
            one.arm(now);
        }
    }

    /** Lets every comparator fire that has been met by now. */
    private void collect(long now) {
        if (!running()) {
            return;
        }
        for (int i = 0; i < TIMERS; i++) {
            HpetTimer one = timers[i];
            if (one.armed && now - one.fireAt >= 0) {
                one.fired(now);
                if (one.level()) {
                    status |= 1L << i;
                } else if (one.enabled()) {
                    edges |= 1 << wireOf(i);
                    lastFired = clock.nanos();
                }
            }
        }
    }

    private int wireOf(int number) {
        if (legacy() && number < 2) {
            return number == 0 ? LEGACY_PIT : LEGACY_RTC;
        }
        return timers[number].route();
    }

    private void schedule() {
        if (!running()) {
            timer.cancel();
            return;
        }
        long now = count();
        long nearest = HpetTimer.NEVER;
        for (int i = 0; i < TIMERS; i++) {
            HpetTimer one = timers[i];
            // A level that is still up needs no callback to be put up again.
            boolean wanted = one.enabled() && one.armed && (status >>> i & 1) == 0;
            if (wanted) {
                nearest = Math.min(nearest, Math.max(one.fireAt - now, 0));
            }
        }
        if (nearest > Long.MAX_VALUE / NANOS_PER_COUNT / 2) {
            timer.cancel();
        } else {
            long due = (clockCount() + nearest) * NANOS_PER_COUNT;
            timer.arm(Math.max(due, lastFired + SHORTEST_TICK_NANOS));
        }
    }

    private void onTimer() {
        synchronized (lock) {
            collect(count());
            schedule();
        }
        drive();
    }

    /** Carries edges and levels to the wires, in the order in which they were decided. */
    private void drive() {
        synchronized (wire) {
            int pulses;
            int levels = 0;
            boolean cut;
            boolean fromPit;
            boolean fromRtc;
            synchronized (lock) {
                pulses = edges;
                edges = 0;
                for (int i = 0; i < TIMERS; i++) {
                    if ((status >>> i & 1) != 0 && timers[i].level() && timers[i].enabled()) {
                        levels |= 1 << wireOf(i);
                    }
                }
                cut = legacy();
                fromPit = pitLevel;
                fromRtc = rtcLevel;
            }
            int changed = levels ^ driven;
            driven = levels;
            for (int left = changed | pulses; left != 0; left &= left - 1) {
                int i = Integer.numberOfTrailingZeros(left);
                if ((changed >>> i & 1) != 0) {
                    line(i).setLevel((levels >>> i & 1) != 0);
                }
                if (((pulses & ~levels) >>> i & 1) != 0) {
                    line(i).pulse();
                }
            }
            if (cut != wasCut) {
                wasCut = cut;
                pit.setLevel(!cut && fromPit);
                rtc.setLevel(!cut && fromRtc);
            }
        }
    }

    private InterruptLine line(int wireNumber) {
        return switch (wireNumber) {
            case LEGACY_PIT -> pit;
            case LEGACY_RTC -> rtc;
            default -> lines[wireNumber];
        };
    }

    @Override
    public void reset() {
        synchronized (lock) {
            for (HpetTimer one : timers) {
                one.powerOn();
            }
            config = 0;
            status = 0;
            counter = 0;
            edges = 0;
            lastFired = -SHORTEST_TICK_NANOS;
            timer.cancel();
        }
        drive();
    }

    @Override
    public State save() {
        synchronized (lock) {
            return new State(
                    config,
                    status,
                    counter,
                    List.of(timers[0].save(), timers[1].save(), timers[2].save()),
                    pitLevel,
                    rtcLevel);
        }
    }

    @Override
    public void restore(State state) {
        if (state.timers.size() != TIMERS) {
            throw new IllegalArgumentException("saved HPET has " + state.timers.size() + " timers, not " + TIMERS);
        }
        synchronized (lock) {
            config = state.config & (CONFIG_ENABLE | CONFIG_LEGACY);
            status = state.status & (1 << TIMERS) - 1;
            counter = state.counter;
            for (int i = 0; i < TIMERS; i++) {
                timers[i].restore(state.timers.get(i));
            }
            pitLevel = state.pitLevel;
            rtcLevel = state.rtcLevel;
            edges = 0;
            lastFired = clock.nanos() - SHORTEST_TICK_NANOS;
            schedule();
        }
        drive();
    }
}
