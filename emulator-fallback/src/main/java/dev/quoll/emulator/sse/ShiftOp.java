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

/** A {@link LaneShift} on XMM registers, by the low quadword of the source or an immediate. */
final class ShiftOp extends XmmOp implements FallThrough {
    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 2);
    private static final boolean IMMEDIATE = OpTemplate.flag(MethodHandles.lookup(), 3);

    private final int immediate;

    ShiftOp() {
        immediate = 0;
    }

    private ShiftOp(Instruction instruction) {
        super(instruction);
        immediate = immediate(instruction);
    }

    private ShiftOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
        immediate = 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new ShiftOp(instruction) : new ShiftOp(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long count;
        if (IMMEDIATE) {
            count = immediate;
        } else {
            long va = sourceAddress(cpu, FORM);
            count = sourceLow(cpu, FORM, va, sourceHost(cpu, FORM, va));
        }
        setTarget(
                cpu,
                LaneShift.apply(OPERATION, SIZE, cpu.get64(target), count),
                LaneShift.apply(OPERATION, SIZE, cpu.get64(target + 8), count));
    }
}
