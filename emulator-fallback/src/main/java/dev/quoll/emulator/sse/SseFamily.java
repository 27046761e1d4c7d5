package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;

/**
 * The ops of SSE to SSE4.2, AES, PCLMULQDQ and SHA without VEX, and of the instructions that cross between XMM and MMX. An
 * instruction with VEX is the same op when it writes no vector register and works on no more than 128 bits, for there is
 * no upper half to clear then (a comparison of strings that makes a mask does that itself). The caller has dealt with #UD and #NM by mode and with absent features; alignment and unmasked SIMD exceptions are found
 * here.
 */
public final class SseFamily implements OpFamily {
    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        // MMX shares mnemonics; its rows carry no SSE attribute unless an XMM register takes part.
        if (!instruction.row().has(Attribute.SSE) && !sameWithVex(instruction)) {
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

    private static boolean sameWithVex(Instruction instruction) {
        if (!instruction.row().has(Attribute.AVX) || instruction.operandCount() == 0) {
            return false;
        }
        for (Operand operand : instruction.operands()) {
            if (TemplateOp.size(operand) > 16) {
                return false;
            }
        }
        boolean vector = instruction.operand(0) instanceof Operand.Register register
                && register.cls() == RegisterClass.XMM;
        return !vector || !instruction.row().operands().getFirst().access().writes();
    }
}
