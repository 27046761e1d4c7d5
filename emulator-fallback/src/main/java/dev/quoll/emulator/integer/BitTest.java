package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/**
 * BT, BTS, BTR, BTC. With a register bit offset and a memory base the operand is a bit string: the offset is signed and
 * may reach far outside the operand (SDM vol. 2, "BT").
 */
final class BitTest extends TemplateOp implements FallThrough {
    static final int TEST = 0;
    static final int SET = 1;
    static final int RESET = 2;
    static final int COMPLEMENT = 3;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean MEMORY = OpTemplate.flag(MethodHandles.lookup(), 2);
    private static final boolean IMMEDIATE = OpTemplate.flag(MethodHandles.lookup(), 3);
    private static final boolean LOCKED = OpTemplate.flag(MethodHandles.lookup(), 4);
    private static final int BITS = 8 * SIZE;

    private final int target;
    private final int source;
    private final int immediate;

    BitTest() {
        target = 0;
        source = 0;
        immediate = 0;
    }

    private BitTest(Instruction instruction) {
        target = slot(instruction.operand(0));
        source = IMMEDIATE ? 0 : slot(instruction.operand(1));
        immediate = IMMEDIATE ? immediate(instruction) : 0;
    }

    private BitTest(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory, SIZE, OPERATION != TEST);
        target = 0;
        source = IMMEDIATE ? 0 : slot(instruction.operand(1));
        immediate = IMMEDIATE ? immediate(instruction) : 0;
    }

    private static int immediate(Instruction instruction) {
        return (int) ((Operand.Immediate) instruction.operand(1)).value();
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new BitTest(instruction) : new BitTest(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long bit = IMMEDIATE ? immediate : cpu.getSized(source, SIZE);
        int index = (int) bit & BITS - 1;
        long value;
        if (!MEMORY) {
            value = cpu.getSized(target, SIZE);
            if (OPERATION != TEST) {
                cpu.setSized(target, SIZE, changed(value, index));
            }
        } else {
            // The operand-sized unit that holds the bit; the shift is arithmetic, so negative offsets reach down.
            long va = IMMEDIATE ? address(cpu) : address(cpu, (bit >> (SIZE == 8 ? 6 : SIZE == 4 ? 5 : 4)) * SIZE);
            if (OPERATION == TEST) {
                value = load(cpu, va, SIZE);
            } else {
                value = loadForWrite(cpu, va, SIZE);
                if (LOCKED) {
                    while (!cpu.compareAndStoreBack(SIZE, value, changed(value, index))) {
                        value = loadForWrite(cpu, va, SIZE);
                    }
                } else {
                    storeBack(cpu, SIZE, changed(value, index));
                }
            }
        }
        int kept = cpu.arithmeticFlags() & ~Flags.CF;
        cpu.setArithmeticFlags(kept | (int) (value >>> index & 1));
    }

    private static long changed(long value, int index) {
        long bit = 1L << index;
        return switch (OPERATION) {
            case SET -> value | bit;
            case RESET -> value & ~bit;
            default -> value ^ bit;
        };
    }
}
