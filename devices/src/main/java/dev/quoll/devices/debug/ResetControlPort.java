package dev.quoll.devices.debug;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.PowerSink;

/**
 * The reset control register at port 0xcf9: bit 1 SYS_RST chooses a hard reset, bit 2 RST_CPU makes one as it rises,
 * bit 3 FULL_RST asks for a power cycle (Intel ICH9 data sheet, 13.7.5). All kinds reset the whole machine here.
 *
 * <p>Threat: resets the guest's own machine.
 */
public final class ResetControlPort implements Device<ResetControlPort.State>, PortDevice {
    /** How the port is accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE;

    private static final int RST_CPU = 4;
    private static final int BITS = 0xe;

    private final PowerSink power;
    private int control;

    /** @param control the register */
    public record State(int control) {}

    public ResetControlPort(PowerSink power) {
        this.power = power;
    }

    @Override
    public String name() {
        return "reset-control";
    }

    @Override
    public synchronized int readPort(int offset, int width) {
        return control;
    }

    @Override
    public void writePort(int offset, int width, int value) {
        boolean rises;
        synchronized (this) {
            rises = (value & ~control & RST_CPU) != 0;
            control = value & BITS;
        }
        if (rises) {
            power.reset("port 0xcf9");
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
        control = state.control & BITS;
    }
}
