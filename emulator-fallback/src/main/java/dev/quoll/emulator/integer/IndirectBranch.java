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

/** Near RET, and JMP and CALL through a register or memory. */
final class IndirectBranch extends TemplateOp {
    static final int JUMP = 0;
    static final int CALL = 1;
    static final int RETURN = 2;

    private static final int KIND = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final boolean MEMORY = OpTemplate.flag(MethodHandles.lookup(), 1);
    /** Operand size; 8 is the fast path. */
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 2);

    private final int register;
    /** Bytes a RET takes off the stack behind the return address. */
    private final int extra;

    IndirectBranch() {
        register = 0;
        extra = 0;
    }

    private IndirectBranch(int register, int extra) {
        this.register = register;
        this.extra = extra;
    }

    private IndirectBranch(BlockContext context, Operand.Memory memory) {
        super(context, memory, false);
        register = 0;
        extra = 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        if (KIND == RETURN) {
            return new IndirectBranch(
                    0,
                    instruction.operandCount() > 0
                            ? (int) ((Operand.Immediate) instruction.operand(0)).value() & 0xffff
                            : 0);
        }
        Operand.Memory memory = instruction.memory();
        return memory == null
                ? new IndirectBranch(slot(instruction.operand(0)), 0)
                : new IndirectBranch(context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        if (KIND == RETURN) {
            return ret(cpu);
        }
        long rip = unsigned(MEMORY ? load(cpu, address(cpu), SIZE) : cpu.getSized(register, SIZE), SIZE);
        cpu.checkTarget(this, rip);
        if (KIND == CALL) {
            if (SIZE == 8) {
                long pointer = cpu.get64(StateLayout.RSP) - 8;
                cpu.storeStack64(this, pointer, cpu.get64(StateLayout.RIP_BASE) + ip + length);
                cpu.set64(StateLayout.RSP, pointer);
            } else {
                cpu.push(this, SIZE, nextRip(cpu));
            }
        }
        return cpu.jump(rip);
    }

    private Block ret(Cpu cpu) {
        if (SIZE == 8) {
            long pointer = cpu.get64(StateLayout.RSP);
            long rip = cpu.loadStack64(this, pointer);
            cpu.checkTarget(this, rip);
            cpu.set64(StateLayout.RSP, pointer + 8 + extra);
            return cpu.jump(rip);
        }
        long rip = cpu.peek(this, 0, SIZE);
        cpu.checkTarget(this, rip);
        cpu.setStackPointer(cpu.get64(StateLayout.RSP) + SIZE + extra);
        return cpu.jump(rip);
    }
}
