package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** Direct near branches: JMP, Jcc, CALL, LOOPcc and JrCXZ. */
final class Branch extends DirectBranch {
    static final int JUMP = 0;
    static final int CONDITIONAL = 1;
    static final int CALL = 2;
    static final int LOOP = 3;
    static final int LOOPE = 4;
    static final int LOOPNE = 5;
    static final int COUNTER_ZERO = 6;

    private static final int KIND = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int CONDITION = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean LONG_CALL = OpTemplate.flag(MethodHandles.lookup(), 2);

    private final int addressSize;

    Branch() {
        addressSize = 0;
    }

    private Branch(Instruction instruction) {
        super(instruction);
        addressSize = instruction.addressSize();
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new Branch(instruction);
    }

    @Override
    public Block run(Cpu cpu) {
        if (KIND == CALL) {
            return call(cpu);
        }
        boolean goes = switch (KIND) {
            case CONDITIONAL -> cpu.condition(CONDITION);
            case LOOP, LOOPE, LOOPNE -> loops(cpu);
            case COUNTER_ZERO -> counter(cpu) == 0;
            default -> true;
        };
        if (goes) {
            Block block = taken;
            return block != null ? block : take(cpu);
        }
        Block block = fallThrough;
        return block != null ? block : fall(cpu);
    }

    private Block call(Cpu cpu) {
        if (LONG_CALL) {
            if (!inPage(cpu)) {
                cpu.checkTarget(this, targetRip(cpu));
            }
            long pointer = cpu.get64(StateLayout.RSP) - 8;
            cpu.storeStack64(this, pointer, cpu.get64(StateLayout.RIP_BASE) + ip + length);
            cpu.set64(StateLayout.RSP, pointer);
            Block block = taken;
            return block != null ? block : take(cpu);
        }
        cpu.checkTarget(this, targetRip(cpu));
        cpu.push(this, operandSize, nextRip(cpu));
        return take(cpu);
    }

    private long counter(Cpu cpu) {
        return unsigned(cpu.getSized(StateLayout.RCX, addressSize), addressSize);
    }

    /** Counts down; a target that would fault is refused before. */
    private boolean loops(Cpu cpu) {
        long left = unsigned(counter(cpu) - 1, addressSize);
        boolean goes = left != 0 && (KIND == LOOP || cpu.zero() == (KIND == LOOPE));
        if (goes && !inPage(cpu)) {
            cpu.checkTarget(this, targetRip(cpu));
        }
        cpu.setSized(StateLayout.RCX, addressSize, left);
        return goes;
    }
}
