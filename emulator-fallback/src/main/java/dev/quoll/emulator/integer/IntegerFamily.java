package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;
import dev.quoll.emulator.isa.Repeat;
import java.lang.invoke.MethodHandles;

/** Chooses the op for each general-purpose instruction. */
public final class IntegerFamily implements OpFamily {
    private static final MethodHandles.Lookup LOOKUP = MethodHandles.lookup();

    private final OpTemplate binaryAlu = new OpTemplate(LOOKUP, BinaryAlu.class);
    private final OpTemplate unaryAlu = new OpTemplate(LOOKUP, UnaryAlu.class);
    private final OpTemplate move = new OpTemplate(LOOKUP, Move.class);
    private final OpTemplate branch = new OpTemplate(LOOKUP, Branch.class);
    private final OpTemplate compareBranch = new OpTemplate(LOOKUP, ComparePair.class);
    private final OpTemplate indirectBranch = new OpTemplate(LOOKUP, IndirectBranch.class);
    private final OpTemplate shift = new OpTemplate(LOOKUP, Shift.class);
    private final OpTemplate doubleShift = new OpTemplate(LOOKUP, DoubleShift.class);
    private final OpTemplate bmi = new OpTemplate(LOOKUP, BmiShift.class);
    private final OpTemplate bitScan = new OpTemplate(LOOKUP, BitScan.class);
    private final OpTemplate bitTest = new OpTemplate(LOOKUP, BitTest.class);
    private final OpTemplate multiply = new OpTemplate(LOOKUP, Multiply.class);
    private final OpTemplate divide = new OpTemplate(LOOKUP, Divide.class);
    private final OpTemplate exchange = new OpTemplate(LOOKUP, Exchange.class);
    private final OpTemplate stack = new OpTemplate(LOOKUP, Stack.class);
    private final OpTemplate conditional = new OpTemplate(LOOKUP, Conditional.class);
    private final OpTemplate string = new OpTemplate(LOOKUP, StringOp.class);
    private final OpTemplate byteOrder = new OpTemplate(LOOKUP, ByteOrderOp.class);
    private final OpTemplate crc32 = new OpTemplate(LOOKUP, Crc32Op.class);

    @Override
    public Op translate(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case ADD -> binary(i, c, BinaryAlu.ADD);
            case OR -> binary(i, c, BinaryAlu.OR);
            case ADC -> binary(i, c, BinaryAlu.ADC);
            case SBB -> binary(i, c, BinaryAlu.SBB);
            case AND -> binary(i, c, BinaryAlu.AND);
            case SUB -> binary(i, c, BinaryAlu.SUB);
            case XOR -> binary(i, c, BinaryAlu.XOR);
            case CMP -> binary(i, c, BinaryAlu.CMP);
            case TEST -> binary(i, c, BinaryAlu.TEST);
            case INC -> unary(i, c, UnaryAlu.INC);
            case DEC -> unary(i, c, UnaryAlu.DEC);
            case NEG -> unary(i, c, UnaryAlu.NEG);
            case NOT -> unary(i, c, UnaryAlu.NOT);
            case MOV -> general(i) ? move(i, c, false) : null;
            case MOVSX, MOVSXD, MOVNTI -> move(i, c, false);
            case MOVZX -> move(i, c, true);
            case LEA -> move.make(i, c, Move.ADDRESS, 8, TemplateOp.size(i.operand(0)), 0);
            case JMP -> near(i, c, Branch.JUMP, IndirectBranch.JUMP);
            case CALL -> near(i, c, Branch.CALL, IndirectBranch.CALL);
            case JCC -> branch.make(i, c, Branch.CONDITIONAL, i.condition());
            case LOOP -> branch.make(i, c, Branch.LOOP);
            case LOOPE, LOOPNE -> branch.make(i, c, whileZero(i) ? Branch.LOOPE : Branch.LOOPNE);
            case JCXZ -> branch.make(i, c, Branch.COUNTER_ZERO);
            case RET -> indirectBranch.make(i, c, IndirectBranch.RETURN, 0, i.operandSize());
            case PUSH -> push(i, c);
            case POP -> pop(i, c);
            case LEAVE -> stack(i, c, Stack.LEAVE);
            case ENTER -> new StackFrame.Enter(i.operandSize(), immediate(i, 0) & 0xffff, immediate(i, 1));
            case PUSHA -> new StackFrame.PushAll(i.operandSize());
            case POPA -> new StackFrame.PopAll(i.operandSize());
            case ROL -> shift(i, c, Shift.ROL);
            case ROR -> shift(i, c, Shift.ROR);
            case RCL -> shift(i, c, Shift.RCL);
            case RCR -> shift(i, c, Shift.RCR);
            case SHL -> shift(i, c, Shift.SHL);
            case SHR -> shift(i, c, Shift.SHR);
            case SAR -> shift(i, c, Shift.SAR);
            case SHLD -> doubleShift(i, c, 0);
            case SHRD -> doubleShift(i, c, 1);
            case SHLX -> bmi(i, c, BmiShift.SHLX);
            case SHRX -> bmi(i, c, BmiShift.SHRX);
            case SARX -> bmi(i, c, BmiShift.SARX);
            case RORX -> bmi(i, c, BmiShift.RORX);
            case ANDN -> bmi(i, c, BmiShift.ANDN);
            case BEXTR -> bmi(i, c, BmiShift.BEXTR);
            case BZHI -> bmi(i, c, BmiShift.BZHI);
            case PDEP -> bmi(i, c, BmiShift.PDEP);
            case PEXT -> bmi(i, c, BmiShift.PEXT);
            case BSF -> scan(i, c, BitScan.BSF);
            case BSR -> scan(i, c, BitScan.BSR);
            case TZCNT -> scan(i, c, BitScan.TZCNT);
            case LZCNT -> scan(i, c, BitScan.LZCNT);
            case POPCNT -> scan(i, c, BitScan.POPCNT);
            case BLSI -> scan(i, c, BitScan.BLSI);
            case BLSMSK -> scan(i, c, BitScan.BLSMSK);
            case BLSR -> scan(i, c, BitScan.BLSR);
            case BT -> bitTest(i, c, BitTest.TEST);
            case BTS -> bitTest(i, c, BitTest.SET);
            case BTR -> bitTest(i, c, BitTest.RESET);
            case BTC -> bitTest(i, c, BitTest.COMPLEMENT);
            case MUL -> multiply(i, c, Multiply.MUL, 0);
            case IMUL -> imul(i, c);
            case MULX -> multiply(i, c, Multiply.MULX, 2);
            case ADCX -> multiply(i, c, Multiply.ADCX, 1);
            case ADOX -> multiply(i, c, Multiply.ADOX, 1);
            case DIV -> divide.make(i, c, 0, TemplateOp.size(i.operand(i.operandCount() - 1)), memory(i));
            case IDIV -> divide.make(i, c, 1, TemplateOp.size(i.operand(i.operandCount() - 1)), memory(i));
            case XCHG -> exchange(i, c, Exchange.XCHG);
            case XADD -> exchange(i, c, Exchange.XADD);
            case CMPXCHG -> exchange(i, c, Exchange.CMPXCHG);
            case CMPXCHG8B -> new CompareExchangeWide(c, i.memory(), false, i.lock());
            case CMPXCHG16B -> new CompareExchangeWide(c, i.memory(), true, i.lock());
            case SETCC -> conditional.make(i, c, 1, 1, memory(i), i.condition());
            case CMOVCC -> conditional.make(i, c, 0, TemplateOp.size(i.operand(0)), memory(i), i.condition());
            case MOVS -> string(i, c, StringOp.MOVS);
            case STOS -> string(i, c, StringOp.STOS);
            case LODS -> string(i, c, StringOp.LODS);
            case CMPS -> string(i, c, StringOp.CMPS);
            case SCAS -> string(i, c, StringOp.SCAS);
            case BSWAP -> byteOrder.make(i, c, ByteOrderOp.SWAP, TemplateOp.size(i.operand(0)));
            case MOVBE ->
                byteOrder.make(
                        i,
                        c,
                        i.operand(0) instanceof Operand.Memory ? ByteOrderOp.STORE : ByteOrderOp.LOAD,
                        TemplateOp.size(i.operand(0)));
            case CRC32 -> crc32.make(i, c, TemplateOp.size(i.operand(1)), memory(i));
            case AAA, AAS, DAA, DAS -> new Decimal(i.mnemonic(), 0);
            case AAM, AAD -> new Decimal(i.mnemonic(), immediate(i, i.operandCount() - 1) & 0xff);
            case CBW, CWDE, CDQE, CWD, CDQ, CQO, LAHF, SAHF, CLC, STC, CMC, CLD, STD, SALC ->
                new Accumulator(i.mnemonic());
            case XLAT -> new Miscellany.Translate(c, i.memory());
            case BOUND -> new Miscellany.Bound(c, i.memory(), i.operandSize(), TemplateOp.slot(i.operand(0)));
            case NOP, ENDBR32, ENDBR64, PREFETCH, PREFETCHNTA, PREFETCHT0, PREFETCHT1, PREFETCHT2, PREFETCHW ->
                new Miscellany.Nop();
            default -> null;
        };
    }

    /**
     * CMP or TEST and the conditional branch behind it, as one op.
     *
     * @param op the branch's own op, already placed
     */
    public Op fuse(Instruction first, Instruction second, Op op, BlockContext c) {
        int operation;
        switch (first.mnemonic()) {
            case CMP -> operation = BinaryAlu.CMP;
            case TEST -> operation = BinaryAlu.TEST;
            default -> {
                return null;
            }
        }
        if (second.mnemonic() != Mnemonic.JCC || !(op instanceof DirectBranch branch)) {
            return null;
        }
        CompareBranch pair = (CompareBranch) compareBranch.make(
                first, c, operation, TemplateOp.size(first.operand(0)), form(first), second.condition());
        pair.setBranch(branch);
        return pair;
    }

    /** Whether a MOV has only general registers, memory and immediates as operands. */
    private static boolean general(Instruction i) {
        for (int n = 0; n < i.operandCount(); n++) {
            if (i.operand(n) instanceof Operand.Register(RegisterClass cls, int number, int size)
                    && cls != RegisterClass.GPR
                    && cls != RegisterClass.GPR8_HIGH) {
                return false;
            }
        }
        return true;
    }

    /** Whether a LOOPcc goes on while ZF is set: as with CMPS, a repeat prefix says so on AMD's processors, else the opcode. */
    private static boolean whileZero(Instruction i) {
        return i.repeatPrefix() == Repeat.NONE ? i.mnemonic() == Mnemonic.LOOPE : i.repeatPrefix() == Repeat.REP;
    }

    private static int memory(Instruction i) {
        return i.memory() != null ? 1 : 0;
    }

    private static int immediate(Instruction i, int operand) {
        return (int) ((Operand.Immediate) i.operand(operand)).value();
    }

    private static int locked(Instruction i) {
        return i.lock() ? 1 : 0;
    }

    private static int dead(BlockContext c) {
        return c.flagsDead() ? 1 : 0;
    }

    private Op binary(Instruction i, BlockContext c, int operation) {
        return binaryAlu.make(i, c, operation, TemplateOp.size(i.operand(0)), form(i), locked(i), dead(c));
    }

    private static int form(Instruction i) {
        Operand second = i.operand(1);
        if (i.operand(0) instanceof Operand.Memory) {
            return second instanceof Operand.Immediate ? BinaryAlu.MEMORY_IMMEDIATE : BinaryAlu.MEMORY_REGISTER;
        }
        return switch (second) {
            case Operand.Immediate immediate -> BinaryAlu.REGISTER_IMMEDIATE;
            case Operand.Memory memory -> BinaryAlu.REGISTER_MEMORY;
            default -> BinaryAlu.REGISTER_REGISTER;
        };
    }

    private Op unary(Instruction i, BlockContext c, int operation) {
        return unaryAlu.make(i, c, operation, TemplateOp.size(i.operand(0)), memory(i), locked(i), dead(c));
    }

    private Op move(Instruction i, BlockContext c, boolean zeroExtend) {
        Operand first = i.operand(0);
        Operand second = i.operand(1);
        int to = TemplateOp.size(first);
        // AMD's MOVSXD reads a doubleword whatever the operand size is (APM vol. 3, MOVSXD).
        int from = second instanceof Operand.Immediate ? to
                : i.mnemonic() == Mnemonic.MOVSXD ? 4 : TemplateOp.size(second);
        int form;
        if (first instanceof Operand.Memory) {
            form = second instanceof Operand.Immediate ? Move.MEMORY_IMMEDIATE : Move.MEMORY_REGISTER;
        } else {
            form = switch (second) {
                case Operand.Immediate immediate -> Move.REGISTER_IMMEDIATE;
                case Operand.Memory memory -> Move.REGISTER_MEMORY;
                default -> Move.REGISTER_REGISTER;
            };
        }
        return move.make(i, c, form, from, to, zeroExtend ? 1 : 0);
    }

    /** Null for the far forms. */
    private Op near(Instruction i, BlockContext c, int direct, int indirect) {
        if (i.row().flow() == dev.quoll.emulator.isa.ControlFlow.FAR) {
            return null;
        }
        return i.operand(0) instanceof Operand.Relative
                ? branch.make(i, c, direct, 0, direct == Branch.CALL && c.is64() && i.operandSize() == 8 ? 1 : 0)
                : indirectBranch.make(i, c, indirect, memory(i), i.operandSize());
    }

    private Op stack(Instruction i, BlockContext c, int kind) {
        return stack.make(i, c, kind, i.operandSize(), c.is64() && i.operandSize() == 8 ? 1 : 0);
    }

    private Op push(Instruction i, BlockContext c) {
        return switch (i.operand(0)) {
            case Operand.Immediate immediate -> stack(i, c, Stack.PUSH_IMMEDIATE);
            case Operand.Memory memory -> stack(i, c, Stack.PUSH_MEMORY);
            default -> general(i) ? stack(i, c, Stack.PUSH_REGISTER) : null;
        };
    }

    private Op pop(Instruction i, BlockContext c) {
        return i.operand(0) instanceof Operand.Memory
                ? stack(i, c, Stack.POP_MEMORY)
                : general(i) ? stack(i, c, Stack.POP_REGISTER) : null;
    }

    private Op shift(Instruction i, BlockContext c, int operation) {
        int byCl = i.operand(1) instanceof Operand.Register ? 1 : 0;
        return shift.make(i, c, operation, TemplateOp.size(i.operand(0)), memory(i), byCl, dead(c));
    }

    private Op doubleShift(Instruction i, BlockContext c, int right) {
        int byCl = i.operand(2) instanceof Operand.Register ? 1 : 0;
        return doubleShift.make(i, c, right, TemplateOp.size(i.operand(0)), memory(i), byCl);
    }

    private Op bmi(Instruction i, BlockContext c, int operation) {
        int place = i.operand(1) instanceof Operand.Memory ? 1 : i.operand(2) instanceof Operand.Memory ? 2 : 0;
        return bmi.make(i, c, operation, TemplateOp.size(i.operand(0)), place);
    }

    private Op scan(Instruction i, BlockContext c, int operation) {
        return bitScan.make(i, c, operation, TemplateOp.size(i.operand(0)), memory(i));
    }

    private Op bitTest(Instruction i, BlockContext c, int operation) {
        int immediate = i.operand(1) instanceof Operand.Immediate ? 1 : 0;
        return bitTest.make(i, c, operation, i.operandSize(), memory(i), immediate, locked(i));
    }

    private Op multiply(Instruction i, BlockContext c, int operation, int source) {
        return multiply.make(i, c, operation, TemplateOp.size(i.operand(source)), memory(i), dead(c));
    }

    private Op imul(Instruction i, BlockContext c) {
        return switch (i.operandCount()) {
            case 1 -> multiply(i, c, Multiply.IMUL_WIDE, 0);
            case 2 -> multiply(i, c, Multiply.IMUL, 1);
            default -> multiply(i, c, Multiply.IMUL_IMMEDIATE, 1);
        };
    }

    private Op exchange(Instruction i, BlockContext c, int operation) {
        int locked = i.memory() != null && (i.lock() || operation == Exchange.XCHG) ? 1 : 0;
        return exchange.make(i, c, operation, TemplateOp.size(i.operand(0)), memory(i), locked);
    }

    private Op string(Instruction i, BlockContext c, int operation) {
        int size = 0;
        for (int n = 0; n < i.operandCount(); n++) {
            if (i.operand(n) instanceof Operand.Memory memory) {
                size = memory.size();
            }
        }
        return string.make(i, c, operation, size, i.rep().ordinal(), i.addressSize());
    }
}
