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

/** INC, DEC, NEG and NOT of a register or memory. */
final class UnaryAlu extends TemplateOp implements FallThrough {
    static final int INC = 0;
    static final int DEC = 1;
    static final int NEG = 2;
    static final int NOT = 3;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean MEMORY = OpTemplate.flag(MethodHandles.lookup(), 2);
    private static final boolean LOCKED = OpTemplate.flag(MethodHandles.lookup(), 3);
    /** The flags are overwritten before anything sees them. */
    private static final boolean FLAGS_DEAD = OpTemplate.flag(MethodHandles.lookup(), 4);
    private static final long LOWEST = Long.MIN_VALUE >> 64 - 8 * SIZE;

    private final int target;

    UnaryAlu() {
        target = 0;
    }

    private UnaryAlu(int target) {
        this.target = target;
    }

    private UnaryAlu(BlockContext context, Operand.Memory memory) {
        super(context, memory, true);
        target = 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new UnaryAlu(slot(instruction.operand(0))) : new UnaryAlu(context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        if (!MEMORY) {
            long a = cpu.getSized(target, SIZE);
            long result = result(a);
            cpu.setSized(target, SIZE, result);
            flags(cpu, result, a);
        } else {
            long va = address(cpu);
            long a = loadForWrite(cpu, va, SIZE);
            if (LOCKED) {
                while (!cpu.compareAndStoreBack(SIZE, a, result(a))) {
                    a = loadForWrite(cpu, va, SIZE);
                }
            } else {
                storeBack(cpu, SIZE, result(a));
            }
            flags(cpu, result(a), a);
        }
    }

    private static long result(long a) {
        return switch (OPERATION) {
            case INC -> extend(a + 1, SIZE);
            case DEC -> extend(a - 1, SIZE);
            case NEG -> extend(-a, SIZE);
            default -> ~a;
        };
    }

    private static void flags(Cpu cpu, long result, long a) {
        if (FLAGS_DEAD) {
            return;
        }
        switch (OPERATION) {
            // INC and DEC keep CF; OF is set when the sign bit alone has flipped over, AF by the low digit.
            case INC ->
                cpu.flagsResult(
                        result,
                        (cpu.carry() ? Flags.CF : 0)
                                | (result == LOWEST ? Flags.OF : 0)
                                | ((result & 15) == 0 ? Flags.AF : 0));
            case DEC ->
                cpu.flagsResult(
                        result,
                        (cpu.carry() ? Flags.CF : 0)
                                | (a == LOWEST ? Flags.OF : 0)
                                | ((a & 15) == 0 ? Flags.AF : 0));
            case NEG -> cpu.flagsSub(result, 0, a);
            default -> {}
        }
    }
}
