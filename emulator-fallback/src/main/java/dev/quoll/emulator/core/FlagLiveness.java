package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;
import java.util.EnumSet;
import java.util.Set;

/** What ends the life of an arithmetic flag, and where flags can be seen: for all tiers. */
public final class FlagLiveness {
    /** Instructions that cannot fault as long as their operands are general registers. */
    private static final Set<Mnemonic> PLAIN = EnumSet.of(
            Mnemonic.ADC, Mnemonic.ADCX, Mnemonic.ADD, Mnemonic.ADOX, Mnemonic.AND, Mnemonic.ANDN, Mnemonic.BEXTR,
            Mnemonic.BLSI, Mnemonic.BLSMSK, Mnemonic.BLSR, Mnemonic.BSF, Mnemonic.BSR, Mnemonic.BSWAP, Mnemonic.BT,
            Mnemonic.BTC, Mnemonic.BTR, Mnemonic.BTS, Mnemonic.BZHI, Mnemonic.CBW, Mnemonic.CDQ, Mnemonic.CDQE,
            Mnemonic.CLC, Mnemonic.CMC, Mnemonic.CMOVCC, Mnemonic.CMP, Mnemonic.CQO, Mnemonic.CRC32, Mnemonic.CWD,
            Mnemonic.CWDE, Mnemonic.DEC, Mnemonic.IMUL, Mnemonic.INC, Mnemonic.LEA, Mnemonic.LZCNT, Mnemonic.MOV,
            Mnemonic.MOVSX, Mnemonic.MOVSXD, Mnemonic.MOVZX, Mnemonic.MUL, Mnemonic.MULX, Mnemonic.NEG, Mnemonic.NOP,
            Mnemonic.NOT, Mnemonic.OR, Mnemonic.PDEP, Mnemonic.PEXT, Mnemonic.POPCNT, Mnemonic.RCL, Mnemonic.RCR,
            Mnemonic.ROL, Mnemonic.ROR, Mnemonic.RORX, Mnemonic.SAR, Mnemonic.SARX, Mnemonic.SBB, Mnemonic.SETCC,
            Mnemonic.SHL, Mnemonic.SHLD, Mnemonic.SHLX, Mnemonic.SHR, Mnemonic.SHRD, Mnemonic.SHRX, Mnemonic.STC,
            Mnemonic.SUB, Mnemonic.TEST, Mnemonic.TZCNT, Mnemonic.XADD, Mnemonic.XCHG, Mnemonic.XOR);

    private FlagLiveness() {}

    /** Flags that surely have another value behind an instruction of this row: not those it leaves undefined. */
    public static int surelyWritten(OpcodeRow row) {
        return row.has(Attribute.FLAGS_MAY_STAY) ? 0 : row.flagsWritten();
    }

    /** Whether anything but plain register work happens, so that a fault handler could see the flags before it. */
    public static boolean mayFault(Instruction instruction) {
        if (!PLAIN.contains(instruction.mnemonic())) {
            return true;
        }
        boolean addressOnly = instruction.row().has(Attribute.ADDRESS_ONLY);
        for (int i = 0; i < instruction.operandCount(); i++) {
            switch (instruction.operand(i)) {
                case Operand.Memory memory -> {
                    if (!addressOnly) {
                        return true;
                    }
                }
                case Operand.Register(RegisterClass cls, int number, int size) -> {
                    if (cls != RegisterClass.GPR && cls != RegisterClass.GPR8_HIGH) {
                        return true;
                    }
                }
                default -> {}
            }
        }
        return false;
    }
}
