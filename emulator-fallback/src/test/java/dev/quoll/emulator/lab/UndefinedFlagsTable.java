package dev.quoll.emulator.lab;

import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What becomes of the flags that the manuals leave undefined. Which those are, the opcode table says; here is what AMD's
 * processors do and the emulator follows. Intel's processors are not at hand: of them there is only the manual's word.
 */
final class UndefinedFlagsTable {
    private static final Map<Mnemonic, String> AMD = new EnumMap<>(Mnemonic.class);

    static {
        define("kept", Mnemonic.MUL, Mnemonic.IMUL, Mnemonic.DIV, Mnemonic.IDIV, Mnemonic.BT, Mnemonic.BTS, Mnemonic.BTR,
                Mnemonic.BTC, Mnemonic.BSF, Mnemonic.BSR);
        define("of the addition or subtraction of words that adjusts AX", Mnemonic.AAA, Mnemonic.AAS);
        define("of the addition of bytes that makes AL", Mnemonic.AAD);
        define("cleared", Mnemonic.AAM);
        define("of the addition or subtraction of bytes that adjusts AL", Mnemonic.DAA, Mnemonic.DAS);
    }

    private UndefinedFlagsTable() {}

    private static void define(String behaviour, Mnemonic... mnemonics) {
        for (Mnemonic mnemonic : mnemonics) {
            AMD.put(mnemonic, behaviour);
        }
    }

    /** What AMD's processors do, in words; where there are none, as the emulator does, which was compared. */
    static String amd(Mnemonic mnemonic) {
        return AMD.getOrDefault(mnemonic, "as the emulator's");
    }

    /** The undefined flags of the rows of a mnemonic, as letters. */
    static String letters(List<OpcodeRow> rows) {
        int flags = rows.stream().mapToInt(OpcodeRow::flagsUndefined).reduce(0, (a, b) -> a | b);
        StringBuilder text = new StringBuilder();
        append(text, flags, Flags.OF, "OF");
        append(text, flags, Flags.SF, "SF");
        append(text, flags, Flags.ZF, "ZF");
        append(text, flags, Flags.AF, "AF");
        append(text, flags, Flags.PF, "PF");
        append(text, flags, Flags.CF, "CF");
        return text.toString();
    }

    private static void append(StringBuilder text, int flags, int flag, String name) {
        if ((flags & flag) != 0) {
            text.append(text.isEmpty() ? "" : " ").append(name);
        }
    }
}
