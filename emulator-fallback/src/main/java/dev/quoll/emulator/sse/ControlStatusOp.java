package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.SimpleMemOp;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.isa.Instruction;

/** LDMXCSR and STMXCSR. */
final class ControlStatusOp extends SimpleMemOp {
    private final boolean load;

    ControlStatusOp(Instruction instruction, BlockContext context, boolean load) {
        super(context, instruction.memory(), !load);
        this.load = load;
    }

    @Override
    public void execute(Cpu cpu) {
        long va = address(cpu);
        if (!load) {
            cpu.store32(this, va, cpu.get32(StateLayout.MXCSR));
            return;
        }
        int value = cpu.load32(this, va);
        if ((value & ~Mxcsr.WRITABLE) != 0) {
            throw cpu.generalProtection(this, 0);
        }
        cpu.put32(StateLayout.MXCSR, value);
    }
}
