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
import dev.quoll.emulator.sse.HorizontalOperation;
import dev.quoll.emulator.sse.LaneOperation;
import dev.quoll.emulator.sse.LaneShift;
import java.lang.invoke.MethodHandles;

/** Packed operations whose target is an MMX register and whose source is another, memory or an immediate shift count. */
final class MmxOp extends MmxTemplate implements FallThrough {
    // Kinds of operation; what the second constant numbers.
    /** {@link LaneOperation}, with a lane width. */
    static final int LANES = 0;
    /** {@link LaneShift}, with bytes of a lane. */
    static final int SHIFT = 1;
    /** {@link MmxOperation}. */
    static final int REARRANGE = 2;
    /** {@link HorizontalOperation}. */
    static final int HORIZONTAL = 3;

    // Forms of the source; 4 and 8 are that many bytes of memory.
    static final int REGISTER = 0;
    static final int IMMEDIATE = 1;

    private static final int KIND = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final int WIDTH = OpTemplate.constant(MethodHandles.lookup(), 2);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 3);

    private final int target;
    private final int source;
    private final int immediate;

    MmxOp() {
        target = 0;
        source = 0;
        immediate = 0;
    }

    private MmxOp(Instruction instruction) {
        target = anySlot(instruction.operand(0));
        source = anySlot(instruction.operand(1));
        immediate = immediate(instruction);
    }

    private MmxOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory, false);
        target = anySlot(instruction.operand(0));
        source = 0;
        immediate = immediate(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new MmxOp(instruction) : new MmxOp(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        MmxRegisters.checkPending(cpu, this);
        long b = switch (FORM) {
            case REGISTER -> cpu.get64(source);
            case IMMEDIATE -> immediate;
            default -> load(cpu, address(cpu), FORM);
        };
        MmxRegisters.enter(cpu);
        MmxRegisters.set(cpu, target, compute(cpu.get64(target), b));
    }

    private long compute(long a, long b) {
        return switch (KIND) {
            case LANES -> LaneOperation.apply(OPERATION, LaneOperation.topBits(WIDTH), a, b);
            case SHIFT -> LaneShift.apply(OPERATION, WIDTH, a, b);
            case REARRANGE -> MmxOperation.apply(OPERATION, a, b, immediate);
            default -> HorizontalOperation.apply(OPERATION, a, b);
        };
    }
}
