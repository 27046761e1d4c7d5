package dev.quoll.emulator.integer;

import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import java.util.Map;

/**
 * Flags the manuals leave undefined and in which the emulator does not follow an AMD processor (family 19h). All other
 * undefined flags it does follow, so that they are compared like the defined ones where the host is AMD's.
 */
final class UndefinedFlags {
    /** AMD keeps these flags; the emulator sets them from the product, which does not need the older ones computed. */
    private static final int BY_PRODUCT = Flags.SF | Flags.ZF | Flags.AF | Flags.PF;

    private static final Map<Mnemonic, Integer> DIFFERENT =
            Map.of(Mnemonic.MUL, BY_PRODUCT, Mnemonic.IMUL, BY_PRODUCT);

    private UndefinedFlags() {}

    /** The status flags of a row that are compared. */
    static int compared(OpcodeRow row, boolean hostIsAmd) {
        int left = hostIsAmd ? DIFFERENT.getOrDefault(row.mnemonic(), 0) : row.flagsUndefined();
        return Flags.STATUS & ~left;
    }
}
