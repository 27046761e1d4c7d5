package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Instruction;

/** An {@link Action} behind the privilege check of its opcode row; goes on with the next instruction. */
final class ActionOp extends Op {
    private final Action action;
    private final boolean privileged;

    ActionOp(Instruction instruction, Action action) {
        this.action = action;
        this.privileged = instruction.row().has(Attribute.PRIVILEGED);
    }

    @Override
    public Block run(Cpu cpu) {
        if (privileged) {
            requirePrivilege(cpu, this);
        }
        action.run(cpu, this);
        return proceed(cpu, this);
    }

    /** #GP(0) above CPL 0. Of rows that are privileged, code at CPL 3 never gets here: it is decoded to an op that raises. */
    static void requirePrivilege(Cpu cpu, Op op) {
        if (cpu.cpl != 0) {
            throw cpu.generalProtection(op, 0);
        }
    }

    /** To the next instruction of the block; where the opcode row ends the block, to a fresh lookup. */
    static Block proceed(Cpu cpu, Op op) {
        Op next = op.next;
        return next != null ? next.run(cpu) : cpu.leave(op.nextRip(cpu));
    }
}
