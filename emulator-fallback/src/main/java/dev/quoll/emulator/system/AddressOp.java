package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.MemOp;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.ControlFlow;
import dev.quoll.emulator.isa.Instruction;

/** An instruction that does something with a memory operand. */
final class AddressOp extends MemOp {
    /** Gets the operand's linear address. */
    @FunctionalInterface
    interface AtAddress {
        void run(Cpu cpu, AddressOp op, long address);
    }

    private final AtAddress action;
    private final boolean privileged;
    private final boolean transfer;

    /** @param span bytes accessed, 0 for an address only; a far transfer (table) leaves RIP at its target */
    AddressOp(Instruction instruction, BlockContext context, int span, boolean write, AtAddress action) {
        super(context, instruction.memory(), span, write);
        this.action = action;
        this.privileged = instruction.row().has(Attribute.PRIVILEGED);
        this.transfer = instruction.row().flow() == ControlFlow.FAR;
    }

    /** Checks more of the operand than the span it was made with, or checks it for a write. */
    void checkMore(Cpu cpu, long address, int bytes, boolean write) {
        checkSpan(cpu, address, bytes, write);
    }

    @Override
    public Block run(Cpu cpu) {
        if (privileged) {
            ActionOp.requirePrivilege(cpu, this);
        }
        action.run(cpu, this, address(cpu));
        return transfer ? null : ActionOp.proceed(cpu, this);
    }
}
