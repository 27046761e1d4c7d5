package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/**
 * SHLD and SHRD. Results for 16-bit operands and counts above 16 are undefined, and so are AF and, for counts above 1, OF;
 * ours are those of AMD processors (family 19h), where the source comes in twice.
 */
final class DoubleShift extends TemplateOp implements FallThrough {
    private static final boolean RIGHT = OpTemplate.flag(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean MEMORY = OpTemplate.flag(MethodHandles.lookup(), 2);
    private static final boolean BY_CL = OpTemplate.flag(MethodHandles.lookup(), 3);
    private static final int BITS = 8 * SIZE;

    private final int target;
    private final int source;
    private final int immediate;

    DoubleShift() {
        target = 0;
        source = 0;
        immediate = 0;
    }

    private DoubleShift(Instruction instruction) {
        target = slot(instruction.operand(0));
        source = slot(instruction.operand(1));
        immediate = immediate(instruction);
    }

    private DoubleShift(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory, true);
        target = 0;
        source = slot(instruction.operand(1));
        immediate = immediate(instruction);
    }

    private static int immediate(Instruction instruction) {
        return instruction.operand(2) instanceof Operand.Immediate(long value, int size) ? (int) value : 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new DoubleShift(instruction) : new DoubleShift(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        int count = (BY_CL ? cpu.get8(StateLayout.RCX) : immediate) & (SIZE == 8 ? 63 : 31);
        long other = unsigned(cpu.getSized(source, SIZE), SIZE);
        if (MEMORY) {
            long va = address(cpu);
            long value = unsigned(loadForWrite(cpu, va, SIZE), SIZE);
            storeBack(cpu, SIZE, count == 0 ? value : shifted(value, other, count));
            if (count != 0) {
                flags(cpu, value, other, count);
            }
        } else {
            long value = unsigned(cpu.getSized(target, SIZE), SIZE);
            if (count != 0) {
                cpu.setSized(target, SIZE, shifted(value, other, count));
                flags(cpu, value, other, count);
            } else if (SIZE == 4) {
                cpu.setSized(target, SIZE, value);
            }
        }
    }

    private static long shifted(long value, long other, int count) {
        if (SIZE == 2) {
            // Three words in a row: destination, source, source.
            return RIGHT
                    ? (value | other << 16 | other << 32) >>> count
                    : (value << 32 | other << 16 | other) >>> 32 - count;
        }
        return RIGHT ? value >>> count | other << BITS - count : value << count | other >>> BITS - count;
    }

    private static void flags(Cpu cpu, long value, long other, int count) {
        long result = extend(shifted(value, other, count), SIZE);
        boolean beyond = SIZE == 2 && count > 16;
        boolean carry = !beyond && (RIGHT ? value >>> count - 1 & 1 : value >>> BITS - count & 1) != 0;
        boolean signChanged = (result ^ extend(value, SIZE)) < 0;
        boolean overflow = RIGHT
                ? ((result >>> BITS - 1 ^ result >>> BITS - 2) & 1) != 0
                : carry ^ (result < 0 && (SIZE != 2 || count < 16));
        int sign = (count == 1 ? signChanged : overflow) ? Flags.OF : 0;
        cpu.flagsResult(result, (carry ? Flags.CF : 0) | sign | Flags.AF);
    }
}
