package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** The ops that move data to vector registers, or 256 bits to memory, without looking at it. */
final class VexMoveTranslator {
    private static final OpTemplate WHOLE = new OpTemplate(MethodHandles.lookup(), VexMove.class);
    private static final OpTemplate ELEMENT = new OpTemplate(MethodHandles.lookup(), ElementInsert.class);
    private static final OpTemplate BROADCAST = new OpTemplate(MethodHandles.lookup(), Broadcast.class);
    private static final OpTemplate SIGNS = new OpTemplate(MethodHandles.lookup(), VexSignMask.class);

    private VexMoveTranslator() {}

    /** As {@link dev.quoll.emulator.core.OpFamily#translate}. */
    static Op translate(Instruction i, BlockContext c) {
        return switch (i.mnemonic()) {
            // Non-temporal hints change nothing that the guest can see on one memory.
            case VMOVAPS, VMOVAPD, VMOVUPS, VMOVUPD, VMOVDQA, VMOVDQU, VLDDQU, VMOVNTPS, VMOVNTPD, VMOVNTDQ, VMOVNTDQA ->
                whole(i, c);
            case VMOVSS -> element(i, c, 4, i.memory() != null);
            case VMOVSD -> element(i, c, 8, i.memory() != null);
            case VMOVD -> element(i, c, 4, true);
            case VMOVQ -> element(i, c, 8, true);
            case VMOVLPS, VMOVLPD, VMOVHPS, VMOVHPD, VMOVHLPS, VMOVLHPS -> element(i, c, 8, false);
            case VPINSRB -> element(i, c, 1, false);
            case VPINSRW -> element(i, c, 2, false);
            case VPINSRD -> element(i, c, 4, false);
            case VPINSRQ -> element(i, c, 8, false);
            case VPBROADCASTB -> broadcast(i, c, 1);
            case VPBROADCASTW -> broadcast(i, c, 2);
            case VPBROADCASTD, VBROADCASTSS -> broadcast(i, c, 4);
            case VPBROADCASTQ, VBROADCASTSD -> broadcast(i, c, 8);
            case VBROADCASTF128, VBROADCASTI128 -> broadcast(i, c, VexOp.XMM);
            case VPMOVMSKB -> SIGNS.make(i, c, 1);
            case VMOVMSKPS -> SIGNS.make(i, c, 4);
            case VMOVMSKPD -> SIGNS.make(i, c, 8);
            default -> null;
        };
    }

    private static Op whole(Instruction instruction, BlockContext context) {
        boolean store = instruction.operand(0) instanceof Operand.Memory;
        boolean aligned = instruction.memory() != null && instruction.row().has(Attribute.ALIGNED);
        return WHOLE.make(
                instruction,
                context,
                VexOp.length(instruction),
                VexOp.form(instruction),
                aligned ? 1 : 0,
                store ? 1 : 0);
    }

    private static Op element(Instruction instruction, BlockContext context, int size, boolean cleared) {
        return ELEMENT.make(instruction, context, size, cleared ? 1 : 0, instruction.memory() != null ? 1 : 0);
    }

    private static Op broadcast(Instruction instruction, BlockContext context, int size) {
        return BROADCAST.make(instruction, context, size, VexOp.length(instruction), VexOp.form(instruction));
    }
}
