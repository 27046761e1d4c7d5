package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;

/** A far transfer without a memory operand: the action finds RIP at the instruction and leaves it at the target. */
final class TransferOp extends Op {
    private final Action action;
    private final boolean privileged;

    TransferOp(Instruction instruction, Action action) {
        this.action = action;
        this.privileged = instruction.row().has(Attribute.PRIVILEGED);
    }

    @Override
    public Block run(Cpu cpu) {
        if (privileged) {
            ActionOp.requirePrivilege(cpu, this);
        }
        cpu.setRip(rip(cpu));
        action.run(cpu, this);
        return null;
    }
}
