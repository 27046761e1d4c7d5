package dev.quoll.emulator.avx;

import static dev.quoll.emulator.avx.InLaneOperation.*;
import static dev.quoll.emulator.avx.QuadwordOperation.*;
import static dev.quoll.emulator.sse.LaneOperation.*;
import static dev.quoll.emulator.sse.Permutation.*;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.sse.CipherOperation;
import dev.quoll.emulator.sse.HorizontalOperation;
import dev.quoll.emulator.sse.LaneShift;
import java.lang.invoke.MethodHandles;

/** The ops of packed integers, logic and permutations within 128 bits. */
final class VexIntegerTranslator {
    private static final OpTemplate LANES = new OpTemplate(MethodHandles.lookup(), VexLaneOp.class);
    private static final OpTemplate SHIFTS = new OpTemplate(MethodHandles.lookup(), VexShiftOp.class);
    private static final OpTemplate PERMUTATIONS = new OpTemplate(MethodHandles.lookup(), VexPermuteOp.class);

    private VexIntegerTranslator() {}

    /** As {@link dev.quoll.emulator.core.OpFamily#translate}. */
    static Op translate(Instruction instruction, BlockContext context) {
        Op op = lanes(instruction, context);
        if (op == null) {
            op = shift(instruction, context);
        }
        if (op == null) {
            op = permutation(instruction, context);
        }
        return op != null ? op : extension(instruction, context);
    }

    private static Op lanes(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case VPAND, VANDPS, VANDPD -> lanes(i, c, AND, QWORDS);
            case VPANDN, VANDNPS, VANDNPD -> lanes(i, c, ANDN, QWORDS);
            case VPOR, VORPS, VORPD -> lanes(i, c, OR, QWORDS);
            case VPXOR, VXORPS, VXORPD -> lanes(i, c, XOR, QWORDS);
            case VPADDB -> lanes(i, c, ADD, BYTES);
            case VPADDW -> lanes(i, c, ADD, WORDS);
            case VPADDD -> lanes(i, c, ADD, DWORDS);
            case VPADDQ -> lanes(i, c, ADD, QWORDS);
            case VPSUBB -> lanes(i, c, SUBTRACT, BYTES);
            case VPSUBW -> lanes(i, c, SUBTRACT, WORDS);
            case VPSUBD -> lanes(i, c, SUBTRACT, DWORDS);
            case VPSUBQ -> lanes(i, c, SUBTRACT, QWORDS);
            case VPADDSB -> lanes(i, c, ADD_SIGNED, BYTES);
            case VPADDSW -> lanes(i, c, ADD_SIGNED, WORDS);
            case VPSUBSB -> lanes(i, c, SUBTRACT_SIGNED, BYTES);
            case VPSUBSW -> lanes(i, c, SUBTRACT_SIGNED, WORDS);
            case VPADDUSB -> lanes(i, c, ADD_UNSIGNED, BYTES);
            case VPADDUSW -> lanes(i, c, ADD_UNSIGNED, WORDS);
            case VPSUBUSB -> lanes(i, c, SUBTRACT_UNSIGNED, BYTES);
            case VPSUBUSW -> lanes(i, c, SUBTRACT_UNSIGNED, WORDS);
            case VPCMPEQB -> lanes(i, c, EQUAL, BYTES);
            case VPCMPEQW -> lanes(i, c, EQUAL, WORDS);
            case VPCMPEQD -> lanes(i, c, EQUAL, DWORDS);
            case VPCMPEQQ -> lanes(i, c, EQUAL, QWORDS);
            case VPCMPGTB -> lanes(i, c, GREATER, BYTES);
            case VPCMPGTW -> lanes(i, c, GREATER, WORDS);
            case VPCMPGTD -> lanes(i, c, GREATER, DWORDS);
            case VPCMPGTQ -> lanes(i, c, GREATER, QWORDS);
            case VPMINUB -> lanes(i, c, MIN_UNSIGNED, BYTES);
            case VPMINUW -> lanes(i, c, MIN_UNSIGNED, WORDS);
            case VPMINUD -> lanes(i, c, MIN_UNSIGNED, DWORDS);
            case VPMAXUB -> lanes(i, c, MAX_UNSIGNED, BYTES);
            case VPMAXUW -> lanes(i, c, MAX_UNSIGNED, WORDS);
            case VPMAXUD -> lanes(i, c, MAX_UNSIGNED, DWORDS);
            case VPMINSB -> lanes(i, c, MIN_SIGNED, BYTES);
            case VPMINSW -> lanes(i, c, MIN_SIGNED, WORDS);
            case VPMINSD -> lanes(i, c, MIN_SIGNED, DWORDS);
            case VPMAXSB -> lanes(i, c, MAX_SIGNED, BYTES);
            case VPMAXSW -> lanes(i, c, MAX_SIGNED, WORDS);
            case VPMAXSD -> lanes(i, c, MAX_SIGNED, DWORDS);
            case VPAVGB -> lanes(i, c, AVERAGE, BYTES);
            case VPAVGW -> lanes(i, c, AVERAGE, WORDS);
            case VPSIGNB -> lanes(i, c, SIGN, BYTES);
            case VPSIGNW -> lanes(i, c, SIGN, WORDS);
            case VPSIGND -> lanes(i, c, SIGN, DWORDS);
            case VPABSB -> lanes(i, c, ABSOLUTE, BYTES);
            case VPABSW -> lanes(i, c, ABSOLUTE, WORDS);
            case VPABSD -> lanes(i, c, ABSOLUTE, DWORDS);
            case VPMULLW -> lanes(i, c, MULTIPLY_LOW, WORDS);
            case VPMULHW -> lanes(i, c, MULTIPLY_HIGH, WORDS);
            case VPMULHUW -> lanes(i, c, MULTIPLY_HIGH_UNSIGNED, WORDS);
            case VPMULHRSW -> lanes(i, c, MULTIPLY_HIGH_ROUNDED, WORDS);
            case VPMADDWD -> lanes(i, c, MULTIPLY_ADD, WORDS);
            case VPMADDUBSW -> lanes(i, c, MULTIPLY_ADD_BYTES, WORDS);
            case VPMULUDQ -> lanes(i, c, MULTIPLY_UNSIGNED, QWORDS);
            case VPMULDQ -> lanes(i, c, MULTIPLY_SIGNED, QWORDS);
            case VPMULLD -> lanes(i, c, MULTIPLY_LOW_DWORDS, DWORDS);
            case VPSADBW -> lanes(i, c, SUM_OF_DIFFERENCES, QWORDS);
            case VPSLLVD -> lanes(i, c, SHIFT_DWORDS_LEFT, DWORDS);
            case VPSRLVD -> lanes(i, c, SHIFT_DWORDS_RIGHT, DWORDS);
            case VPSRAVD -> lanes(i, c, SHIFT_DWORDS_ARITHMETIC, DWORDS);
            case VPSLLVQ -> lanes(i, c, SHIFT_QWORD_LEFT, QWORDS);
            case VPSRLVQ -> lanes(i, c, SHIFT_QWORD_RIGHT, QWORDS);
            default -> null;
        };
    }

    private static Op lanes(Instruction instruction, BlockContext context, int operation, int width) {
        return LANES.make(
                instruction, context, operation, width, VexOp.length(instruction), VexOp.form(instruction));
    }

    private static Op shift(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case VPSLLW -> shift(i, c, LaneShift.LEFT, 2);
            case VPSLLD -> shift(i, c, LaneShift.LEFT, 4);
            case VPSLLQ -> shift(i, c, LaneShift.LEFT, 8);
            case VPSRLW -> shift(i, c, LaneShift.RIGHT, 2);
            case VPSRLD -> shift(i, c, LaneShift.RIGHT, 4);
            case VPSRLQ -> shift(i, c, LaneShift.RIGHT, 8);
            case VPSRAW -> shift(i, c, LaneShift.ARITHMETIC, 2);
            case VPSRAD -> shift(i, c, LaneShift.ARITHMETIC, 4);
            default -> null;
        };
    }

    private static Op shift(Instruction instruction, BlockContext context, int operation, int size) {
        boolean immediate = instruction.operand(2) instanceof Operand.Immediate;
        return SHIFTS.make(
                instruction,
                context,
                operation,
                size,
                VexOp.length(instruction),
                VexOp.form(instruction),
                immediate ? 1 : 0);
    }

    private static Op permutation(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case VPUNPCKLBW -> permutation(i, c, UNPACK_LOW_BYTES);
            case VPUNPCKLWD -> permutation(i, c, UNPACK_LOW_WORDS);
            case VPUNPCKLDQ, VUNPCKLPS -> permutation(i, c, UNPACK_LOW_DWORDS);
            case VPUNPCKLQDQ, VUNPCKLPD -> permutation(i, c, UNPACK_LOW_QWORDS);
            case VPUNPCKHBW -> permutation(i, c, UNPACK_HIGH_BYTES);
            case VPUNPCKHWD -> permutation(i, c, UNPACK_HIGH_WORDS);
            case VPUNPCKHDQ, VUNPCKHPS -> permutation(i, c, UNPACK_HIGH_DWORDS);
            case VPUNPCKHQDQ, VUNPCKHPD -> permutation(i, c, UNPACK_HIGH_QWORDS);
            case VPACKSSWB -> permutation(i, c, PACK_SIGNED_WORDS);
            case VPACKUSWB -> permutation(i, c, PACK_UNSIGNED_WORDS);
            case VPACKSSDW -> permutation(i, c, PACK_SIGNED_DWORDS);
            case VPACKUSDW -> permutation(i, c, PACK_UNSIGNED_DWORDS);
            case VPSHUFD -> permutation(i, c, SHUFFLE_DWORDS);
            case VPSHUFLW -> permutation(i, c, SHUFFLE_LOW_WORDS);
            case VPSHUFHW -> permutation(i, c, SHUFFLE_HIGH_WORDS);
            case VPSHUFB -> permutation(i, c, SHUFFLE_BYTES);
            case VSHUFPS -> permutation(i, c, SHUFFLE_SINGLES);
            case VSHUFPD -> permutation(i, c, SHUFFLE_DOUBLES);
            case VPALIGNR -> permutation(i, c, ALIGN_RIGHT);
            case VPSLLDQ -> permutation(i, c, SHIFT_BYTES_LEFT);
            case VPSRLDQ -> permutation(i, c, SHIFT_BYTES_RIGHT);
            case VMOVDDUP -> permutation(i, c, DUPLICATE_DOUBLE);
            case VMOVSLDUP -> permutation(i, c, DUPLICATE_EVEN_SINGLES);
            case VMOVSHDUP -> permutation(i, c, DUPLICATE_ODD_SINGLES);
            case VBLENDPS, VPBLENDD -> permutation(i, c, BLEND_SINGLES);
            case VBLENDPD -> permutation(i, c, BLEND_DOUBLES);
            case VPBLENDW -> permutation(i, c, BLEND_WORDS);
            case VPHMINPOSUW -> permutation(i, c, MINIMUM_POSITION);
            case VMPSADBW -> permutation(i, c, MULTIPLE_SUMS);
            case VINSERTPS -> permutation(i, c, i.memory() == null ? INSERT_SINGLE : INSERT_LOADED_SINGLE);
            default -> null;
        };
    }

    private static Op permutation(Instruction instruction, BlockContext context, int operation) {
        return PERMUTATIONS.make(
                instruction, context, operation, VexOp.length(instruction), VexOp.form(instruction));
    }

    private static Op extension(Instruction i, BlockContext c) {
        boolean immediate = i.operandCount() > 2 && i.operand(2) instanceof Operand.Immediate;
        return switch (i.mnemonic()) {
            case VPHADDW -> permutation(i, c, HORIZONTAL + HorizontalOperation.ADD_WORDS);
            case VPHADDD -> permutation(i, c, HORIZONTAL + HorizontalOperation.ADD_DWORDS);
            case VPHADDSW -> permutation(i, c, HORIZONTAL + HorizontalOperation.ADD_WORDS_SIGNED);
            case VPHSUBW -> permutation(i, c, HORIZONTAL + HorizontalOperation.SUBTRACT_WORDS);
            case VPHSUBD -> permutation(i, c, HORIZONTAL + HorizontalOperation.SUBTRACT_DWORDS);
            case VPHSUBSW -> permutation(i, c, HORIZONTAL + HorizontalOperation.SUBTRACT_WORDS_SIGNED);
            case VAESENC -> permutation(i, c, CIPHER + CipherOperation.ENCRYPT);
            case VAESENCLAST -> permutation(i, c, CIPHER + CipherOperation.ENCRYPT_LAST);
            case VAESDEC -> permutation(i, c, CIPHER + CipherOperation.DECRYPT);
            case VAESDECLAST -> permutation(i, c, CIPHER + CipherOperation.DECRYPT_LAST);
            case VAESIMC -> permutation(i, c, CIPHER + CipherOperation.INVERSE_MIX_COLUMNS);
            case VAESKEYGENASSIST -> permutation(i, c, CIPHER + CipherOperation.KEY_GENERATION_ASSIST);
            case VPCLMULQDQ -> permutation(i, c, CIPHER + CipherOperation.CARRYLESS_MULTIPLY);
            case VPERMILPS -> permutation(i, c, immediate ? SHUFFLE_DWORDS : PERMUTE_SINGLES);
            case VPERMILPD -> permutation(i, c, immediate ? CHOOSE_DOUBLES : PERMUTE_DOUBLES);
            default -> null;
        };
    }
}
