package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** VMASKMOVPx and VPMASKMOVx: elements whose mask is not negative are not accessed; loading gives 0 for them. */
final class MaskedMove extends VexOp implements FallThrough {
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean STORE = OpTemplate.flag(MethodHandles.lookup(), 2);

    MaskedMove() {}

    private MaskedMove(Instruction instruction, BlockContext context) {
        super(instruction, context);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new MaskedMove(instruction, context);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        if (STORE) {
            store(cpu);
            return;
        }
        long r0 = loadChosen(cpu, 0);
        long r1 = loadChosen(cpu, 8);
        if (LENGTH == YMM) {
            long r2 = loadChosen(cpu, 16);
            setYmm(cpu, r0, r1, r2, loadChosen(cpu, 24));
        } else {
            setXmm(cpu, r0, r1);
        }
    }

    /** Elements that are not chosen are not looked at, not even for the segment's limit. */
    private long loadChosen(Cpu cpu, int offset) {
        long low = chosen(cpu, offset) ? cpu.loadPart(this, partAddress(cpu, offset, SIZE), SIZE) : 0;
        if (SIZE == 8) {
            return low;
        }
        long high = chosen(cpu, offset + 4) ? cpu.loadPart(this, partAddress(cpu, offset + 4, SIZE), SIZE) : 0;
        return low | high << 32;
    }

    /** All elements or, where one may not be written, none. */
    private void store(Cpu cpu) {
        boolean any = false;
        for (int i = 0; i < LENGTH; i += SIZE) {
            any |= chosen(cpu, i);
        }
        if (!any) {
            // Not even the segment has to be writable.
            return;
        }
        for (int i = 0; i < LENGTH; i += SIZE) {
            if (chosen(cpu, i)) {
                long va = partAddress(cpu, i, SIZE);
                cpu.checkCanonical(this, va, SIZE);
                cpu.probeWrite(this, va, SIZE);
            }
        }
        for (int i = 0; i < LENGTH; i += SIZE) {
            if (chosen(cpu, i)) {
                cpu.storePart(this, partAddress(cpu, i, SIZE), SIZE, cpu.getSized(source + i, SIZE));
            }
        }
    }

    private boolean chosen(Cpu cpu, int offset) {
        return cpu.getSized(first + offset, SIZE) < 0;
    }
}
