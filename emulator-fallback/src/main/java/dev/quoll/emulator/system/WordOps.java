package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;

/** Instructions with a word operand that is a register or memory: selectors and machine status. */
final class WordOps {
    /** Takes the operand's 16 bits. */
    @FunctionalInterface
    interface Consumer {
        void run(Cpu cpu, Op op, int word);
    }

    /** Gives what is stored: a register gets as much of it as the operand size, memory 16 bits. */
    @FunctionalInterface
    interface Producer {
        long value(Cpu cpu, Op op);
    }

    private WordOps() {}

    /** An op that reads the word at operand {@code position}. */
    static Op read(Instruction instruction, BlockContext context, int position, Consumer consumer) {
        if (instruction.operand(position) instanceof Operand.Register register) {
            return new FromRegister(instruction, StateLayout.gpr(register.number()), consumer);
        }
        return new AddressOp(
                instruction, context, 2, false, (cpu, op, address) -> consumer.run(cpu, op, cpu.load16(op, address)));
    }

    /** An op that writes operand 0. */
    static Op write(Instruction instruction, BlockContext context, Producer producer) {
        if (instruction.operand(0) instanceof Operand.Register register) {
            int slot = StateLayout.gpr(register.number());
            int size = register.size();
            return new ActionOp(instruction, (cpu, op) -> cpu.setSized(slot, size, producer.value(cpu, op)));
        }
        return new AddressOp(instruction, context, 2, true, (cpu, op, address) ->
                cpu.store16(op, address, (int) producer.value(cpu, op)));
    }

    private static final class FromRegister extends Op {
        private final int slot;
        private final Consumer consumer;
        private final boolean privileged;

        FromRegister(Instruction instruction, int slot, Consumer consumer) {
            this.slot = slot;
            this.consumer = consumer;
            this.privileged = instruction.row().has(Attribute.PRIVILEGED);
        }

        @Override
        public Block run(Cpu cpu) {
            if (privileged) {
                ActionOp.requirePrivilege(cpu, this);
            }
            consumer.run(cpu, this, cpu.get16(slot) & 0xffff);
            return ActionOp.proceed(cpu, this);
        }
    }
}
