package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** The ops of the later extensions, of MXCSR, and of those that reach beyond XMM registers. */
final class SpecialTranslator {
    private static final OpTemplate HORIZONTAL = new OpTemplate(MethodHandles.lookup(), HorizontalOp.class);
    private static final OpTemplate WIDEN = new OpTemplate(MethodHandles.lookup(), WidenOp.class);
    private static final OpTemplate BLEND = new OpTemplate(MethodHandles.lookup(), VariableBlendOp.class);
    private static final OpTemplate CIPHER = new OpTemplate(MethodHandles.lookup(), CipherOp.class);
    private static final OpTemplate SHA = new OpTemplate(MethodHandles.lookup(), ShaOp.class);
    private static final OpTemplate STRING = new OpTemplate(MethodHandles.lookup(), StringOp.class);
    private static final OpTemplate CROSSING = new OpTemplate(MethodHandles.lookup(), MmxCrossingOp.class);

    private SpecialTranslator() {}

    /** As {@link dev.quoll.emulator.core.OpFamily#translate}. */
    static Op translate(Instruction instruction, BlockContext context) {
        return switch (instruction.mnemonic()) {
            case LDMXCSR, VLDMXCSR -> new ControlStatusOp(instruction, context, true);
            case STMXCSR, VSTMXCSR -> new ControlStatusOp(instruction, context, false);
            case MASKMOVDQU, VMASKMOVDQU -> new MaskedStoreOp(instruction, context);
            default -> {
                Op op = extension(instruction, context);
                yield op != null ? op : crossing(instruction, context);
            }
        };
    }

    private static Op extension(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case PHADDW -> horizontal(i, c, HorizontalOperation.ADD_WORDS);
            case PHADDD -> horizontal(i, c, HorizontalOperation.ADD_DWORDS);
            case PHADDSW -> horizontal(i, c, HorizontalOperation.ADD_WORDS_SIGNED);
            case PHSUBW -> horizontal(i, c, HorizontalOperation.SUBTRACT_WORDS);
            case PHSUBD -> horizontal(i, c, HorizontalOperation.SUBTRACT_DWORDS);
            case PHSUBSW -> horizontal(i, c, HorizontalOperation.SUBTRACT_WORDS_SIGNED);
            case PMOVSXBW -> widen(i, c, 1, 2, true);
            case PMOVSXBD -> widen(i, c, 1, 4, true);
            case PMOVSXBQ -> widen(i, c, 1, 8, true);
            case PMOVSXWD -> widen(i, c, 2, 4, true);
            case PMOVSXWQ -> widen(i, c, 2, 8, true);
            case PMOVSXDQ -> widen(i, c, 4, 8, true);
            case PMOVZXBW -> widen(i, c, 1, 2, false);
            case PMOVZXBD -> widen(i, c, 1, 4, false);
            case PMOVZXBQ -> widen(i, c, 1, 8, false);
            case PMOVZXWD -> widen(i, c, 2, 4, false);
            case PMOVZXWQ -> widen(i, c, 2, 8, false);
            case PMOVZXDQ -> widen(i, c, 4, 8, false);
            case PBLENDVB -> BLEND.make(i, c, LaneOperation.BYTES, XmmOp.form(i));
            case BLENDVPS -> BLEND.make(i, c, LaneOperation.DWORDS, XmmOp.form(i));
            case BLENDVPD -> BLEND.make(i, c, LaneOperation.QWORDS, XmmOp.form(i));
            case AESENC -> cipher(i, c, CipherOperation.ENCRYPT);
            case AESENCLAST -> cipher(i, c, CipherOperation.ENCRYPT_LAST);
            case AESDEC -> cipher(i, c, CipherOperation.DECRYPT);
            case AESDECLAST -> cipher(i, c, CipherOperation.DECRYPT_LAST);
            case AESIMC -> cipher(i, c, CipherOperation.INVERSE_MIX_COLUMNS);
            case AESKEYGENASSIST -> cipher(i, c, CipherOperation.KEY_GENERATION_ASSIST);
            case PCLMULQDQ -> cipher(i, c, CipherOperation.CARRYLESS_MULTIPLY);
            case SHA1NEXTE -> SHA.make(i, c, ShaOp.SHA1_NEXT_E, XmmOp.form(i));
            case SHA1MSG1 -> SHA.make(i, c, ShaOp.SHA1_MESSAGE_1, XmmOp.form(i));
            case SHA1MSG2 -> SHA.make(i, c, ShaOp.SHA1_MESSAGE_2, XmmOp.form(i));
            case SHA1RNDS4 -> SHA.make(i, c, ShaOp.SHA1_ROUNDS, XmmOp.form(i));
            case SHA256MSG1 -> SHA.make(i, c, ShaOp.SHA256_MESSAGE_1, XmmOp.form(i));
            case SHA256MSG2 -> SHA.make(i, c, ShaOp.SHA256_MESSAGE_2, XmmOp.form(i));
            case SHA256RNDS2 -> SHA.make(i, c, ShaOp.SHA256_ROUNDS, XmmOp.form(i));
            case PCMPESTRI, VPCMPESTRI -> string(i, c, true, false);
            case PCMPESTRM, VPCMPESTRM -> string(i, c, true, true);
            case PCMPISTRI, VPCMPISTRI -> string(i, c, false, false);
            case PCMPISTRM, VPCMPISTRM -> string(i, c, false, true);
            default -> null;
        };
    }

    private static Op horizontal(Instruction instruction, BlockContext context, int operation) {
        return HORIZONTAL.make(instruction, context, operation, XmmOp.form(instruction));
    }

    private static Op widen(Instruction instruction, BlockContext context, int from, int to, boolean signed) {
        return WIDEN.make(instruction, context, from, to, signed ? 1 : 0, XmmOp.form(instruction));
    }

    private static Op cipher(Instruction instruction, BlockContext context, int operation) {
        return CIPHER.make(instruction, context, operation, XmmOp.form(instruction));
    }

    private static Op string(Instruction instruction, BlockContext context, boolean explicit, boolean mask) {
        return STRING.make(
                instruction,
                context,
                explicit ? 1 : 0,
                mask ? 1 : 0,
                XmmOp.form(instruction),
                instruction.vex() ? 1 : 0);
    }

    private static Op crossing(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case MOVQ2DQ -> crossing(i, c, MmxCrossingOp.TO_XMM);
            case MOVDQ2Q -> crossing(i, c, MmxCrossingOp.TO_MMX);
            case CVTPI2PS -> crossing(i, c, MmxCrossingOp.INTS_TO_SINGLES);
            case CVTPI2PD -> crossing(i, c, MmxCrossingOp.INTS_TO_DOUBLES);
            case CVTPS2PI -> crossing(i, c, MmxCrossingOp.SINGLES_TO_INTS);
            case CVTTPS2PI -> crossing(i, c, MmxCrossingOp.SINGLES_TO_INTS_TRUNCATED);
            case CVTPD2PI -> crossing(i, c, MmxCrossingOp.DOUBLES_TO_INTS);
            case CVTTPD2PI -> crossing(i, c, MmxCrossingOp.DOUBLES_TO_INTS_TRUNCATED);
            default -> null;
        };
    }

    private static Op crossing(Instruction instruction, BlockContext context, int operation) {
        return CROSSING.make(instruction, context, operation, XmmOp.form(instruction));
    }
}
