package dev.quoll.devices.pci;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.MmioDevice;

/**
 * Maps memory BARs on the machine's memory bus, one register window a BAR. A guest may put a BAR on top of another
 * device: the one that was there first keeps the place.
 */
public final class BusBarMapping implements BarMapping {
    private final MmioBus bus;
    private final MmioDevice[] windows = new MmioDevice[PciConfigSpace.BARS];
    private final AccessWidths[] widths = new AccessWidths[PciConfigSpace.BARS];

    public BusBarMapping(MmioBus bus) {
        this.bus = bus;
    }

    /** Says what answers in a BAR. @param bar index of the (lower) base address register, 0-5 */
    public BusBarMapping window(int bar, AccessWidths accessWidths, MmioDevice device) {
        windows[bar] = device;
        widths[bar] = accessWidths;
        return this;
    }

    @Override
    public boolean map(int bar, long address, long size) {
        if (address == 0 || address + size < address) {
            return false;
        }
        try {
            bus.register(address, size, widths[bar], windows[bar]);
            return true;
        } catch (IllegalArgumentException occupied) {
            return false;
        }
    }

    @Override
    public void unmap(int bar, long address, long size) {
        bus.unregister(address);
    }
}
