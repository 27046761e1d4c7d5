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
        define("kept", Mnemonic.MUL, Mnemonic.IMUL, Mnemonic.BT, Mnemonic.BTS, Mnemonic.BTR, Mnemonic.BTC, Mnemonic.BSF,
                Mnemonic.BSR);
        define("CF and OF kept, AF set, SF, ZF and PF cleared", Mnemonic.DIV, Mnemonic.IDIV);
        define("AF cleared", Mnemonic.AND, Mnemonic.OR, Mnemonic.XOR, Mnemonic.TEST);
        define("AF cleared, PF of the result", Mnemonic.ANDN, Mnemonic.BLSI, Mnemonic.BLSMSK, Mnemonic.BLSR, Mnemonic.BZHI);
        define("SF cleared, AF set, PF of the result", Mnemonic.BEXTR);
        define("OF kept, SF, AF and PF cleared", Mnemonic.TZCNT, Mnemonic.LZCNT);
        define("OF = CF xor the result's top bit, whatever the count; AF set", Mnemonic.SHL);
        define("OF = the result's two top bits differ, whatever the count; AF set", Mnemonic.SHR);
        define("OF cleared, AF set", Mnemonic.SAR);
        define("OF = CF xor the result's top bit, whatever the count", Mnemonic.ROL, Mnemonic.RCL);
        define("OF = the result's two top bits differ, whatever the count", Mnemonic.ROR, Mnemonic.RCR);
        define("AF set; OF = CF xor the result's top bit", Mnemonic.SHLD);
        define("AF set; OF = the result's two top bits differ", Mnemonic.SHRD);
        define("not compared: moves to and from control and debug registers are refused in user code", Mnemonic.MOV);
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

    /**
     * What AMD's processors do, in words.
     *
     * @throws IllegalStateException when nobody has written that down
     */
    static String amd(Mnemonic mnemonic) {
        String behaviour = AMD.get(mnemonic);
        if (behaviour == null) {
            throw new IllegalStateException("what becomes of the undefined flags of " + mnemonic + " is not in the table");
        }
        return behaviour;
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
