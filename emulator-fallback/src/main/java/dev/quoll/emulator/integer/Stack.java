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

/** PUSH and POP of a general register, memory or an immediate; LEAVE. */
final class Stack extends TemplateOp implements FallThrough {
    static final int PUSH_REGISTER = 0;
    static final int PUSH_IMMEDIATE = 1;
    static final int PUSH_MEMORY = 2;
    static final int POP_REGISTER = 3;
    static final int POP_MEMORY = 4;
    static final int LEAVE = 5;

    private static final int KIND = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    /** 64-bit code and operand: the stack pointer is RSP and needs no segment check. */
    private static final boolean FAST = OpTemplate.flag(MethodHandles.lookup(), 2);

    private final int register;
    private final long immediate;

    Stack() {
        register = 0;
        immediate = 0;
    }

    private Stack(int register, long immediate) {
        this.register = register;
        this.immediate = immediate;
    }

    private Stack(BlockContext context, Operand.Memory memory) {
        super(context, memory, SIZE, KIND == POP_MEMORY);
        register = 0;
        immediate = 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return switch (KIND) {
            case PUSH_REGISTER, POP_REGISTER -> new Stack(slot(instruction.operand(0)), 0);
            case PUSH_IMMEDIATE -> new Stack(0, ((Operand.Immediate) instruction.operand(0)).value());
            case LEAVE -> new Stack(0, 0);
            default -> new Stack(context, instruction.memory());
        };
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        switch (KIND) {
            case PUSH_REGISTER -> push(cpu, cpu.getSized(register, SIZE));
            case PUSH_IMMEDIATE -> push(cpu, immediate);
            case PUSH_MEMORY -> push(cpu, load(cpu, address(cpu), SIZE));
            case POP_REGISTER -> {
                long value = pop(cpu);
                cpu.setSized(register, SIZE, value);
            }
            case POP_MEMORY -> popMemory(cpu);
            default -> leave(cpu);
        }
    }

    private void push(Cpu cpu, long value) {
        if (FAST) {
            long pointer = cpu.get64(StateLayout.RSP) - 8;
            cpu.storeStack64(this, pointer, value);
            cpu.set64(StateLayout.RSP, pointer);
        } else {
            cpu.push(this, SIZE, value);
        }
    }

    private long pop(Cpu cpu) {
        if (FAST) {
            long pointer = cpu.get64(StateLayout.RSP);
            long value = cpu.loadStack64(this, pointer);
            cpu.set64(StateLayout.RSP, pointer + 8);
            return value;
        }
        return cpu.pop(this, SIZE);
    }

    /** The address is computed with the stack pointer already moved (SDM vol. 2, "POP"); a fault takes that back. */
    private void popMemory(Cpu cpu) {
        long before = cpu.get64(StateLayout.RSP);
        long value = cpu.pop(this, SIZE);
        long after = cpu.get64(StateLayout.RSP);
        boolean stored = false;
        try {
            store(cpu, address(cpu), SIZE, value);
            stored = true;
        } finally {
            cpu.set64(StateLayout.RSP, stored ? after : before);
        }
    }

    private void leave(Cpu cpu) {
        long frame = cpu.get64(StateLayout.RBP);
        long value = FAST
                ? cpu.loadStack64(this, frame)
                : cpu.loadStack(this, cpu.stackLinear(this, frame, SIZE, false), SIZE);
        cpu.setStackPointer(frame + SIZE);
        cpu.setSized(StateLayout.RBP, SIZE, value);
    }
}
