package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;
import java.lang.invoke.MethodHandles;

/** The ops that move data without looking at it. */
final class MoveTranslator {
    private static final OpTemplate VECTOR = new OpTemplate(MethodHandles.lookup(), VectorMove.class);
    private static final OpTemplate ELEMENT = new OpTemplate(MethodHandles.lookup(), ElementMove.class);
    private static final OpTemplate SIGNS = new OpTemplate(MethodHandles.lookup(), SignMask.class);

    private MoveTranslator() {}

    /** As {@link dev.quoll.emulator.core.OpFamily#translate}. */
    static Op translate(Instruction instruction, BlockContext context) {
        return switch (instruction.mnemonic()) {
            // Non-temporal hints change nothing that the guest can see on one memory.
            case MOVAPS, MOVAPD, MOVUPS, MOVUPD, MOVDQA, MOVDQU, LDDQU, MOVNTPS, MOVNTPD, MOVNTDQ, MOVNTDQA,
                    VMOVAPS, VMOVAPD, VMOVUPS, VMOVUPD, VMOVDQA, VMOVDQU, VMOVNTPS, VMOVNTPD, VMOVNTDQ ->
                VECTOR.make(instruction, context, XmmOp.form(instruction), storing(instruction) ? 1 : 0);
            case MOVSS, VMOVSS -> scalar(instruction, context, 4);
            case MOVSD, VMOVSD -> scalar(instruction, context, 8);
            case MOVD, VMOVD -> element(instruction, context, 4, ElementMove.CLEARED);
            case MOVQ, VMOVQ -> element(instruction, context, 8, ElementMove.CLEARED);
            case MOVLPS, MOVLPD, MOVHPS, MOVHPD, MOVHLPS, MOVLHPS, VMOVLPS, VMOVLPD, VMOVHPS, VMOVHPD ->
                element(instruction, context, 8, ElementMove.MERGED);
            case PINSRB, PEXTRB, VPEXTRB -> element(instruction, context, 1, ElementMove.MERGED);
            case PINSRW, PEXTRW, VPEXTRW -> element(instruction, context, 2, ElementMove.MERGED);
            case PINSRD, PEXTRD, EXTRACTPS, VPEXTRD, VEXTRACTPS ->
                element(instruction, context, 4, ElementMove.MERGED);
            case PINSRQ, PEXTRQ, VPEXTRQ -> element(instruction, context, 8, ElementMove.MERGED);
            case PMOVMSKB, VPMOVMSKB -> SIGNS.make(instruction, context, 1);
            case MOVMSKPS, VMOVMSKPS -> SIGNS.make(instruction, context, 4);
            case MOVMSKPD, VMOVMSKPD -> SIGNS.make(instruction, context, 8);
            default -> null;
        };
    }

    /** MOVSS and MOVSD: a load clears the rest of the register, a move between registers keeps it. */
    private static Op scalar(Instruction instruction, BlockContext context, int size) {
        return element(
                instruction, context, size, instruction.memory() == null ? ElementMove.MERGED : ElementMove.CLEARED);
    }

    private static Op element(Instruction instruction, BlockContext context, int size, int xmmDestination) {
        int destination = switch (instruction.operand(0)) {
            case Operand.Register register when register.cls() == RegisterClass.XMM -> xmmDestination;
            case Operand.Register register -> ElementMove.GENERAL;
            default -> ElementMove.MEMORY;
        };
        boolean load = instruction.operand(1) instanceof Operand.Memory;
        return ELEMENT.make(instruction, context, size, destination, load ? 1 : 0);
    }

    private static boolean storing(Instruction instruction) {
        return instruction.operand(0) instanceof Operand.Memory;
    }

    /** Bytes from the start of the target register to the element written. */
    static int targetOffset(Instruction instruction, int size) {
        if (!isXmm(instruction.operand(0)) || instruction.mnemonic() == Mnemonic.MOVHLPS) {
            return 0;
        }
        return elementOffset(instruction, size);
    }

    /** Bytes from the start of the source register to the element read. */
    static int sourceOffset(Instruction instruction, int size) {
        if (isXmm(instruction.operand(0)) && instruction.mnemonic() != Mnemonic.MOVHLPS) {
            return 0;
        }
        return elementOffset(instruction, size);
    }

    private static int elementOffset(Instruction instruction, int size) {
        return switch (instruction.mnemonic()) {
            case MOVHPS, MOVHPD, MOVHLPS, MOVLHPS, VMOVHPS, VMOVHPD -> 8;
            default -> XmmOp.immediate(instruction) * size & 15;
        };
    }

    private static boolean isXmm(Operand operand) {
        return operand instanceof Operand.Register register && register.cls() == RegisterClass.XMM;
    }
}
