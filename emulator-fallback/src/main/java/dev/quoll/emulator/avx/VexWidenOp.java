package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.sse.Interleave;
import java.lang.invoke.MethodHandles;

/** VPMOVSXxx and VPMOVZXxx: the low elements of the source, each widened. */
final class VexWidenOp extends VexOp implements FallThrough {
    private static final int FROM_BITS = 8 * OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int TO_BITS = 8 * OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean SIGNED = OpTemplate.flag(MethodHandles.lookup(), 2);
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 3);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 4);

    /** Bits of the source that make one quadword. */
    private static final int STEP = FROM_BITS * (64 / TO_BITS);

    VexWidenOp() {}

    private VexWidenOp(Instruction instruction, BlockContext context) {
        super(instruction, context);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new VexWidenOp(instruction, context);
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
        long low = source(cpu, FORM, va, host, 0);
        if (LENGTH == XMM) {
            setXmm(cpu, widen(low), widen(low >>> STEP));
            return;
        }
        if (STEP == 32) {
            long high = source(cpu, FORM, va, host, 1);
            setYmm(cpu, widen(low), widen(low >>> STEP), widen(high), widen(high >>> STEP));
        } else {
            setYmm(cpu, widen(low), widen(low >>> STEP), widen(low >>> 2 * STEP), widen(low >>> 3 * STEP));
        }
    }

    private static long widen(long elements) {
        return Interleave.widen(elements, FROM_BITS, TO_BITS, SIGNED);
    }
}
