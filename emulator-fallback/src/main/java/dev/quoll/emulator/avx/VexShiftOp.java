package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.sse.LaneShift;
import java.lang.invoke.MethodHandles;

/** A {@link LaneShift} by the low quadword of the second source or an immediate. */
final class VexShiftOp extends VexOp implements FallThrough {
    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 2);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 3);
    private static final boolean IMMEDIATE = OpTemplate.flag(MethodHandles.lookup(), 4);

    private final int immediate;

    VexShiftOp() {
        immediate = 0;
    }

    private VexShiftOp(Instruction instruction, BlockContext context) {
        super(instruction, context);
        immediate = immediate(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new VexShiftOp(instruction, context);
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
            long host = sourceHost(cpu, FORM, va);
            count = source(cpu, FORM, va, host, 0);
            if (FORM == XMM && host == -1) {
                // All 16 bytes are read, and may fault.
                source(cpu, FORM, va, host, 1);
            }
        }
        if (LENGTH == YMM) {
            setYmm(cpu, shift(cpu, 0, count), shift(cpu, 1, count), shift(cpu, 2, count), shift(cpu, 3, count));
        } else {
            setXmm(cpu, shift(cpu, 0, count), shift(cpu, 1, count));
        }
    }

    private long shift(Cpu cpu, int index, long count) {
        return LaneShift.apply(OPERATION, SIZE, first(cpu, index), count);
    }
}
