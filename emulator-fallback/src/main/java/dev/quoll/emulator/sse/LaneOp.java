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

/** A {@link LaneOperation} on XMM registers. */
final class LaneOp extends XmmOp implements FallThrough {
    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final long LANES = LaneOperation.topBits(OpTemplate.constant(MethodHandles.lookup(), 1));
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 2);

    LaneOp() {}

    private LaneOp(Instruction instruction) {
        super(instruction);
    }

    private LaneOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new LaneOp(instruction) : new LaneOp(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long va = sourceAddress(cpu, FORM);
        long host = sourceHost(cpu, FORM, va);
        long low = sourceLow(cpu, FORM, va, host);
        long high = sourceHigh(cpu, FORM, va, host);
        setTarget(
                cpu,
                LaneOperation.apply(OPERATION, LANES, cpu.get64(target), low),
                LaneOperation.apply(OPERATION, LANES, cpu.get64(target + 8), high));
    }
}
