package dev.quoll.emulator.translate.bytecode;

import dev.quoll.emulator.isa.ControlFlow;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;

/** Which instructions become bytecode of their own; the others stay ops, called or returned to. */
final class Inline {
    private Inline() {}

    static boolean is(Instruction instruction) {
        if (instruction.addressSize() != 8 || instruction.lock() || !general(instruction)) {
            return false;
        }
        int size = instruction.operandSize();
        return switch (instruction.mnemonic()) {
            case ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, TEST, INC, DEC, NEG, NOT, MOV, MOVZX, MOVSX, MOVSXD, LEA, SHL, SHR, SAR, CMOVCC,
                    SETCC, SHLX, SHRX, SARX, RORX, ANDN -> true;
            case IMUL -> instruction.operandCount() > 1 || size >= 4 && whole(instruction);
            case MUL -> size >= 4 && whole(instruction);
            case MULX, BSWAP -> size >= 4;
            case ROL, ROR -> size >= 4 && whole(instruction) && instruction.operand(1) instanceof Operand.Immediate;
            case BT -> instruction.memory() == null;
            case XCHG -> instruction.memory() == null;
            case CDQE, CWDE, CDQ, CQO -> true;
            case PUSH -> size == 8 && instruction.memory() == null;
            case POP -> size == 8 && instruction.operand(0) instanceof Operand.Register(RegisterClass _, int number, int _) && number != 4;
            case LEAVE -> size == 8;
            case JCC -> size == 8;
            case JMP, CALL -> size == 8 && instruction.operand(0) instanceof Operand.Relative;
            case RET -> size == 8 && instruction.row().flow() == ControlFlow.RETURN;
            default -> false;
        };
    }

    /** Not the byte form. */
    private static boolean whole(Instruction instruction) {
        return switch (instruction.operand(0)) {
            case Operand.Register register -> register.size() >= 4;
            case Operand.Memory memory -> memory.size() >= 4;
            default -> false;
        };
    }

    /** Operands are general registers, memory, constants and near targets. */
    private static boolean general(Instruction instruction) {
        for (int i = 0; i < instruction.operandCount(); i++) {
            boolean right = switch (instruction.operand(i)) {
                case Operand.Register register ->
                    register.cls() == RegisterClass.GPR || register.cls() == RegisterClass.GPR8_HIGH;
                case Operand.Memory _, Operand.Immediate _, Operand.Relative _ -> true;
                case Operand.FarPointer _ -> false;
            };
            if (!right) {
                return false;
            }
        }
        return true;
    }
}
