package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.Mode;
import dev.quoll.emulator.isa.CodeSize;
import dev.quoll.emulator.isa.ControlFlow;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.OperandKind;
import dev.quoll.emulator.isa.RegisterClass;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Which instructions become host code. */
final class Translatable {
    /** The host's own instruction does what the guest's does, on registers and on memory. */
    private static final Set<Mnemonic> PLAIN = EnumSet.of(
            Mnemonic.ADC, Mnemonic.ADD, Mnemonic.AND, Mnemonic.BSF, Mnemonic.BSR, Mnemonic.BSWAP, Mnemonic.BT, Mnemonic.BTC,
            Mnemonic.BTR, Mnemonic.BTS, Mnemonic.CBW, Mnemonic.CDQ, Mnemonic.CDQE, Mnemonic.CLC, Mnemonic.CMC, Mnemonic.CMOVCC,
            Mnemonic.CMP, Mnemonic.CMPXCHG, Mnemonic.CMPXCHG16B, Mnemonic.CMPXCHG8B, Mnemonic.CQO, Mnemonic.CWD, Mnemonic.CWDE,
            Mnemonic.DEC, Mnemonic.IMUL, Mnemonic.INC, Mnemonic.MOV, Mnemonic.MOVSX, Mnemonic.MOVSXD, Mnemonic.MOVZX, Mnemonic.MUL,
            Mnemonic.NEG, Mnemonic.NOT, Mnemonic.OR, Mnemonic.RCL, Mnemonic.RCR, Mnemonic.ROL, Mnemonic.ROR, Mnemonic.SAR, Mnemonic.SBB,
            Mnemonic.SETCC, Mnemonic.SHL, Mnemonic.SHLD, Mnemonic.SHR, Mnemonic.SHRD, Mnemonic.STC, Mnemonic.SUB, Mnemonic.TEST,
            Mnemonic.XADD, Mnemonic.XCHG, Mnemonic.XOR);
    /** Likewise, where the host has them: the translator asks for hosts with all of these. */
    private static final Set<Mnemonic> NEWER = EnumSet.of(
            Mnemonic.ADCX, Mnemonic.ADOX, Mnemonic.ANDN, Mnemonic.BEXTR, Mnemonic.BLSI, Mnemonic.BLSMSK, Mnemonic.BLSR, Mnemonic.BZHI,
            Mnemonic.CRC32, Mnemonic.LZCNT, Mnemonic.MOVBE, Mnemonic.MULX, Mnemonic.PDEP, Mnemonic.PEXT, Mnemonic.POPCNT, Mnemonic.RORX,
            Mnemonic.SARX, Mnemonic.SHLX, Mnemonic.SHRX, Mnemonic.TZCNT);

    private Translatable() {}

    /** @param mode of the code, {@link Mode} bits */
    static boolean is(Instruction instruction, int mode) {
        if (instruction.codeSize() != CodeSize.BITS64 || instruction.addressSize() != 8) {
            return false;
        }
        return switch (instruction.mnemonic()) {
            case NOP, PREFETCHNTA, PREFETCHT0, PREFETCHT1, PREFETCHT2, PREFETCHW, PREFETCH -> true;
            case LEA -> general(instruction);
            case PUSH -> instruction.operandSize() == 8 && general(instruction);
            case POP -> instruction.operandSize() == 8 && general(instruction) && poppable(instruction);
            case PUSHF -> instruction.operandSize() == 8;
            case CLI -> (mode & Mode.USER) == 0;
            case LEAVE -> instruction.operandSize() == 8;
            case MOVS, STOS -> StringCode.translatable(instruction);
            case DIV, IDIV -> instruction.operandSize() >= 4 && wholeOperand(instruction) && general(instruction);
            case JCC -> instruction.operandSize() == 8;
            case JMP, CALL -> instruction.operandSize() == 8 && near(instruction) && general(instruction);
            case RET -> instruction.operandSize() == 8 && instruction.row().flow() == ControlFlow.RETURN;
            default -> PLAIN.contains(instruction.mnemonic()) || NEWER.contains(instruction.mnemonic())
                    ? plain(instruction)
                    : VectorCode.translatable(instruction, mode);
        };
    }

    private static boolean near(Instruction instruction) {
        return instruction.row().flow() == ControlFlow.JUMP || instruction.row().flow() == ControlFlow.CALL;
    }

    private static boolean poppable(Instruction instruction) {
        return instruction.operand(0) instanceof Operand.Register register && register.number() != HostRegister.RSP;
    }

    /** Not the byte form. */
    private static boolean wholeOperand(Instruction instruction) {
        return switch (instruction.operand(0)) {
            case Operand.Register register -> register.size() >= 4;
            case Operand.Memory memory -> memory.size() >= 4;
            default -> false;
        };
    }

    /** Operands are general registers, ordinary memory, and constants. */
    private static boolean general(Instruction instruction) {
        List<OperandKind> kinds = instruction.row().operands();
        for (int i = 0; i < kinds.size(); i++) {
            boolean right = switch (kinds.get(i).method()) {
                case E, G, M, R, B, Z, I, SIGNED_BYTE, J, ONE -> true;
                case FIXED_GPR -> HostRegister.same(kinds.get(i).number());
                default -> false;
            };
            if (!right || !ordinary(instruction.operand(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean ordinary(Operand operand) {
        return switch (operand) {
            case Operand.Register register -> register.cls() == RegisterClass.GPR || register.cls() == RegisterClass.GPR8_HIGH;
            case Operand.Memory memory -> memory.displacement() == (int) memory.displacement();
            case Operand.Immediate _, Operand.Relative _ -> true;
            case Operand.FarPointer _ -> false;
        };
    }

    private static boolean plain(Instruction instruction) {
        if (!general(instruction)) {
            return false;
        }
        boolean memory = false;
        boolean high = false;
        boolean others = true;
        int homeless = -1;
        List<OperandKind> kinds = instruction.row().operands();
        for (int i = 0; i < kinds.size(); i++) {
            switch (instruction.operand(i)) {
                case Operand.Memory operand -> memory |= operand.size() > 0;
                case Operand.Register(RegisterClass cls, int number, int size) -> {
                    if (cls == RegisterClass.GPR8_HIGH) {
                        high = true;
                    } else {
                        others &= HostRegister.same(number) && number < 8;
                        if (kinds.get(i).access().writes() && HostRegister.of(number) == HostRegister.NONE) {
                            if (homeless == number) {
                                // Two results in one register that has to be stored.
                                return false;
                            }
                            homeless = number;
                        }
                    }
                }
                default -> { }
            }
        }
        if (instruction.memory() != null && !memory || high && (memory || !others)) {
            return false;
        }
        return switch (instruction.mnemonic()) {
            // The bit offset reaches beyond the operand.
            case BT, BTC, BTR, BTS -> !memory || instruction.operand(1) instanceof Operand.Immediate;
            case MOVSXD -> instruction.operandSize() != 2;
            default -> true;
        };
    }
}
