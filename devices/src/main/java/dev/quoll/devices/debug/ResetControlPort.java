package dev.quoll.devices.debug;

import dev.quoll.devices.chipset.ResetRegister;
import dev.quoll.machine.PowerSink;

/**
 * The reset control register at port 0xcf9: bit 1 SYS_RST chooses a hard reset, bit 2 RST_CPU makes one as it rises,
 * bit 3 FULL_RST asks for a power cycle (Intel ICH9 data sheet, 13.7.5). All kinds reset the whole machine here.
 */
public final class ResetControlPort extends ResetRegister {
    private static final int RST_CPU = 4;
    private static final int BITS = 0xe;

    public ResetControlPort(PowerSink power) {
        super(power, "reset-control", "port 0xcf9", RST_CPU, BITS, 0);
    }
}
