package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.sse.LaneOperation;
import java.lang.invoke.MethodHandles;

/** A {@link QuadwordOperation}: each quadword of the result comes from the same quadword of the sources. */
final class VexLaneOp extends VexOp implements FallThrough {
    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final long LANES = LaneOperation.topBits(OpTemplate.constant(MethodHandles.lookup(), 1));
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 2);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 3);

    VexLaneOp() {}

    private VexLaneOp(Instruction instruction, BlockContext context) {
        super(instruction, context);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new VexLaneOp(instruction, context);
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
        long b0 = source(cpu, FORM, va, host, 0);
        long b1 = source(cpu, FORM, va, host, 1);
        if (LENGTH == YMM) {
            long b2 = source(cpu, FORM, va, host, 2);
            long b3 = source(cpu, FORM, va, host, 3);
            setYmm(cpu, apply(cpu, 0, b0), apply(cpu, 1, b1), apply(cpu, 2, b2), apply(cpu, 3, b3));
        } else {
            setXmm(cpu, apply(cpu, 0, b0), apply(cpu, 1, b1));
        }
    }

    private long apply(Cpu cpu, int index, long b) {
        return QuadwordOperation.apply(OPERATION, LANES, first(cpu, index), b);
    }
}
