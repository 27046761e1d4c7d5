package dev.quoll.devices.chipset;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.PortDevice;

/**
 * The SMI_EN register of power management (ICH9 data sheet, 13.8.3.8) of a processor without system management mode. APMC_EN reads as set
 * and cannot be cleared: firmware takes system management for set up already and leaves it alone. No state.
 */
public final class SmiControl implements PortDevice {
    /** Ports the register takes. */
    public static final int PORTS = 4;
    /** How the ports are accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.DWORD;

    private static final int APMC_EN = 1 << 5;

    @Override
    public int readPort(int offset, int width) {
        return APMC_EN;
    }

    @Override
    public void writePort(int offset, int width, int value) {
        // Every bit is read-only here.
    }
}
