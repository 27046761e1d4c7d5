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

/** Moves of whole XMM registers: MOVAPS, MOVDQU, LDDQU, MOVNTDQ and their kind. */
final class VectorMove extends XmmOp implements FallThrough {
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final boolean STORE = OpTemplate.flag(MethodHandles.lookup(), 1);

    VectorMove() {}

    private VectorMove(Instruction instruction) {
        super(instruction);
    }

    private VectorMove(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, STORE);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new VectorMove(instruction) : new VectorMove(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long va = sourceAddress(cpu, FORM);
        if (STORE) {
            store16(cpu, va, cpu.get64(source), cpu.get64(source + 8));
        } else {
            long host = sourceHost(cpu, FORM, va);
            long low = sourceLow(cpu, FORM, va, host);
            setTarget(cpu, low, sourceHigh(cpu, FORM, va, host));
        }
    }
}
