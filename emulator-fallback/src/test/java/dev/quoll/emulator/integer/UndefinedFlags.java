package dev.quoll.emulator.integer;

import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.OpcodeRow;

/**
 * Flags the manuals leave undefined: the emulator follows an AMD processor (family 19h), so that they are compared like
 * the defined ones where the host is AMD's.
 */
final class UndefinedFlags {
    private UndefinedFlags() {}

    /** The status flags of a row that are compared. */
    static int compared(OpcodeRow row, boolean hostIsAmd) {
        return hostIsAmd ? Flags.STATUS : Flags.STATUS & ~row.flagsUndefined();
    }
}
