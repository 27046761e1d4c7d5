package dev.quoll.devices.debug;

import dev.quoll.devices.serial.SerialOutput;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.PortDevice;

/**
 * The one-port debug console of Bochs (0xe9) and of firmware builds (0x402): a write is a character, a read gives 0xe9,
 * by which guests find it.
 *
 * <p>Threat: a byte the host cannot take now is dropped; the port holds nothing.
 */
public final class DebugConsole implements Device<DebugConsole.State>, PortDevice {
    /** How the port is accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE;

    private static final int PRESENCE = 0xe9;

    private final String name;
    private final SerialOutput output;

    /** The port keeps nothing. */
    public record State() {}

    /** @param name unique on the board */
    public DebugConsole(String name, SerialOutput output) {
        this.name = name;
        this.output = output;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int readPort(int offset, int width) {
        return PRESENCE;
    }

    @Override
    public void writePort(int offset, int width, int value) {
        synchronized (output) {
            output.offer(value & 0xff);
        }
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
