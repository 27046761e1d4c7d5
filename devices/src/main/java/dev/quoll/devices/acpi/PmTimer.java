package dev.quoll.devices.acpi;

import dev.quoll.devices.time.Ticks;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.GuestClock;
import dev.quoll.machine.PortDevice;

/**
 * The ACPI power-management timer: a read-only 32-bit counter at 3.579545 MHz (ACPI 6.5, 4.8.3.3), told by {@code
 * TMR_VAL_EXT}. It has no state of its own: it is a view of the guest clock.
 *
 * <p>Threat: none; writes do nothing.
 */
public final class PmTimer implements Device<PmTimer.State>, PortDevice {
    /** Ports the device takes. */
    public static final int PORTS = 4;
    /** How the port is accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.DWORD;
    /** Counts in a second. */
    public static final long HZ = 3_579_545;

    private final GuestClock clock;

    /** The timer keeps nothing. */
    public record State() {}

    public PmTimer(GuestClock clock) {
        this.clock = clock;
    }

    @Override
    public String name() {
        return "acpi-pm-timer";
    }

    @Override
    public int readPort(int offset, int width) {
        return (int) Ticks.at(clock.nanos(), HZ);
    }

    @Override
    public void writePort(int offset, int width, int value) {
        // read-only
    }

    @Override
    public void reset() {
        // stateless
    }

    @Override
    public State save() {
        return new State();
    }

    @Override
    public void restore(State state) {
        // stateless
    }
}
