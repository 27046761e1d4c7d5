package dev.quoll.emulator.isa;

import dev.quoll.emulator.isa.Operand.Immediate;
import java.util.Locale;

/// Writes instructions in Intel syntax, close to that of GNU objdump.
///
/// Differences by choice: hexadecimal numbers always have 0x, a displacement of 0 is not shown, and prefixes without effect
/// are left out.
public final class Disassembler {
    private static final String[] CONDITIONS = {
        "o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"
    };

    /// Names of the predicates of CMPPS and, all 32, of VCMPPS (SDM vol. 2, table 3-1).
    private static final String[] PREDICATES = {
        "eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord",
        "eq_uq", "nge", "ngt", "false", "neq_oq", "ge", "gt", "true",
        "eq_os", "lt_oq", "le_oq", "unord_s", "neq_us", "nlt_uq", "nle_uq", "ord_s",
        "eq_us", "nge_uq", "ngt_uq", "false_os", "neq_os", "ge_oq", "gt_oq", "true_us"
    };

    private Disassembler() {
    }

    /// Returns the text of an instruction.
    ///
    /// @param rip its address, from which branch targets and RIP-relative addresses are computed
    public static String text(Instruction instruction, long rip) {
        StringBuilder out = new StringBuilder(48);
        prefixes(out, instruction);
        int shown = mnemonic(out, instruction);
        for (int i = 0; i < shown; i++) {
            out.append(i == 0 ? ' ' : ',');
            OperandText.append(out, instruction, i, rip);
        }
        OperandText.appendRipTarget(out, instruction, rip);
        return out.toString();
    }

    private static void prefixes(StringBuilder out, Instruction instruction) {
        if (instruction.lock()) {
            out.append("lock ");
        }
        OpcodeRow row = instruction.row();
        switch (instruction.rep()) {
            case NONE -> {
            }
            case REP -> out.append(
                    row.has(Attribute.REPCC) ? "repz " : (instruction.prefixes() & Prefixes.REPNE) != 0 ? "repnz " : "rep ");
            case REPNE -> out.append("repnz ");
        }
        int prefixes = instruction.prefixes();
        if (row.flow() == ControlFlow.RETURN && (prefixes & Prefixes.REP) != 0) {
            out.append("repz ");
        }
        boolean near = row.flow() != ControlFlow.NEXT && row.flow() != ControlFlow.FAR;
        if (near && (prefixes & Prefixes.REPNE) != 0) {
            out.append("bnd ");
        }
        boolean ds = (prefixes & Prefixes.SEGMENT_MASK) >> Prefixes.SEGMENT_SHIFT == Segment.DS.ordinal() + 1;
        if (near && ds && instruction.opcode() == 0xff) {
            out.append("notrack ");
        }
    }

    /// Appends the mnemonic and returns how many operands are to be shown.
    private static int mnemonic(StringBuilder out, Instruction instruction) {
        int operands = instruction.operandCount();
        int size = instruction.operandSize();
        switch (instruction.mnemonic()) {
            case JCC -> out.append('j').append(CONDITIONS[instruction.condition()]);
            case SETCC -> out.append("set").append(CONDITIONS[instruction.condition()]);
            case CMOVCC -> out.append("cmov").append(CONDITIONS[instruction.condition()]);
            case JCXZ -> out.append(
                    switch (instruction.addressSize()) {
                        case 2 -> "jcxz";
                        case 4 -> "jecxz";
                        default -> "jrcxz";
                    });
            case NOP -> out.append(operands == 0 && size == 2 && !bits16(instruction) ? "xchg ax,ax" : "nop");
            case MOV -> out.append(isAbsoluteMove(instruction) ? "movabs" : "mov");
            // Without SEV-ES they are one.
            case VMMCALL -> out.append((instruction.prefixes() & Prefixes.REP) != 0 ? "vmgexit" : "vmmcall");
            case PUSH, RET, JMP, CALL -> {
                lower(out, instruction.mnemonic());
                if (isShortened(instruction)) {
                    out.append('w');
                }
            }
            case SYSRET, SYSEXIT -> {
                lower(out, instruction.mnemonic());
                out.append(size == 8 ? 'q' : 'd');
            }
            case IRET, RETF -> {
                lower(out, instruction.mnemonic());
                if (size != Math.min(instruction.codeSize().bytes(), 4)) {
                    out.append(size == 8 ? 'q' : size == 4 ? 'd' : 'w');
                }
            }
            case PUSHA, POPA, PUSHF, POPF, ENTER, LEAVE -> {
                lower(out, instruction.mnemonic());
                if (size != instruction.codeSize().bytes()) {
                    out.append(size == 2 ? 'w' : 'd');
                }
            }
            case FXSAVE, FXRSTOR, XSAVE, XSAVEOPT, XSAVEC, XSAVES, XRSTOR, XRSTORS -> {
                lower(out, instruction.mnemonic());
                if (size == 8) {
                    out.append("64");
                }
            }
            case CMPPS, CMPPD, CMPSS, CMPSD -> {
                return compare(out, instruction, 8);
            }
            case VCMPPS, VCMPPD, VCMPSS, VCMPSD -> {
                return compare(out, instruction, 32);
            }
            case PCLMULQDQ, VPCLMULQDQ -> {
                return carrylessMultiply(out, instruction);
            }
            default -> lower(out, instruction.mnemonic());
        }
        return operands;
    }

    private static boolean bits16(Instruction instruction) {
        return instruction.codeSize() == CodeSize.BITS16;
    }

    /// A 66 prefix that no operand's name shows.
    private static boolean isShortened(Instruction instruction) {
        return instruction.operandSize() == 2
                && !bits16(instruction)
                && (instruction.operandCount() == 0
                        || instruction.operand(0) instanceof Immediate
                        || instruction.operand(0) instanceof Operand.Relative && instruction.opcode() != 0xeb);
    }

    /// MOV with a 64-bit immediate or offset is MOVABS to GNU tools.
    private static boolean isAbsoluteMove(Instruction instruction) {
        for (int i = 0; i < 2; i++) {
            OperandKind kind = instruction.row().operands().get(i);
            if (kind.method() == OperandKind.Method.O && instruction.addressSize() == 8
                    || kind.method() == OperandKind.Method.I
                            && kind.size() == OperandKind.Size.V
                            && instruction.operandSize() == 8) {
                return true;
            }
        }
        return false;
    }

    private static int compare(StringBuilder out, Instruction instruction, int predicates) {
        String name = instruction.mnemonic().name();
        int last = instruction.operandCount() - 1;
        long predicate = ((Immediate) instruction.operand(last)).value();
        if (predicate >= predicates) {
            lower(out, instruction.mnemonic());
            return last + 1;
        }
        int end = name.length() - 2;
        out.append(name.substring(0, end).toLowerCase(Locale.ROOT));
        out.append(PREDICATES[(int) predicate]);
        out.append(name.substring(end).toLowerCase(Locale.ROOT));
        return last;
    }

    private static int carrylessMultiply(StringBuilder out, Instruction instruction) {
        int last = instruction.operandCount() - 1;
        int selector = (int) ((Immediate) instruction.operand(last)).value();
        if ((selector & ~0x11) != 0) {
            lower(out, instruction.mnemonic());
            return last + 1;
        }
        out.append(instruction.vex() ? "vpclmul" : "pclmul");
        out.append((selector & 1) != 0 ? 'h' : 'l').append('q');
        out.append((selector & 0x10) != 0 ? 'h' : 'l').append("qdq");
        return last;
    }

    private static void lower(StringBuilder out, Mnemonic mnemonic) {
        out.append(mnemonic.name().toLowerCase(Locale.ROOT));
    }
}
