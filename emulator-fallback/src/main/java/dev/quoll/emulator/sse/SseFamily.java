package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;

/**
 * The ops of SSE to SSE4.2, AES, PCLMULQDQ and SHA without VEX, and of the instructions that cross between XMM and MMX. The
 * caller has dealt with #UD and #NM by mode and with absent features; alignment and unmasked SIMD exceptions are found
 * here.
 */
public final class SseFamily implements OpFamily {
    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        // MMX shares mnemonics; its rows carry no SSE attribute unless an XMM register takes part.
        if (!instruction.row().has(Attribute.SSE)) {
            return null;
        }
        Op op = MoveTranslator.translate(instruction, context);
        if (op == null) {
            op = IntegerTranslator.translate(instruction, context);
        }
        if (op == null) {
            op = FloatTranslator.translate(instruction, context);
        }
        return op != null ? op : SpecialTranslator.translate(instruction, context);
    }
}
