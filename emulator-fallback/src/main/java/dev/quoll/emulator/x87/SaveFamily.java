package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.OpFamily;
import dev.quoll.emulator.isa.Instruction;

/** The instructions that save and restore the floating-point and vector state. */
public final class SaveFamily implements OpFamily {
    @Override
    public Op translate(Instruction instruction, BlockContext context) {
        return switch (instruction.mnemonic()) {
            case FXSAVE, FXRSTOR, XSAVE, XSAVEOPT, XSAVEC, XRSTOR -> new SaveOp(instruction, context);
            default -> null;
        };
    }
}
