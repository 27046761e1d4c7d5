package dev.quoll.emulator.avx;

import static dev.quoll.emulator.avx.VexFloatOp.DOUBLE;
import static dev.quoll.emulator.avx.VexFloatOp.DOUBLES;
import static dev.quoll.emulator.avx.VexFloatOp.SINGLE;
import static dev.quoll.emulator.avx.VexFloatOp.SINGLES;
import static dev.quoll.emulator.sse.FloatOperation.*;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.sse.FloatSum;
import dev.quoll.emulator.sse.PackedConversion;
import dev.quoll.emulator.sse.ScalarConversion;
import java.lang.invoke.MethodHandles;

/** The ops of floating-point arithmetic, comparisons and conversions. */
final class VexFloatTranslator {
    private static final OpTemplate ARITHMETIC = new OpTemplate(MethodHandles.lookup(), VexFloatOp.class);
    private static final OpTemplate SUMS = new OpTemplate(MethodHandles.lookup(), VexSumOp.class);
    private static final OpTemplate TESTS = new OpTemplate(MethodHandles.lookup(), VexTestOp.class);
    private static final OpTemplate SCALARS = new OpTemplate(MethodHandles.lookup(), VexScalarConvertOp.class);
    private static final OpTemplate PACKED = new OpTemplate(MethodHandles.lookup(), VexConvertOp.class);

    private VexFloatTranslator() {}

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
            case VADDSS -> arithmetic(i, c, ADD, SINGLE);
            case VADDSD -> arithmetic(i, c, ADD, DOUBLE);
            case VADDPS -> arithmetic(i, c, ADD, SINGLES);
            case VADDPD -> arithmetic(i, c, ADD, DOUBLES);
            case VSUBSS -> arithmetic(i, c, SUBTRACT, SINGLE);
            case VSUBSD -> arithmetic(i, c, SUBTRACT, DOUBLE);
            case VSUBPS -> arithmetic(i, c, SUBTRACT, SINGLES);
            case VSUBPD -> arithmetic(i, c, SUBTRACT, DOUBLES);
            case VMULSS -> arithmetic(i, c, MULTIPLY, SINGLE);
            case VMULSD -> arithmetic(i, c, MULTIPLY, DOUBLE);
            case VMULPS -> arithmetic(i, c, MULTIPLY, SINGLES);
            case VMULPD -> arithmetic(i, c, MULTIPLY, DOUBLES);
            case VDIVSS -> arithmetic(i, c, DIVIDE, SINGLE);
            case VDIVSD -> arithmetic(i, c, DIVIDE, DOUBLE);
            case VDIVPS -> arithmetic(i, c, DIVIDE, SINGLES);
            case VDIVPD -> arithmetic(i, c, DIVIDE, DOUBLES);
            case VMINSS -> arithmetic(i, c, MIN, SINGLE);
            case VMINSD -> arithmetic(i, c, MIN, DOUBLE);
            case VMINPS -> arithmetic(i, c, MIN, SINGLES);
            case VMINPD -> arithmetic(i, c, MIN, DOUBLES);
            case VMAXSS -> arithmetic(i, c, MAX, SINGLE);
            case VMAXSD -> arithmetic(i, c, MAX, DOUBLE);
            case VMAXPS -> arithmetic(i, c, MAX, SINGLES);
            case VMAXPD -> arithmetic(i, c, MAX, DOUBLES);
            case VSQRTSS -> arithmetic(i, c, SQUARE_ROOT, SINGLE);
            case VSQRTSD -> arithmetic(i, c, SQUARE_ROOT, DOUBLE);
            case VSQRTPS -> arithmetic(i, c, SQUARE_ROOT, SINGLES);
            case VSQRTPD -> arithmetic(i, c, SQUARE_ROOT, DOUBLES);
            case VCMPSS -> arithmetic(i, c, COMPARE_BY_ALL, SINGLE);
            case VCMPSD -> arithmetic(i, c, COMPARE_BY_ALL, DOUBLE);
            case VCMPPS -> arithmetic(i, c, COMPARE_BY_ALL, SINGLES);
            case VCMPPD -> arithmetic(i, c, COMPARE_BY_ALL, DOUBLES);
            case VROUNDSS -> arithmetic(i, c, ROUND, SINGLE);
            case VROUNDSD -> arithmetic(i, c, ROUND, DOUBLE);
            case VROUNDPS -> arithmetic(i, c, ROUND, SINGLES);
            case VROUNDPD -> arithmetic(i, c, ROUND, DOUBLES);
            case VRCPSS -> arithmetic(i, c, RECIPROCAL, SINGLE);
            case VRCPPS -> arithmetic(i, c, RECIPROCAL, SINGLES);
            case VRSQRTSS -> arithmetic(i, c, RECIPROCAL_ROOT, SINGLE);
            case VRSQRTPS -> arithmetic(i, c, RECIPROCAL_ROOT, SINGLES);
            default -> null;
        };
    }

    private static Op arithmetic(Instruction instruction, BlockContext context, int operation, int elements) {
        return ARITHMETIC.make(
                instruction, context, operation, elements, VexOp.length(instruction), VexOp.form(instruction));
    }

    private static Op across(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case VHADDPS -> sum(i, c, FloatSum.HORIZONTAL_ADD, false);
            case VHADDPD -> sum(i, c, FloatSum.HORIZONTAL_ADD, true);
            case VHSUBPS -> sum(i, c, FloatSum.HORIZONTAL_SUBTRACT, false);
            case VHSUBPD -> sum(i, c, FloatSum.HORIZONTAL_SUBTRACT, true);
            case VADDSUBPS -> sum(i, c, FloatSum.ALTERNATE, false);
            case VADDSUBPD -> sum(i, c, FloatSum.ALTERNATE, true);
            case VDPPS -> sum(i, c, FloatSum.DOT_PRODUCT, false);
            case VDPPD -> sum(i, c, FloatSum.DOT_PRODUCT, true);
            case VPTEST -> test(i, c, VexTestOp.ALL);
            case VTESTPS -> test(i, c, VexTestOp.SIGNS_OF_SINGLES);
            case VTESTPD -> test(i, c, VexTestOp.SIGNS_OF_DOUBLES);
            default -> null;
        };
    }

    private static Op sum(Instruction instruction, BlockContext context, int operation, boolean doubles) {
        return SUMS.make(
                instruction,
                context,
                operation,
                doubles ? 1 : 0,
                VexOp.length(instruction),
                VexOp.form(instruction));
    }

    private static Op test(Instruction instruction, BlockContext context, int bits) {
        return TESTS.make(instruction, context, bits, VexOp.length(instruction), VexOp.form(instruction));
    }

    private static Op conversion(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case VCVTSI2SS -> scalar(i, c, wide(i) ? ScalarConversion.LONG_TO_SINGLE : ScalarConversion.INT_TO_SINGLE);
            case VCVTSI2SD -> scalar(i, c, wide(i) ? ScalarConversion.LONG_TO_DOUBLE : ScalarConversion.INT_TO_DOUBLE);
            case VCVTSD2SS -> scalar(i, c, ScalarConversion.DOUBLE_TO_SINGLE);
            case VCVTSS2SD -> scalar(i, c, ScalarConversion.SINGLE_TO_DOUBLE);
            case VCVTPS2PD -> packed(i, c, PackedConversion.SINGLES_TO_DOUBLES);
            case VCVTPD2PS -> packed(i, c, PackedConversion.DOUBLES_TO_SINGLES);
            case VCVTDQ2PS -> packed(i, c, PackedConversion.INTS_TO_SINGLES);
            case VCVTPS2DQ -> packed(i, c, PackedConversion.SINGLES_TO_INTS);
            case VCVTTPS2DQ -> packed(i, c, PackedConversion.SINGLES_TO_INTS_TRUNCATED);
            case VCVTPD2DQ -> packed(i, c, PackedConversion.DOUBLES_TO_INTS);
            case VCVTTPD2DQ -> packed(i, c, PackedConversion.DOUBLES_TO_INTS_TRUNCATED);
            case VCVTDQ2PD -> packed(i, c, PackedConversion.INTS_TO_DOUBLES);
            default -> null;
        };
    }

    private static Op scalar(Instruction instruction, BlockContext context, int operation) {
        return SCALARS.make(instruction, context, operation, VexOp.form(instruction));
    }

    private static Op packed(Instruction instruction, BlockContext context, int operation) {
        return PACKED.make(instruction, context, operation, instruction.vectorLength(), VexOp.form(instruction));
    }

    /** Whether the integer operand has 8 bytes. */
    private static boolean wide(Instruction instruction) {
        return VexOp.size(instruction.operand(2)) == 8;
    }
}
