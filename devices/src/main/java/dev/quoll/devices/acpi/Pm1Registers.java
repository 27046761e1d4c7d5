package dev.quoll.devices.acpi;

import dev.quoll.devices.interrupt.InterruptOutput;
import dev.quoll.devices.time.Ticks;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.GuestClock;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.PowerSink;
import dev.quoll.machine.TimerQueue;

/**
 * The fixed-hardware PM1a registers of the legacy board: offset 0 status, 2 enable, 4 control (ACPI 6.5, 4.8.3.1 and
 * 4.8.3.2). The platform is always in ACPI mode: SCI_EN reads as 1 and there is no SMI command port. Writing SLP_EN
 * with the SLP_TYP given for that powers the machine off.
 *
 * <p>Threat: the only timer follows the PM timer's top bit (every 600 s); the rest is three registers.
 */
public final class Pm1Registers implements Device<Pm1Registers.State>, PortDevice {
    /** Ports the device takes: the event block and the control block behind it. */
    public static final int PORTS = 6;
    /** How the ports are accessed; every register is a word, byte accesses reach its halves. */
    public static final AccessWidths WIDTHS = new AccessWidths(1, 2);

    private static final int TIMER = 0x0001;
    private static final int GLOBAL_LOCK = 0x0020;
    private static final int POWER_BUTTON = 0x0100;
    private static final int SLEEP_BUTTON = 0x0200;
    private static final int RTC = 0x0400;
    private static final int WAKE = 0x8000;
    private static final int EVENTS = TIMER | GLOBAL_LOCK | POWER_BUTTON | SLEEP_BUTTON | RTC;
    private static final int SCI_ENABLE = 0x0001;
    private static final int SLEEP_TYPE_SHIFT = 10;
    private static final int SLEEP_ENABLE = 0x2000;
    private static final int CONTROL_BITS = 0x1c03;
    private static final int TOP_BIT_SHIFT = 31;

    private final InterruptOutput sci;
    private final PowerSink power;
    private final int offType;
    private final GuestClock clock;
    private final TimerQueue.Timer timer;
    private final Object lock = new Object();
    private int status;
    private int enable;
    private int control;
    /** Half periods of the PM timer (its bit 31 and up) up to which TMR_STS has been worked out. */
    private long halfPeriods;

    /** All guest-visible state. @param halfPeriods changes of the PM timer's top bit already seen */
    public record State(int status, int enable, int control, long halfPeriods) {}

    /** @param sci the system control interrupt, level triggered */
    public Pm1Registers(InterruptLine sci, PowerSink power, GuestClock clock, TimerQueue timers) {
        this(sci, SleepRegisters.S5_TYPE, power, clock, timers);
    }

    /** @param sci the system control interrupt, level triggered @param offType the SLP_TYP that powers the machine off */
    public Pm1Registers(InterruptLine sci, int offType, PowerSink power, GuestClock clock, TimerQueue timers) {
        this.offType = offType;
        this.sci = new InterruptOutput(sci);
        this.power = power;
        this.clock = clock;
        this.timer = timers.timer(this::onTimer);
        reset();
    }

    @Override
    public String name() {
        return "acpi-pm1";
    }

    /** The user presses the power button. Any thread. */
    public void pressPowerButton() {
        synchronized (lock) {
            status |= POWER_BUTTON;
            update();
        }
        sci.drive();
    }

    @Override
    public int readPort(int offset, int width) {
        synchronized (lock) {
            workOutTimer();
            int register = switch (offset >>> 1) {
                case 0 -> status;
                case 1 -> enable;
                default -> control | SCI_ENABLE;
            };
            return register >>> (offset & 1) * 8;
        }
    }

    @Override
    public void writePort(int offset, int width, int value) {
        boolean off = false;
        synchronized (lock) {
            workOutTimer();
            int shift = (offset & 1) * 8;
            int mask = (width == 1 ? 0xff : 0xffff) << shift;
            int bits = value << shift & mask;
            switch (offset >>> 1) {
                case 0 -> status &= ~(bits & (EVENTS | WAKE));
                case 1 -> enable = (enable & ~mask | bits) & EVENTS;
                default -> {
                    int written = control & ~mask | bits;
                    control = written & CONTROL_BITS;
                    off = (bits & SLEEP_ENABLE) != 0
                            && (written >>> SLEEP_TYPE_SHIFT & 7) == offType;
                }
            }
            update();
        }
        sci.drive();
        if (off) {
            power.powerOff("ACPI S5");
        }
    }

    private void workOutTimer() {
        long now = Ticks.at(clock.nanos(), PmTimer.HZ) >>> TOP_BIT_SHIFT;
        if (now != halfPeriods) {
            halfPeriods = now;
            status |= TIMER;
        }
    }

    private void update() {
        sci.want((status & enable & EVENTS) != 0);
        if ((enable & ~status & TIMER) != 0) {
            timer.arm(Ticks.nanosAt(halfPeriods + 1 << TOP_BIT_SHIFT, PmTimer.HZ));
        } else {
            timer.cancel();
        }
    }

    private void onTimer() {
        synchronized (lock) {
            workOutTimer();
            update();
        }
        sci.drive();
    }

    @Override
    public void reset() {
        synchronized (lock) {
            status = 0;
            enable = 0;
            control = 0;
            halfPeriods = Ticks.at(clock.nanos(), PmTimer.HZ) >>> TOP_BIT_SHIFT;
            update();
        }
        sci.drive();
    }

    @Override
    public State save() {
        synchronized (lock) {
            workOutTimer();
            return new State(status, enable, control, halfPeriods);
        }
    }

    @Override
    public void restore(State state) {
        boolean high;
        synchronized (lock) {
            status = state.status & (EVENTS | WAKE);
            enable = state.enable & EVENTS;
            control = state.control & CONTROL_BITS;
            halfPeriods = state.halfPeriods;
            update();
            high = sci.wanted();
        }
        sci.force(high);
    }
}
