package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.PackedInteger;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.sse.LaneOperation;
import dev.quoll.emulator.sse.Permutation;
import java.lang.invoke.MethodHandles;

/** VPBLENDVB, VBLENDVPS and VBLENDVPD: elements of the second source where those of a fourth operand are negative. */
final class VexVariableBlend extends VexOp implements FallThrough {
    private static final long LANES = LaneOperation.topBits(OpTemplate.constant(MethodHandles.lookup(), 0));
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 2);

    private final int mask;

    VexVariableBlend() {
        mask = 0;
    }

    private VexVariableBlend(Instruction instruction, BlockContext context) {
        super(instruction, context);
        mask = vectorOrGeneral(instruction.operand(3));
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new VexVariableBlend(instruction, context);
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
        long r0 = blend(cpu, 0, source(cpu, FORM, va, host, 0));
        long r1 = blend(cpu, 1, source(cpu, FORM, va, host, 1));
        if (LENGTH == YMM) {
            long r2 = blend(cpu, 2, source(cpu, FORM, va, host, 2));
            setYmm(cpu, r0, r1, r2, blend(cpu, 3, source(cpu, FORM, va, host, 3)));
        } else {
            setXmm(cpu, r0, r1);
        }
    }

    private long blend(Cpu cpu, int index, long b) {
        long chosen = PackedInteger.greaterSigned(0, cpu.get64(mask + 8 * index), LANES);
        return Permutation.select(chosen, b, first(cpu, index));
    }
}
