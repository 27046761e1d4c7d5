package dev.quoll.devices.acpi;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.PowerSink;

/**
 * Sleep and reset registers of a hardware-reduced platform: offset 0 is the sleep control register (ACPI 6.5, 4.8.3.7)
 * and takes the reset value as well, offset 1 the sleep status register. Writing {@link #RESET_VALUE} to offset 0
 * resets the machine (the FADT's {@code RESET_VALUE}; bit 0 is reserved in the sleep control register, so the two do
 * not meet), SLP_EN with SLP_TYP {@link #S5_TYPE} powers it off. No other sleep state is offered.
 *
 * <p>Threat: ends or resets the guest's own machine.
 */
public final class SleepRegisters implements Device<SleepRegisters.State>, PortDevice {
    /** Ports the device takes. */
    public static final int PORTS = 2;
    /** How the ports are accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE;
    /** What the FADT names as reset value. */
    public static final int RESET_VALUE = 1;
    /** SLP_TYP of the {@code \_S5} package. */
    public static final int S5_TYPE = 5;

    private static final int SLEEP_ENABLE = 0x20;
    private static final int TYPE_SHIFT = 2;
    private static final int TYPE_MASK = 7;
    private static final int WAKE_STATUS = 0x80;

    private final PowerSink power;
    private int status;

    /** @param status the sleep status register */
    public record State(int status) {}

    public SleepRegisters(PowerSink power) {
        this.power = power;
    }

    @Override
    public String name() {
        return "acpi-sleep";
    }

    @Override
    public synchronized int readPort(int offset, int width) {
        return offset == 1 ? status : 0;
    }

    @Override
    public void writePort(int offset, int width, int value) {
        if (offset == 1) {
            synchronized (this) {
                status &= ~(value & WAKE_STATUS);
            }
        } else if (value == RESET_VALUE) {
            power.reset("ACPI reset register");
        } else if ((value & SLEEP_ENABLE) != 0 && (value >>> TYPE_SHIFT & TYPE_MASK) == S5_TYPE) {
            power.powerOff("ACPI S5");
        }
    }

    @Override
    public synchronized void reset() {
        status = 0;
    }

    @Override
    public synchronized State save() {
        return new State(status);
    }

    @Override
    public synchronized void restore(State state) {
        status = state.status & WAKE_STATUS;
    }
}
