package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Operand;

/** {@link SimpleOp} with a memory operand. */
public abstract class SimpleMemOp extends MemOp implements FallThrough {
    protected SimpleMemOp(BlockContext context, Operand.Memory operand, int span, boolean write) {
        super(context, operand, span, write);
    }

    protected SimpleMemOp(BlockContext context, Operand.Memory operand, boolean write) {
        super(context, operand, write);
    }

    @Override
    public final Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }
}
