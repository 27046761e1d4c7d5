package dev.quoll.devices.chipset;

import dev.quoll.machine.PowerSink;

/**
 * Port 0x92 (ICH9 data sheet, 13.7.3): a rising bit 0 resets the machine. Bit 1, which opens address line 20 on old PCs, reads as set
 * always: no processor here closes it.
 */
public final class SystemControlA extends ResetRegister {
    private static final int INIT_NOW = 1;
    private static final int A20 = 2;

    public SystemControlA(PowerSink power) {
        super(power, "system-control-a", "port 0x92", INIT_NOW, INIT_NOW, A20);
    }
}
