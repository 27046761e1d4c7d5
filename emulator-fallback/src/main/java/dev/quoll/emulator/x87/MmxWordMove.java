package dev.quoll.emulator.x87;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.MmxRegisters;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** PINSRW and PEXTRW with an MMX register. */
final class MmxWordMove extends MmxTemplate implements FallThrough {
    private static final boolean INSERT = OpTemplate.flag(MethodHandles.lookup(), 0);
    private static final boolean LOAD = OpTemplate.flag(MethodHandles.lookup(), 1);

    private final int to;
    private final int from;
    /** Bits below the word in the MMX register. */
    private final int shift;

    MmxWordMove() {
        to = 0;
        from = 0;
        shift = 0;
    }

    private MmxWordMove(Instruction instruction) {
        to = anySlot(instruction.operand(0));
        from = anySlot(instruction.operand(1));
        shift = (immediate(instruction) & 3) << 4;
    }

    private MmxWordMove(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory, false);
        to = anySlot(instruction.operand(0));
        from = 0;
        shift = (immediate(instruction) & 3) << 4;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new MmxWordMove(instruction) : new MmxWordMove(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        MmxRegisters.checkPending(cpu, this);
        long value = LOAD ? cpu.load16(this, address(cpu)) : cpu.get64(from);
        MmxRegisters.enter(cpu);
        if (INSERT) {
            long rest = cpu.get64(to) & ~(0xffffL << shift);
            MmxRegisters.set(cpu, to, rest | (value & 0xffff) << shift);
        } else {
            cpu.set64(to, value >>> shift & 0xffff);
        }
    }
}
