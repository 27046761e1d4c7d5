package dev.quoll.emulator.sse;

import static dev.quoll.emulator.sse.FloatOp.DOUBLE;
import static dev.quoll.emulator.sse.FloatOp.DOUBLES;
import static dev.quoll.emulator.sse.FloatOp.SINGLE;
import static dev.quoll.emulator.sse.FloatOp.SINGLES;
import static dev.quoll.emulator.sse.FloatOperation.*;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** The ops of floating-point arithmetic, comparisons and conversions. */
final class FloatTranslator {
    private static final OpTemplate ARITHMETIC = new OpTemplate(MethodHandles.lookup(), FloatOp.class);
    private static final OpTemplate SUMS = new OpTemplate(MethodHandles.lookup(), FloatSumOp.class);
    private static final OpTemplate FLAGS = new OpTemplate(MethodHandles.lookup(), FlagsOp.class);
    private static final OpTemplate SCALARS = new OpTemplate(MethodHandles.lookup(), ScalarConvertOp.class);
    private static final OpTemplate PACKED = new OpTemplate(MethodHandles.lookup(), PackedConvertOp.class);

    private FloatTranslator() {}

    /** As {@link dev.quoll.emulator.core.OpFamily#translate}. */
    static Op translate(Instruction instruction, BlockContext context) {
        Op op = arithmetic(instruction, context);
        if (op == null) {
            op = across(instruction, context);
        }
        return op != null ? op : conversion(instruction, context);
    }

    private static Op arithmetic(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case ADDSS -> arithmetic(i, c, ADD, SINGLE);
            case ADDSD -> arithmetic(i, c, ADD, DOUBLE);
            case ADDPS -> arithmetic(i, c, ADD, SINGLES);
            case ADDPD -> arithmetic(i, c, ADD, DOUBLES);
            case SUBSS -> arithmetic(i, c, SUBTRACT, SINGLE);
            case SUBSD -> arithmetic(i, c, SUBTRACT, DOUBLE);
            case SUBPS -> arithmetic(i, c, SUBTRACT, SINGLES);
            case SUBPD -> arithmetic(i, c, SUBTRACT, DOUBLES);
            case MULSS -> arithmetic(i, c, MULTIPLY, SINGLE);
            case MULSD -> arithmetic(i, c, MULTIPLY, DOUBLE);
            case MULPS -> arithmetic(i, c, MULTIPLY, SINGLES);
            case MULPD -> arithmetic(i, c, MULTIPLY, DOUBLES);
            case DIVSS -> arithmetic(i, c, DIVIDE, SINGLE);
            case DIVSD -> arithmetic(i, c, DIVIDE, DOUBLE);
            case DIVPS -> arithmetic(i, c, DIVIDE, SINGLES);
            case DIVPD -> arithmetic(i, c, DIVIDE, DOUBLES);
            case MINSS -> arithmetic(i, c, MIN, SINGLE);
            case MINSD -> arithmetic(i, c, MIN, DOUBLE);
            case MINPS -> arithmetic(i, c, MIN, SINGLES);
            case MINPD -> arithmetic(i, c, MIN, DOUBLES);
            case MAXSS -> arithmetic(i, c, MAX, SINGLE);
            case MAXSD -> arithmetic(i, c, MAX, DOUBLE);
            case MAXPS -> arithmetic(i, c, MAX, SINGLES);
            case MAXPD -> arithmetic(i, c, MAX, DOUBLES);
            case SQRTSS -> arithmetic(i, c, SQUARE_ROOT, SINGLE);
            case SQRTSD -> arithmetic(i, c, SQUARE_ROOT, DOUBLE);
            case SQRTPS -> arithmetic(i, c, SQUARE_ROOT, SINGLES);
            case SQRTPD -> arithmetic(i, c, SQUARE_ROOT, DOUBLES);
            case CMPSS -> arithmetic(i, c, COMPARE, SINGLE);
            case CMPSD -> arithmetic(i, c, COMPARE, DOUBLE);
            case CMPPS -> arithmetic(i, c, COMPARE, SINGLES);
            case CMPPD -> arithmetic(i, c, COMPARE, DOUBLES);
            case ROUNDSS -> arithmetic(i, c, ROUND, SINGLE);
            case ROUNDSD -> arithmetic(i, c, ROUND, DOUBLE);
            case ROUNDPS -> arithmetic(i, c, ROUND, SINGLES);
            case ROUNDPD -> arithmetic(i, c, ROUND, DOUBLES);
            case RCPSS -> arithmetic(i, c, RECIPROCAL, SINGLE);
            case RCPPS -> arithmetic(i, c, RECIPROCAL, SINGLES);
            case RSQRTSS -> arithmetic(i, c, RECIPROCAL_ROOT, SINGLE);
            case RSQRTPS -> arithmetic(i, c, RECIPROCAL_ROOT, SINGLES);
            default -> null;
        };
    }

    private static Op arithmetic(Instruction instruction, BlockContext context, int operation, int elements) {
        return ARITHMETIC.make(instruction, context, operation, elements, XmmOp.form(instruction));
    }

    private static Op across(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case HADDPS -> sum(i, c, FloatSum.HORIZONTAL_ADD, false);
            case HADDPD -> sum(i, c, FloatSum.HORIZONTAL_ADD, true);
            case HSUBPS -> sum(i, c, FloatSum.HORIZONTAL_SUBTRACT, false);
            case HSUBPD -> sum(i, c, FloatSum.HORIZONTAL_SUBTRACT, true);
            case ADDSUBPS -> sum(i, c, FloatSum.ALTERNATE, false);
            case ADDSUBPD -> sum(i, c, FloatSum.ALTERNATE, true);
            case DPPS -> sum(i, c, FloatSum.DOT_PRODUCT, false);
            case DPPD -> sum(i, c, FloatSum.DOT_PRODUCT, true);
            case UCOMISS, VUCOMISS -> FLAGS.make(i, c, FlagsOp.UNORDERED_SINGLE, XmmOp.form(i));
            case UCOMISD, VUCOMISD -> FLAGS.make(i, c, FlagsOp.UNORDERED_DOUBLE, XmmOp.form(i));
            case COMISS, VCOMISS -> FLAGS.make(i, c, FlagsOp.ORDERED_SINGLE, XmmOp.form(i));
            case COMISD, VCOMISD -> FLAGS.make(i, c, FlagsOp.ORDERED_DOUBLE, XmmOp.form(i));
            case PTEST, VPTEST -> FLAGS.make(i, c, FlagsOp.TEST, XmmOp.form(i));
            default -> null;
        };
    }

    private static Op sum(Instruction instruction, BlockContext context, int operation, boolean doubles) {
        return SUMS.make(instruction, context, operation, doubles ? 1 : 0, XmmOp.form(instruction));
    }

    private static Op conversion(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case CVTSI2SS -> scalar(i, c, wide(i, 1) ? ScalarConversion.LONG_TO_SINGLE : ScalarConversion.INT_TO_SINGLE);
            case CVTSI2SD -> scalar(i, c, wide(i, 1) ? ScalarConversion.LONG_TO_DOUBLE : ScalarConversion.INT_TO_DOUBLE);
            case CVTSD2SS -> scalar(i, c, ScalarConversion.DOUBLE_TO_SINGLE);
            case CVTSS2SD -> scalar(i, c, ScalarConversion.SINGLE_TO_DOUBLE);
            case CVTSS2SI, VCVTSS2SI -> scalar(i, c, wide(i, 0) ? ScalarConversion.SINGLE_TO_LONG : ScalarConversion.SINGLE_TO_INT);
            case CVTSD2SI, VCVTSD2SI -> scalar(i, c, wide(i, 0) ? ScalarConversion.DOUBLE_TO_LONG : ScalarConversion.DOUBLE_TO_INT);
            case CVTTSS2SI, VCVTTSS2SI ->
                scalar(
                        i,
                        c,
                        wide(i, 0)
                                ? ScalarConversion.SINGLE_TO_LONG_TRUNCATED
                                : ScalarConversion.SINGLE_TO_INT_TRUNCATED);
            case CVTTSD2SI, VCVTTSD2SI ->
                scalar(
                        i,
                        c,
                        wide(i, 0)
                                ? ScalarConversion.DOUBLE_TO_LONG_TRUNCATED
                                : ScalarConversion.DOUBLE_TO_INT_TRUNCATED);
            case CVTPS2PD -> packed(i, c, PackedConversion.SINGLES_TO_DOUBLES);
            case CVTPD2PS -> packed(i, c, PackedConversion.DOUBLES_TO_SINGLES);
            case CVTDQ2PS -> packed(i, c, PackedConversion.INTS_TO_SINGLES);
            case CVTPS2DQ -> packed(i, c, PackedConversion.SINGLES_TO_INTS);
            case CVTTPS2DQ -> packed(i, c, PackedConversion.SINGLES_TO_INTS_TRUNCATED);
            case CVTPD2DQ -> packed(i, c, PackedConversion.DOUBLES_TO_INTS);
            case CVTTPD2DQ -> packed(i, c, PackedConversion.DOUBLES_TO_INTS_TRUNCATED);
            case CVTDQ2PD -> packed(i, c, PackedConversion.INTS_TO_DOUBLES);
            default -> null;
        };
    }

    private static Op scalar(Instruction instruction, BlockContext context, int operation) {
        return SCALARS.make(instruction, context, operation, XmmOp.form(instruction));
    }

    private static Op packed(Instruction instruction, BlockContext context, int operation) {
        return PACKED.make(instruction, context, operation, XmmOp.form(instruction));
    }

    /** Whether the integer operand has 8 bytes. */
    private static boolean wide(Instruction instruction, int operand) {
        return switch (instruction.operand(operand)) {
            case Operand.Register register -> register.size() == 8;
            case Operand.Memory memory -> memory.size() == 8;
            default -> false;
        };
    }
}
