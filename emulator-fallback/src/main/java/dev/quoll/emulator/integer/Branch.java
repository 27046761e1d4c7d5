package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/**
 * Direct near branches: JMP, Jcc, CALL, LOOPcc and JrCXZ. A target in the same physical page is remembered as a link to
 * its block; others go through the jump cache.
 */
final class Branch extends TemplateOp {
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

    private final long displacement;
    private final int operandSize;
    private final int addressSize;
    /** Offset of the target in this page, or -1 when it lies elsewhere. */
    private int target = -1;

    private Block taken;
    private Block fallThrough;

    Branch() {
        displacement = 0;
        operandSize = 0;
        addressSize = 0;
    }

    private Branch(Instruction instruction) {
        displacement = ((Operand.Relative) instruction.operand(0)).displacement();
        operandSize = instruction.operandSize();
        addressSize = instruction.addressSize();
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new Branch(instruction);
    }

    @Override
    protected void placed() {
        long offset = ip + length + displacement;
        // A 16-bit operand size cuts IP to 16 bits: left to the general path.
        if (offset >= 0 && offset < 4096 && operandSize != 2) {
            target = (int) offset;
        }
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
        return block != null ? block : (fallThrough = cpu.blockInPage(ip + length));
    }

    private Block take(Cpu cpu) {
        if (target >= 0) {
            return taken = cpu.blockInPage(target);
        }
        long rip = targetRip(cpu);
        cpu.checkTarget(this, rip);
        if (KIND == LOOP || KIND == LOOPE || KIND == LOOPNE) {
            setCounter(cpu, counter(cpu) - 1);
        }
        return cpu.jump(rip);
    }

    private long targetRip(Cpu cpu) {
        long rip = nextRip(cpu) + displacement;
        return operandSize == 2 ? rip & 0xffff : operandSize == 4 ? rip & 0xffffffffL : rip;
    }

    private Block call(Cpu cpu) {
        if (LONG_CALL) {
            long pointer = cpu.get64(StateLayout.RSP) - 8;
            cpu.storeStack64(this, pointer, cpu.get64(StateLayout.RIP_BASE) + ip + length);
            cpu.set64(StateLayout.RSP, pointer);
            Block block = taken;
            if (block != null) {
                return block;
            }
            return target >= 0 ? taken = cpu.blockInPage(target) : cpu.jump(nextRip(cpu) + displacement);
        }
        long rip = targetRip(cpu);
        cpu.checkTarget(this, rip);
        cpu.push(this, operandSize, nextRip(cpu));
        return cpu.jump(rip);
    }

    private long counter(Cpu cpu) {
        return unsigned(cpu.getSized(StateLayout.RCX, addressSize), addressSize);
    }

    private void setCounter(Cpu cpu, long value) {
        cpu.setSized(StateLayout.RCX, addressSize, value);
    }

    /** Counts down, except for a taken branch that leaves the page: that may fault and counts down in {@link #take}. */
    private boolean loops(Cpu cpu) {
        long left = unsigned(counter(cpu) - 1, addressSize);
        boolean goes = left != 0 && (KIND == LOOP || cpu.zero() == (KIND == LOOPE));
        if (!goes || target >= 0) {
            setCounter(cpu, left);
        }
        return goes;
    }
}
