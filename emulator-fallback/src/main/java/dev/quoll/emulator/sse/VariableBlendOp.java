package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.PackedInteger;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** PBLENDVB, BLENDVPS and BLENDVPD: elements of the source where the same element of XMM0 has its top bit set. */
final class VariableBlendOp extends XmmOp implements FallThrough {
    private static final long LANES = LaneOperation.topBits(OpTemplate.constant(MethodHandles.lookup(), 0));
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 1);

    VariableBlendOp() {}

    private VariableBlendOp(Instruction instruction) {
        super(instruction);
    }

    private VariableBlendOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new VariableBlendOp(instruction) : new VariableBlendOp(instruction, context, memory);
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
        long lowMask = negative(cpu.get64(StateLayout.VECTOR));
        long highMask = negative(cpu.get64(StateLayout.VECTOR + 8));
        setTarget(
                cpu,
                Permutation.select(lowMask, bl, cpu.get64(target)),
                Permutation.select(highMask, bh, cpu.get64(target + 8)));
    }

    private static long negative(long elements) {
        return PackedInteger.greaterSigned(0, elements, LANES);
    }
}
