package dev.quoll.devices.debug;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.PowerSink;

/**
 * A port (0xf4, by request only) by which test guests end the machine with a status: writing {@code v} exits with
 * {@code v * 2 + 1}, the convention of QEMU's isa-debug-exit that existing test kernels rely on; 0 cannot be reached,
 * so a test's success is never confused with a normal power-off.
 *
 * <p>Threat: ends the guest's own machine.
 */
public final class DebugExitPort implements Device<DebugExitPort.State>, PortDevice {
    /** Ports the device takes. */
    public static final int PORTS = 4;
    /** How the ports are accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE_TO_DWORD;

    private final PowerSink power;

    /** The port keeps nothing. */
    public record State() {}

    public DebugExitPort(PowerSink power) {
        this.power = power;
    }

    @Override
    public String name() {
        return "debug-exit";
    }

    @Override
    public int readPort(int offset, int width) {
        return 0;
    }

    @Override
    public void writePort(int offset, int width, int value) {
        power.exit(value << 1 | 1);
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
