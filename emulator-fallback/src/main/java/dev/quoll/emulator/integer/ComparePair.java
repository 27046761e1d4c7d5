package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/**
 * CMP or TEST and the conditional branch behind it in one op: the condition is decided from the operands, not from
 * flags. The flags are set all the same, for whoever looks later.
 */
final class ComparePair extends CompareBranch {
    private static final boolean TEST = OpTemplate.constant(MethodHandles.lookup(), 0) == BinaryAlu.TEST;
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 2);
    private static final int CONDITION = OpTemplate.constant(MethodHandles.lookup(), 3);

    private final int first;
    private final int second;
    private final long immediate;

    ComparePair() {
        first = 0;
        second = 0;
        immediate = 0;
    }

    private ComparePair(Instruction instruction) {
        first = slot(instruction.operand(0));
        second = slotOf(instruction.operand(1));
        immediate = immediateOf(instruction.operand(1));
    }

    private ComparePair(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory);
        first = slotOf(instruction.operand(0));
        second = slotOf(instruction.operand(1));
        immediate = immediateOf(instruction.operand(1));
    }

    private static int slotOf(Operand operand) {
        return operand instanceof Operand.Register ? slot(operand) : 0;
    }

    private static long immediateOf(Operand operand) {
        return operand instanceof Operand.Immediate(long value, int size) ? extend(value, SIZE) : 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new ComparePair(instruction) : new ComparePair(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        long a = FORM == BinaryAlu.MEMORY_IMMEDIATE || FORM == BinaryAlu.MEMORY_REGISTER
                ? load(cpu, address(cpu), SIZE)
                : cpu.getSized(first, SIZE);
        long b = switch (FORM) {
            case BinaryAlu.REGISTER_IMMEDIATE, BinaryAlu.MEMORY_IMMEDIATE -> immediate;
            case BinaryAlu.REGISTER_MEMORY -> load(cpu, address(cpu), SIZE);
            default -> cpu.getSized(second, SIZE);
        };
        boolean holds;
        if (TEST) {
            cpu.flagsLogic(a & b);
            holds = afterTest(cpu, a & b);
        } else {
            cpu.flagsSub(extend(a - b, SIZE), a, b);
            holds = afterCompare(cpu, a, b);
        }
        DirectBranch exit = branch;
        if (holds ^ (CONDITION & 1) != 0) {
            Block block = exit.taken;
            return block != null ? block : exit.take(cpu);
        }
        Block block = exit.fallThrough;
        return block != null ? block : exit.fall(cpu);
    }

    /** CF and OF are 0 after TEST. */
    private static boolean afterTest(Cpu cpu, long result) {
        return switch (CONDITION >> 1) {
            case 0, 1 -> false;
            case 2, 3 -> result == 0;
            case 4, 6 -> result < 0;
            case 5 -> cpu.parity();
            default -> result <= 0;
        };
    }

    private static boolean afterCompare(Cpu cpu, long a, long b) {
        return switch (CONDITION >> 1) {
            case 0 -> cpu.overflow();
            case 1 -> Long.compareUnsigned(a, b) < 0;
            case 2 -> a == b;
            case 3 -> Long.compareUnsigned(a, b) <= 0;
            case 4 -> extend(a - b, SIZE) < 0;
            case 5 -> cpu.parity();
            case 6 -> a < b;
            default -> a <= b;
        };
    }
}
