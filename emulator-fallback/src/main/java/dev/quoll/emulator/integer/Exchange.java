package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** XCHG, XADD and CMPXCHG. XCHG with memory is locked without a prefix (SDM vol. 3, 9.1.2.1). */
final class Exchange extends TemplateOp implements FallThrough {
    static final int XCHG = 0;
    static final int XADD = 1;
    static final int CMPXCHG = 2;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean MEMORY = OpTemplate.flag(MethodHandles.lookup(), 2);
    private static final boolean LOCKED = OpTemplate.flag(MethodHandles.lookup(), 3);

    private final int target;
    private final int source;

    Exchange() {
        target = 0;
        source = 0;
    }

    private Exchange(int target, int source) {
        this.target = target;
        this.source = source;
    }

    private Exchange(BlockContext context, Operand.Memory memory, int source) {
        super(context, memory, true);
        this.target = 0;
        this.source = source;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        if (memory == null) {
            return new Exchange(slot(instruction.operand(0)), slot(instruction.operand(1)));
        }
        boolean memoryFirst = instruction.operand(0) instanceof Operand.Memory;
        return new Exchange(context, memory, slot(instruction.operand(memoryFirst ? 1 : 0)));
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long va = MEMORY ? address(cpu) : 0;
        long old;
        long operand = cpu.getSized(source, SIZE);
        long accumulator = cpu.getSized(StateLayout.RAX, SIZE);
        do {
            old = MEMORY ? loadForWrite(cpu, va, SIZE) : cpu.getSized(target, SIZE);
        } while (!write(cpu, old, replacement(old, operand, accumulator), accumulator == old));
        switch (OPERATION) {
            case XCHG -> cpu.setSized(source, SIZE, old);
            case XADD -> {
                if (MEMORY || source != target) {
                    cpu.setSized(source, SIZE, old);
                    if (!MEMORY) {
                        cpu.setSized(target, SIZE, old + operand);
                    }
                }
                cpu.flagsAdd(extend(old + operand, SIZE), old, operand);
            }
            default -> {
                cpu.flagsSub(extend(accumulator - old, SIZE), accumulator, old);
                if (accumulator != old) {
                    cpu.setSized(StateLayout.RAX, SIZE, old);
                }
            }
        }
    }

    private static long replacement(long old, long operand, long accumulator) {
        return switch (OPERATION) {
            case XCHG -> operand;
            case XADD -> old + operand;
            // A mismatch writes the old value back: the access is a write in any case.
            default -> accumulator == old ? operand : old;
        };
    }

    private boolean write(Cpu cpu, long old, long value, boolean match) {
        if (!MEMORY) {
            // A mismatch leaves even the upper half of a 64-bit register; a match of equal values still clears it.
            if (OPERATION != CMPXCHG || match) {
                cpu.setSized(target, SIZE, value);
            }
            return true;
        }
        if (LOCKED) {
            return cpu.compareAndStoreBack(SIZE, old, value);
        }
        storeBack(cpu, SIZE, value);
        return true;
    }
}
