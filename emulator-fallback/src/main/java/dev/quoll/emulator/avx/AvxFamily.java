package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;

/**
 * The ops of AVX, AVX2, FMA and F16C but for those that {@link dev.quoll.emulator.sse.SseFamily} has, which is asked first. The
 * caller has dealt with #UD and #NM by mode and with absent features; alignment and unmasked SIMD exceptions are found
 * here.
 */
public final class AvxFamily implements OpFamily {
    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        if (!instruction.row().has(Attribute.AVX)) {
            return null;
        }
        Op op = VexMoveTranslator.translate(instruction, context);
        if (op == null) {
            op = VexIntegerTranslator.translate(instruction, context);
        }
        if (op == null) {
            op = VexFloatTranslator.translate(instruction, context);
        }
        if (op == null) {
            op = FusedTranslator.translate(instruction, context);
        }
        return op != null ? op : VexSpecialTranslator.translate(instruction, context);
    }
}
