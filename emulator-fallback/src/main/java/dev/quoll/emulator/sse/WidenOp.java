package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** PMOVSXxx and PMOVZXxx: the low elements of the source, each widened. */
final class WidenOp extends XmmOp implements FallThrough {
    private static final int FROM_BITS = 8 * OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int TO_BITS = 8 * OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean SIGNED = OpTemplate.flag(MethodHandles.lookup(), 2);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 3);

    WidenOp() {}

    private WidenOp(Instruction instruction) {
        super(instruction);
    }

    private WidenOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new WidenOp(instruction) : new WidenOp(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long elements = sourceLow(cpu, FORM, sourceAddress(cpu, FORM), -1);
        setTarget(
                cpu,
                Interleave.widen(elements, FROM_BITS, TO_BITS, SIGNED),
                Interleave.widen(elements >>> FROM_BITS * (64 / TO_BITS), FROM_BITS, TO_BITS, SIGNED));
    }
}
