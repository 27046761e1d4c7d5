package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.isa.CpuFeature;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** The ops of FMA3 and F16C. */
final class FusedTranslator {
    private static final OpTemplate FUSED = new OpTemplate(MethodHandles.lookup(), FusedOp.class);
    private static final OpTemplate FROM_HALF = new OpTemplate(MethodHandles.lookup(), FromHalfOp.class);
    private static final OpTemplate TO_HALF = new OpTemplate(MethodHandles.lookup(), ToHalfOp.class);

    private FusedTranslator() {}

    /** As {@link dev.quoll.emulator.core.OpFamily#translate}. */
    static Op translate(Instruction instruction, BlockContext context) {
        if (instruction.row().feature() == CpuFeature.FMA) {
            return fused(instruction, context);
        }
        return switch (instruction.mnemonic()) {
            case VCVTPH2PS ->
                FROM_HALF.make(instruction, context, VexOp.length(instruction), VexOp.form(instruction));
            case VCVTPS2PH ->
                TO_HALF.make(instruction, context, VexOp.size(instruction.operand(1)), VexOp.form(instruction));
            default -> null;
        };
    }

    /** The opcode says all but the precision: its upper digit the order of operands, its lower the signs (SDM vol. 2, table A-4). */
    private static Op fused(Instruction instruction, BlockContext context) {
        int order = (instruction.opcode() >> 4 & 15) - 9;
        boolean odd = (instruction.opcode() & 1) != 0;
        int signs = instruction.opcode() >> 1 & 7;
        boolean alternating = signs == FusedOp.ADD_ODD;
        boolean packed = !odd || alternating;
        int kind = alternating && odd ? FusedOp.SUBTRACT_ODD : signs;
        boolean doubles = instruction.mnemonic().name().endsWith("D");
        int size = packed ? VexOp.length(instruction) : doubles ? 8 : 4;
        return FUSED.make(instruction, context, order, kind, doubles ? 1 : 0, size, VexOp.form(instruction));
    }
}
