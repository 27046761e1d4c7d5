package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.sse.LaneOperation;
import java.lang.invoke.MethodHandles;

/** The ops that reach across 128 bits, access memory by elements, widen, blend by a register, or clear registers. */
final class VexSpecialTranslator {
    private static final OpTemplate CROSS_LANE = new OpTemplate(MethodHandles.lookup(), CrossLaneOp.class);
    private static final OpTemplate EXTRACT = new OpTemplate(MethodHandles.lookup(), LaneExtract.class);
    private static final OpTemplate BLEND = new OpTemplate(MethodHandles.lookup(), VexVariableBlend.class);
    private static final OpTemplate WIDEN = new OpTemplate(MethodHandles.lookup(), VexWidenOp.class);
    private static final OpTemplate MASKED = new OpTemplate(MethodHandles.lookup(), MaskedMove.class);
    private static final OpTemplate GATHER = new OpTemplate(MethodHandles.lookup(), Gather.class);

    private VexSpecialTranslator() {}

    /** As {@link dev.quoll.emulator.core.OpFamily#translate}. */
    static Op translate(Instruction instruction, BlockContext context) {
        Op op = crossLane(instruction, context);
        if (op == null) {
            op = elements(instruction, context);
        }
        return op != null ? op : widen(instruction, context);
    }

    private static Op crossLane(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case VINSERTF128, VINSERTI128 -> crossLane(i, c, CrossLaneOp.INSERT);
            case VPERM2F128, VPERM2I128 -> crossLane(i, c, CrossLaneOp.PERMUTE_TWO);
            case VPERMQ, VPERMPD -> crossLane(i, c, CrossLaneOp.PERMUTE_QWORDS);
            case VPERMD, VPERMPS -> crossLane(i, c, CrossLaneOp.PERMUTE_DWORDS);
            case VEXTRACTF128, VEXTRACTI128 -> EXTRACT.make(i, c, i.memory() != null ? 1 : 0);
            case VPBLENDVB -> blend(i, c, LaneOperation.BYTES);
            case VBLENDVPS -> blend(i, c, LaneOperation.DWORDS);
            case VBLENDVPD -> blend(i, c, LaneOperation.QWORDS);
            case VZEROUPPER -> new ZeroOp(false, c.is64() ? 16 : 8);
            case VZEROALL -> new ZeroOp(true, c.is64() ? 16 : 8);
            default -> null;
        };
    }

    private static Op crossLane(Instruction instruction, BlockContext context, int operation) {
        return CROSS_LANE.make(instruction, context, operation, VexOp.form(instruction));
    }

    private static Op blend(Instruction instruction, BlockContext context, int width) {
        return BLEND.make(instruction, context, width, VexOp.length(instruction), VexOp.form(instruction));
    }

    private static Op elements(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case VMASKMOVPS, VPMASKMOVD -> masked(i, c, 4);
            case VMASKMOVPD, VPMASKMOVQ -> masked(i, c, 8);
            case VPGATHERDD, VGATHERDPS -> GATHER.make(i, c, 4, 4, i.vectorLength());
            case VPGATHERDQ, VGATHERDPD -> GATHER.make(i, c, 8, 4, i.vectorLength());
            case VPGATHERQD, VGATHERQPS -> GATHER.make(i, c, 4, 8, i.vectorLength());
            case VPGATHERQQ, VGATHERQPD -> GATHER.make(i, c, 8, 8, i.vectorLength());
            default -> null;
        };
    }

    private static Op masked(Instruction instruction, BlockContext context, int size) {
        boolean store = instruction.operand(0) instanceof Operand.Memory;
        return MASKED.make(instruction, context, size, VexOp.length(instruction), store ? 1 : 0);
    }

    private static Op widen(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            case VPMOVSXBW -> widen(i, c, 1, 2, true);
            case VPMOVSXBD -> widen(i, c, 1, 4, true);
            case VPMOVSXBQ -> widen(i, c, 1, 8, true);
            case VPMOVSXWD -> widen(i, c, 2, 4, true);
            case VPMOVSXWQ -> widen(i, c, 2, 8, true);
            case VPMOVSXDQ -> widen(i, c, 4, 8, true);
            case VPMOVZXBW -> widen(i, c, 1, 2, false);
            case VPMOVZXBD -> widen(i, c, 1, 4, false);
            case VPMOVZXBQ -> widen(i, c, 1, 8, false);
            case VPMOVZXWD -> widen(i, c, 2, 4, false);
            case VPMOVZXWQ -> widen(i, c, 2, 8, false);
            case VPMOVZXDQ -> widen(i, c, 4, 8, false);
            default -> null;
        };
    }

    private static Op widen(Instruction instruction, BlockContext context, int from, int to, boolean signed) {
        return WIDEN.make(
                instruction,
                context,
                from,
                to,
                signed ? 1 : 0,
                VexOp.length(instruction),
                VexOp.form(instruction));
    }
}
