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

/** A {@link Permutation} on XMM registers. */
final class PermuteOp extends XmmOp implements FallThrough {
    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 1);

    private final int control;

    PermuteOp() {
        control = 0;
    }

    private PermuteOp(Instruction instruction) {
        super(instruction);
        control = immediate(instruction);
    }

    private PermuteOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
        control = immediate(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new PermuteOp(instruction) : new PermuteOp(instruction, context, memory);
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
        long bl = sourceLow(cpu, FORM, va, host);
        long bh = sourceHigh(cpu, FORM, va, host);
        long al = cpu.get64(target);
        long ah = cpu.get64(target + 8);
        setTarget(
                cpu,
                Permutation.low(OPERATION, al, ah, bl, bh, control),
                Permutation.high(OPERATION, al, ah, bl, bh, control));
    }
}
