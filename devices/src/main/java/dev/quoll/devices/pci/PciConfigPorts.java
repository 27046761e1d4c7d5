package dev.quoll.devices.pci;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.PortDevice;

/**
 * PCI configuration mechanism 1: CONFIG_ADDRESS at 0xcf8 (double words only) and CONFIG_DATA at 0xcfc-0xcff (PCI Local
 * Bus 3.0, 3.2.2.3.2). Byte accesses to 0xcf8-0xcfb are not for this mechanism; the one at 0xcf9 is the chipset's reset
 * control register and goes to the port given for it.
 *
 * <p>Threat: the address is cut into fields of fixed width; two CPUs that race on the pair of registers confuse only
 * themselves.
 */
public final class PciConfigPorts implements Device<PciConfigPorts.State>, PortDevice {
    /** Ports the device takes. */
    public static final int PORTS = 8;
    /** How the ports are accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE_TO_DWORD;

    private static final int DATA = 4;
    private static final int RESET_CONTROL = 1;
    private static final int ENABLE = 0x8000_0000;
    private static final int WRITABLE = 0x80ff_fffc;

    private final PciBus bus;
    private final PortDevice resetControl;
    private volatile int address;

    /** @param address CONFIG_ADDRESS */
    public record State(int address) {}

    /** @param resetControl what answers byte accesses to 0xcf9 */
    public PciConfigPorts(PciBus bus, PortDevice resetControl) {
        this.bus = bus;
        this.resetControl = resetControl;
    }

    @Override
    public String name() {
        return "pci-config";
    }

    @Override
    public int readPort(int offset, int width) {
        if (offset >= DATA) {
            int now = address;
            return (now & ENABLE) == 0 ? -1 : bus.readConfig(now >>> 8 & 0xffff, register(now, offset), width);
        }
        if (offset == 0 && width == 4) {
            return address;
        }
        return offset == RESET_CONTROL && width == 1 ? resetControl.readPort(0, 1) : -1;
    }

    @Override
    public void writePort(int offset, int width, int value) {
        if (offset >= DATA) {
            int now = address;
            if ((now & ENABLE) != 0) {
                bus.writeConfig(now >>> 8 & 0xffff, register(now, offset), width, value);
            }
        } else if (offset == 0 && width == 4) {
            address = value & WRITABLE;
        } else if (offset == RESET_CONTROL && width == 1) {
            resetControl.writePort(0, 1, value);
        }
    }

    private static int register(int address, int offset) {
        return address & 0xfc | offset & 3;
    }

    @Override
    public void reset() {
        address = 0;
    }

    @Override
    public State save() {
        return new State(address);
    }

    @Override
    public void restore(State state) {
        address = state.address & WRITABLE;
    }
}
