package dev.quoll.devices.chipset;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.PowerSink;

/**
 * Port 0x92 (ICH9 data sheet, 13.7.3): a rising bit 0 resets the machine. Bit 1, which opens address line 20 on old PCs, reads as set
 * always: no processor here closes it.
 *
 * <p>Threat: resets the guest's own machine.
 */
public final class SystemControlA implements Device<SystemControlA.State>, PortDevice {
    /** How the port is accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE;

    private static final int INIT_NOW = 1;
    private static final int A20 = 2;

    private final PowerSink power;
    private int control;

    /** @param control the register without what cannot be changed */
    public record State(int control) {}

    public SystemControlA(PowerSink power) {
        this.power = power;
    }

    @Override
    public String name() {
        return "system-control-a";
    }

    @Override
    public synchronized int readPort(int offset, int width) {
        return control | A20;
    }

    @Override
    public void writePort(int offset, int width, int value) {
        boolean rises;
        synchronized (this) {
            rises = (value & ~control & INIT_NOW) != 0;
            control = value & INIT_NOW;
        }
        if (rises) {
            power.reset("port 0x92");
        }
    }

    @Override
    public synchronized void reset() {
        control = 0;
    }

    @Override
    public synchronized State save() {
        return new State(control);
    }

    @Override
    public synchronized void restore(State state) {
        control = state.control & INIT_NOW;
    }
}
