package dev.quoll.devices.chipset;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.PowerSink;

/**
 * A port of one byte with a bit that resets the machine as it rises.
 *
 * <p>Threat: resets the guest's own machine.
 */
public abstract class ResetRegister implements Device<ResetRegister.State>, PortDevice {
    /** How the port is accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE;

    private final PowerSink power;
    private final String name;
    private final String cause;
    private final int resetBit;
    private final int writable;
    private final int fixed;
    private int control;

    /** @param control the bits that can be written */
    public record State(int control) {}

    /**
     * @param name of the device
     * @param cause of the reset, for messages
     * @param resetBit resets as it rises
     * @param writable bits that keep what is written
     * @param fixed bits that always read as set
     */
    protected ResetRegister(PowerSink power, String name, String cause, int resetBit, int writable, int fixed) {
        this.power = power;
        this.name = name;
        this.cause = cause;
        this.resetBit = resetBit;
        this.writable = writable;
        this.fixed = fixed;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final synchronized int readPort(int offset, int width) {
        return control | fixed;
    }

    @Override
    public final void writePort(int offset, int width, int value) {
        boolean rises;
        synchronized (this) {
            rises = (value & ~control & resetBit) != 0;
            control = value & writable;
        }
        if (rises) {
            power.reset(cause);
        }
    }

    @Override
    public final synchronized void reset() {
        control = 0;
    }

    @Override
    public final synchronized State save() {
        return new State(control);
    }

    @Override
    public final synchronized void restore(State state) {
        control = state.control & writable;
    }
}
