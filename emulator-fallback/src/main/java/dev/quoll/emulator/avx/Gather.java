package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.GuestFault;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/**
 * VGATHERxPx and VPGATHERxx (SDM vol. 2, VGATHERDPD). An element whose mask is negative is loaded and its mask cleared,
 * so that after a fault the instruction goes on with the element that caused it.
 */
final class Gather extends VexOp implements FallThrough {
    /** Bytes of an element. */
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 0);
    /** Bytes of an index. */
    private static final int INDEX_SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    /** The longer of the elements and the indices. */
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 2);

    private static final int COUNT = LENGTH / Math.max(SIZE, INDEX_SIZE);

    private final int index;
    private final int scale;
    private final int mask;

    Gather() {
        index = 0;
        scale = 0;
        mask = 0;
    }

    private Gather(Instruction instruction, BlockContext context) {
        super(instruction, context, withoutIndex(instruction.memory()));
        index = StateLayout.xmm(instruction.memory().index());
        scale = instruction.memory().scaleShift();
        mask = source;
    }

    private static Operand.Memory withoutIndex(Operand.Memory memory) {
        return new Operand.Memory(
                memory.segment(),
                memory.overridden(),
                memory.base(),
                Operand.Memory.NONE,
                0,
                memory.displacement(),
                memory.size(),
                memory.addressSize());
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new Gather(instruction, context);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long faultAddress = cpu.cr2;
        boolean gathered = false;
        try {
            for (int i = 0; i < COUNT; i++) {
                if (cpu.getSized(mask + i * SIZE, SIZE) < 0) {
                    long va = address(cpu, cpu.getSized(index + i * INDEX_SIZE, INDEX_SIZE) << scale);
                    long value = cpu.loadPart(this, va, SIZE);
                    put(cpu, target + i * SIZE, value);
                    gathered = true;
                }
                put(cpu, mask + i * SIZE, 0);
            }
        } catch (GuestFault fault) {
            throw gathered ? cpu.afterProgress(fault, faultAddress) : fault;
        }
        for (int i = COUNT * SIZE; i < YMM; i += 8) {
            cpu.set64(target + i, 0);
            cpu.set64(mask + i, 0);
        }
    }

    private static void put(Cpu cpu, int slot, long value) {
        if (SIZE == 4) {
            cpu.put32(slot, (int) value);
        } else {
            cpu.set64(slot, value);
        }
    }
}
