package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.fpu.Float80Constant;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** The x87 instructions. The caller has dealt with #NM by CR0.EM and CR0.TS. */
public final class X87Family implements OpFamily {
    private static final OpTemplate ARITHMETIC = new OpTemplate(MethodHandles.lookup(), ArithmeticOp.class);
    private static final OpTemplate COMPARE = new OpTemplate(MethodHandles.lookup(), CompareOp.class);
    private static final OpTemplate LOAD = new OpTemplate(MethodHandles.lookup(), LoadOp.class);
    private static final OpTemplate CONSTANT = new OpTemplate(MethodHandles.lookup(), ConstantOp.class);
    private static final OpTemplate STORE = new OpTemplate(MethodHandles.lookup(), StoreOp.class);
    private static final OpTemplate REGISTER = new OpTemplate(MethodHandles.lookup(), RegisterOp.class);
    private static final OpTemplate FUNCTION = new OpTemplate(MethodHandles.lookup(), FunctionOp.class);
    private static final OpTemplate PAIR = new OpTemplate(MethodHandles.lookup(), PairOp.class);
    private static final OpTemplate STATUS = new OpTemplate(MethodHandles.lookup(), StatusOp.class);

    // Condition codes of Jcc (SDM vol. 1, appendix B): below, zero, below or equal, parity; +1 negates.
    private static final int BELOW = 2;
    private static final int EQUAL = 4;
    private static final int BELOW_OR_EQUAL = 6;
    private static final int UNORDERED = 10;

    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        if (!instruction.row().has(Attribute.X87)) {
            return null;
        }
        Op op = ControlOps.translate(instruction, context);
        if (op == null) {
            op = arithmetic(instruction, context);
        }
        if (op == null) {
            op = compare(instruction, context);
        }
        if (op == null) {
            op = move(instruction, context);
        }
        return op != null ? op : function(instruction, context);
    }

    private static Op arithmetic(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case FADD -> real(i, c, ArithmeticOp.ADD);
            case FMUL -> real(i, c, ArithmeticOp.MULTIPLY);
            case FSUB -> real(i, c, ArithmeticOp.SUBTRACT);
            case FSUBR -> real(i, c, ArithmeticOp.SUBTRACT_REVERSED);
            case FDIV -> real(i, c, ArithmeticOp.DIVIDE);
            case FDIVR -> real(i, c, ArithmeticOp.DIVIDE_REVERSED);
            case FADDP -> popping(i, c, ArithmeticOp.ADD);
            case FMULP -> popping(i, c, ArithmeticOp.MULTIPLY);
            case FSUBP -> popping(i, c, ArithmeticOp.SUBTRACT);
            case FSUBRP -> popping(i, c, ArithmeticOp.SUBTRACT_REVERSED);
            case FDIVP -> popping(i, c, ArithmeticOp.DIVIDE);
            case FDIVRP -> popping(i, c, ArithmeticOp.DIVIDE_REVERSED);
            case FIADD -> integer(i, c, ArithmeticOp.ADD);
            case FIMUL -> integer(i, c, ArithmeticOp.MULTIPLY);
            case FISUB -> integer(i, c, ArithmeticOp.SUBTRACT);
            case FISUBR -> integer(i, c, ArithmeticOp.SUBTRACT_REVERSED);
            case FIDIV -> integer(i, c, ArithmeticOp.DIVIDE);
            case FIDIVR -> integer(i, c, ArithmeticOp.DIVIDE_REVERSED);
            default -> null;
        };
    }

    private static Op real(Instruction instruction, BlockContext context, int operation) {
        // Opcode DC names ST(i) first, D8 ST(0).
        int toIndex = instruction.memory() == null && (instruction.opcode() & 4) != 0 ? 1 : 0;
        return ARITHMETIC.make(instruction, context, operation, Source.real(instruction), toIndex, 0);
    }

    private static Op popping(Instruction instruction, BlockContext context, int operation) {
        return ARITHMETIC.make(instruction, context, operation, Source.REGISTER, 1, 1);
    }

    private static Op integer(Instruction instruction, BlockContext context, int operation) {
        return ARITHMETIC.make(instruction, context, operation, Source.integer(instruction), 0, 0);
    }

    private static Op compare(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case FCOM -> COMPARE.make(i, c, Source.real(i), 0, 0, 0);
            case FCOMP -> COMPARE.make(i, c, Source.real(i), 0, 0, 1);
            case FCOMPP -> COMPARE.make(i, c, Source.REGISTER, 0, 0, 2);
            case FUCOM -> COMPARE.make(i, c, Source.REGISTER, 1, 0, 0);
            case FUCOMP -> COMPARE.make(i, c, Source.REGISTER, 1, 0, 1);
            case FUCOMPP -> COMPARE.make(i, c, Source.REGISTER, 1, 0, 2);
            case FICOM -> COMPARE.make(i, c, Source.integer(i), 0, 0, 0);
            case FICOMP -> COMPARE.make(i, c, Source.integer(i), 0, 0, 1);
            case FTST -> COMPARE.make(i, c, Source.ZERO, 0, 0, 0);
            case FCOMI -> COMPARE.make(i, c, Source.REGISTER, 0, 1, 0);
            case FCOMIP -> COMPARE.make(i, c, Source.REGISTER, 0, 1, 1);
            case FUCOMI -> COMPARE.make(i, c, Source.REGISTER, 1, 1, 0);
            case FUCOMIP -> COMPARE.make(i, c, Source.REGISTER, 1, 1, 1);
            default -> null;
        };
    }

    private static Op move(Instruction i, BlockContext c) {
        boolean memory = i.memory() != null;
        return switch (i.mnemonic()) {
            case FLD -> LOAD.make(i, c, Source.real(i));
            case FILD -> LOAD.make(i, c, Source.integer(i));
            case FBLD -> LOAD.make(i, c, Source.BCD);
            case FST -> memory ? store(i, c, Source.real(i), 0) : register(i, c, RegisterOp.STORE);
            case FSTP -> memory ? store(i, c, Source.real(i), 1) : storePop(i, c);
            case FIST -> store(i, c, Source.integer(i), 0);
            case FISTP -> store(i, c, Source.integer(i), 1);
            case FISTTP -> STORE.make(i, c, Source.integer(i), 1, 1);
            case FBSTP -> store(i, c, Source.BCD, 1);
            case FXCH -> register(i, c, RegisterOp.EXCHANGE);
            case FFREE -> register(i, c, RegisterOp.FREE);
            case FFREEP -> register(i, c, RegisterOp.FREE_POP);
            case FCMOVB -> register(i, c, RegisterOp.MOVE_IF + BELOW);
            case FCMOVNB -> register(i, c, RegisterOp.MOVE_IF + BELOW + 1);
            case FCMOVE -> register(i, c, RegisterOp.MOVE_IF + EQUAL);
            case FCMOVNE -> register(i, c, RegisterOp.MOVE_IF + EQUAL + 1);
            case FCMOVBE -> register(i, c, RegisterOp.MOVE_IF + BELOW_OR_EQUAL);
            case FCMOVNBE -> register(i, c, RegisterOp.MOVE_IF + BELOW_OR_EQUAL + 1);
            case FCMOVU -> register(i, c, RegisterOp.MOVE_IF + UNORDERED);
            case FCMOVNU -> register(i, c, RegisterOp.MOVE_IF + UNORDERED + 1);
            default -> null;
        };
    }

    private static Op store(Instruction instruction, BlockContext context, int format, int pop) {
        return STORE.make(instruction, context, format, pop, 0);
    }

    private static Op storePop(Instruction instruction, BlockContext context) {
        boolean unchecked = instruction.opcode() == 0xd9;
        return register(instruction, context, unchecked ? RegisterOp.STORE_POP_UNCHECKED : RegisterOp.STORE_POP);
    }

    private static Op register(Instruction instruction, BlockContext context, int operation) {
        return REGISTER.make(instruction, context, operation);
    }

    private static Op function(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case FCHS -> FUNCTION.make(i, c, FunctionOp.CHANGE_SIGN);
            case FABS -> FUNCTION.make(i, c, FunctionOp.ABSOLUTE);
            case FSQRT -> FUNCTION.make(i, c, FunctionOp.SQUARE_ROOT);
            case FRNDINT -> FUNCTION.make(i, c, FunctionOp.ROUND);
            case F2XM1 -> FUNCTION.make(i, c, FunctionOp.EXPONENTIAL);
            case FSIN -> FUNCTION.make(i, c, FunctionOp.SINE);
            case FCOS -> FUNCTION.make(i, c, FunctionOp.COSINE);
            case FSCALE -> FUNCTION.make(i, c, FunctionOp.SCALE);
            case FPREM -> FUNCTION.make(i, c, FunctionOp.REMAINDER);
            case FPREM1 -> FUNCTION.make(i, c, FunctionOp.REMAINDER_NEAREST);
            case FPATAN -> FUNCTION.make(i, c, FunctionOp.ARCTANGENT);
            case FYL2X -> FUNCTION.make(i, c, FunctionOp.LOGARITHM);
            case FYL2XP1 -> FUNCTION.make(i, c, FunctionOp.LOGARITHM_PLUS_1);
            case FXTRACT -> PAIR.make(i, c, PairOp.EXTRACT);
            case FPTAN -> PAIR.make(i, c, PairOp.TANGENT);
            case FSINCOS -> PAIR.make(i, c, PairOp.SINE_COSINE);
            case FNOP -> STATUS.make(i, c, StatusOp.NOTHING);
            case FXAM -> STATUS.make(i, c, StatusOp.EXAMINE);
            case FINCSTP -> STATUS.make(i, c, StatusOp.INCREMENT);
            case FDECSTP -> STATUS.make(i, c, StatusOp.DECREMENT);
            case FLD1 -> constant(i, c, Float80Constant.ONE);
            case FLDL2T -> constant(i, c, Float80Constant.LOG2_TEN);
            case FLDL2E -> constant(i, c, Float80Constant.LOG2_E);
            case FLDPI -> constant(i, c, Float80Constant.PI);
            case FLDLG2 -> constant(i, c, Float80Constant.LOG10_TWO);
            case FLDLN2 -> constant(i, c, Float80Constant.LN_TWO);
            case FLDZ -> constant(i, c, Float80Constant.ZERO);
            default -> null;
        };
    }

    private static Op constant(Instruction instruction, BlockContext context, Float80Constant constant) {
        return CONSTANT.make(instruction, context, constant.ordinal());
    }
}
