package dev.quoll.emulator.sse;

import static dev.quoll.emulator.sse.LaneOperation.*;
import static dev.quoll.emulator.sse.Permutation.*;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** The ops of packed integers, logic and permutations. */
final class IntegerTranslator {
    private static final OpTemplate LANES = new OpTemplate(MethodHandles.lookup(), LaneOp.class);
    private static final OpTemplate SHIFTS = new OpTemplate(MethodHandles.lookup(), ShiftOp.class);
    private static final OpTemplate PERMUTATIONS = new OpTemplate(MethodHandles.lookup(), PermuteOp.class);

    private IntegerTranslator() {}

    /** As {@link dev.quoll.emulator.core.OpFamily#translate}. */
    static Op translate(Instruction instruction, BlockContext context) {
        Op op = lanes(instruction, context);
        if (op == null) {
            op = shift(instruction, context);
        }
        return op != null ? op : permutation(instruction, context);
    }

    private static Op lanes(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case PAND, ANDPS, ANDPD -> lanes(i, c, AND, QWORDS);
            case PANDN, ANDNPS, ANDNPD -> lanes(i, c, ANDN, QWORDS);
            case POR, ORPS, ORPD -> lanes(i, c, OR, QWORDS);
            case PXOR, XORPS, XORPD -> lanes(i, c, XOR, QWORDS);
            case PADDB -> lanes(i, c, ADD, BYTES);
            case PADDW -> lanes(i, c, ADD, WORDS);
            case PADDD -> lanes(i, c, ADD, DWORDS);
            case PADDQ -> lanes(i, c, ADD, QWORDS);
            case PSUBB -> lanes(i, c, SUBTRACT, BYTES);
            case PSUBW -> lanes(i, c, SUBTRACT, WORDS);
            case PSUBD -> lanes(i, c, SUBTRACT, DWORDS);
            case PSUBQ -> lanes(i, c, SUBTRACT, QWORDS);
            case PADDSB -> lanes(i, c, ADD_SIGNED, BYTES);
            case PADDSW -> lanes(i, c, ADD_SIGNED, WORDS);
            case PSUBSB -> lanes(i, c, SUBTRACT_SIGNED, BYTES);
            case PSUBSW -> lanes(i, c, SUBTRACT_SIGNED, WORDS);
            case PADDUSB -> lanes(i, c, ADD_UNSIGNED, BYTES);
            case PADDUSW -> lanes(i, c, ADD_UNSIGNED, WORDS);
            case PSUBUSB -> lanes(i, c, SUBTRACT_UNSIGNED, BYTES);
            case PSUBUSW -> lanes(i, c, SUBTRACT_UNSIGNED, WORDS);
            case PCMPEQB -> lanes(i, c, EQUAL, BYTES);
            case PCMPEQW -> lanes(i, c, EQUAL, WORDS);
            case PCMPEQD -> lanes(i, c, EQUAL, DWORDS);
            case PCMPEQQ -> lanes(i, c, EQUAL, QWORDS);
            case PCMPGTB -> lanes(i, c, GREATER, BYTES);
            case PCMPGTW -> lanes(i, c, GREATER, WORDS);
            case PCMPGTD -> lanes(i, c, GREATER, DWORDS);
            case PCMPGTQ -> lanes(i, c, GREATER, QWORDS);
            case PMINUB -> lanes(i, c, MIN_UNSIGNED, BYTES);
            case PMINUW -> lanes(i, c, MIN_UNSIGNED, WORDS);
            case PMINUD -> lanes(i, c, MIN_UNSIGNED, DWORDS);
            case PMAXUB -> lanes(i, c, MAX_UNSIGNED, BYTES);
            case PMAXUW -> lanes(i, c, MAX_UNSIGNED, WORDS);
            case PMAXUD -> lanes(i, c, MAX_UNSIGNED, DWORDS);
            case PMINSB -> lanes(i, c, MIN_SIGNED, BYTES);
            case PMINSW -> lanes(i, c, MIN_SIGNED, WORDS);
            case PMINSD -> lanes(i, c, MIN_SIGNED, DWORDS);
            case PMAXSB -> lanes(i, c, MAX_SIGNED, BYTES);
            case PMAXSW -> lanes(i, c, MAX_SIGNED, WORDS);
            case PMAXSD -> lanes(i, c, MAX_SIGNED, DWORDS);
            case PAVGB -> lanes(i, c, AVERAGE, BYTES);
            case PAVGW -> lanes(i, c, AVERAGE, WORDS);
            case PSIGNB -> lanes(i, c, SIGN, BYTES);
            case PSIGNW -> lanes(i, c, SIGN, WORDS);
            case PSIGND -> lanes(i, c, SIGN, DWORDS);
            case PABSB -> lanes(i, c, ABSOLUTE, BYTES);
            case PABSW -> lanes(i, c, ABSOLUTE, WORDS);
            case PABSD -> lanes(i, c, ABSOLUTE, DWORDS);
            case PMULLW -> lanes(i, c, MULTIPLY_LOW, WORDS);
            case PMULHW -> lanes(i, c, MULTIPLY_HIGH, WORDS);
            case PMULHUW -> lanes(i, c, MULTIPLY_HIGH_UNSIGNED, WORDS);
            case PMULHRSW -> lanes(i, c, MULTIPLY_HIGH_ROUNDED, WORDS);
            case PMADDWD -> lanes(i, c, MULTIPLY_ADD, WORDS);
            case PMADDUBSW -> lanes(i, c, MULTIPLY_ADD_BYTES, WORDS);
            case PMULUDQ -> lanes(i, c, MULTIPLY_UNSIGNED, QWORDS);
            case PMULDQ -> lanes(i, c, MULTIPLY_SIGNED, QWORDS);
            case PMULLD -> lanes(i, c, MULTIPLY_LOW_DWORDS, DWORDS);
            case PSADBW -> lanes(i, c, SUM_OF_DIFFERENCES, QWORDS);
            default -> null;
        };
    }

    private static Op lanes(Instruction instruction, BlockContext context, int operation, int width) {
        return LANES.make(instruction, context, operation, width, XmmOp.form(instruction));
    }

    private static Op shift(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case PSLLW -> shift(i, c, LaneShift.LEFT, 2);
            case PSLLD -> shift(i, c, LaneShift.LEFT, 4);
            case PSLLQ -> shift(i, c, LaneShift.LEFT, 8);
            case PSRLW -> shift(i, c, LaneShift.RIGHT, 2);
            case PSRLD -> shift(i, c, LaneShift.RIGHT, 4);
            case PSRLQ -> shift(i, c, LaneShift.RIGHT, 8);
            case PSRAW -> shift(i, c, LaneShift.ARITHMETIC, 2);
            case PSRAD -> shift(i, c, LaneShift.ARITHMETIC, 4);
            default -> null;
        };
    }

    private static Op shift(Instruction instruction, BlockContext context, int operation, int size) {
        boolean immediate = instruction.operand(1) instanceof Operand.Immediate;
        return SHIFTS.make(instruction, context, operation, size, XmmOp.form(instruction), immediate ? 1 : 0);
    }

    private static Op permutation(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case PUNPCKLBW -> permutation(i, c, UNPACK_LOW_BYTES);
            case PUNPCKLWD -> permutation(i, c, UNPACK_LOW_WORDS);
            case PUNPCKLDQ, UNPCKLPS -> permutation(i, c, UNPACK_LOW_DWORDS);
            case PUNPCKLQDQ, UNPCKLPD -> permutation(i, c, UNPACK_LOW_QWORDS);
            case PUNPCKHBW -> permutation(i, c, UNPACK_HIGH_BYTES);
            case PUNPCKHWD -> permutation(i, c, UNPACK_HIGH_WORDS);
            case PUNPCKHDQ, UNPCKHPS -> permutation(i, c, UNPACK_HIGH_DWORDS);
            case PUNPCKHQDQ, UNPCKHPD -> permutation(i, c, UNPACK_HIGH_QWORDS);
            case PACKSSWB -> permutation(i, c, PACK_SIGNED_WORDS);
            case PACKUSWB -> permutation(i, c, PACK_UNSIGNED_WORDS);
            case PACKSSDW -> permutation(i, c, PACK_SIGNED_DWORDS);
            case PACKUSDW -> permutation(i, c, PACK_UNSIGNED_DWORDS);
            case PSHUFD -> permutation(i, c, SHUFFLE_DWORDS);
            case PSHUFLW -> permutation(i, c, SHUFFLE_LOW_WORDS);
            case PSHUFHW -> permutation(i, c, SHUFFLE_HIGH_WORDS);
            case PSHUFB -> permutation(i, c, SHUFFLE_BYTES);
            case SHUFPS -> permutation(i, c, SHUFFLE_SINGLES);
            case SHUFPD -> permutation(i, c, SHUFFLE_DOUBLES);
            case PALIGNR -> permutation(i, c, ALIGN_RIGHT);
            case PSLLDQ -> permutation(i, c, SHIFT_BYTES_LEFT);
            case PSRLDQ -> permutation(i, c, SHIFT_BYTES_RIGHT);
            case MOVDDUP -> permutation(i, c, DUPLICATE_DOUBLE);
            case MOVSLDUP -> permutation(i, c, DUPLICATE_EVEN_SINGLES);
            case MOVSHDUP -> permutation(i, c, DUPLICATE_ODD_SINGLES);
            case BLENDPS -> permutation(i, c, BLEND_SINGLES);
            case BLENDPD -> permutation(i, c, BLEND_DOUBLES);
            case PBLENDW -> permutation(i, c, BLEND_WORDS);
            case PHMINPOSUW -> permutation(i, c, MINIMUM_POSITION);
            case MPSADBW -> permutation(i, c, MULTIPLE_SUMS);
            case INSERTPS -> permutation(i, c, i.memory() == null ? INSERT_SINGLE : INSERT_LOADED_SINGLE);
            default -> null;
        };
    }

    private static Op permutation(Instruction instruction, BlockContext context, int operation) {
        return PERMUTATIONS.make(instruction, context, operation, XmmOp.form(instruction));
    }
}
