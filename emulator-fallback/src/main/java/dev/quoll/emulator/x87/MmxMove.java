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
import dev.quoll.emulator.sse.LaneOperation;
import java.lang.invoke.MethodHandles;

/** Moves between MMX registers, general registers and memory: MOVD, MOVQ, MOVNTQ, PMOVMSKB. */
final class MmxMove extends MmxTemplate implements FallThrough {
    // Destinations.
    static final int MEMORY = 0;
    static final int MMX = 1;
    static final int GENERAL = 2;
    /** A general register that gets the sign bits of the bytes. */
    static final int SIGNS = 3;

    /** Bytes moved. */
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int DESTINATION = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean LOAD = OpTemplate.flag(MethodHandles.lookup(), 2);

    private final int to;
    private final int from;

    MmxMove() {
        to = 0;
        from = 0;
    }

    private MmxMove(Instruction instruction) {
        to = anySlot(instruction.operand(0));
        from = anySlot(instruction.operand(1));
    }

    private MmxMove(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory, !LOAD);
        to = anySlot(instruction.operand(0));
        from = anySlot(instruction.operand(1));
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new MmxMove(instruction) : new MmxMove(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        MmxRegisters.checkPending(cpu, this);
        long value = LOAD ? load(cpu, address(cpu), SIZE) : cpu.get64(from);
        if (DESTINATION == MEMORY) {
            store(cpu, address(cpu), SIZE, value);
        }
        MmxRegisters.enter(cpu);
        switch (DESTINATION) {
            case MMX -> MmxRegisters.set(cpu, to, unsigned(value, SIZE));
            case GENERAL -> cpu.set64(to, unsigned(value, SIZE));
            case SIGNS -> cpu.set64(to, LaneOperation.byteSigns(value));
            default -> {}
        }
    }
}
