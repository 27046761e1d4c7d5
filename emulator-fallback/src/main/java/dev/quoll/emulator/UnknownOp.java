package dev.quoll.emulator;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.EmulationFailure;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.isa.Instruction;

/** An instruction that CPUID promises and no family executes: running it ends the machine with its name. */
final class UnknownOp extends Op {
    private final Instruction instruction;

    UnknownOp(Instruction instruction) {
        this.instruction = instruction;
    }

    @Override
    public Block run(Cpu cpu) {
        cpu.setRip(rip(cpu));
        throw new EmulationFailure("no implementation of the instruction %s (opcode table row %s)"
                .formatted(instruction, instruction.row().encoding()));
    }
}
