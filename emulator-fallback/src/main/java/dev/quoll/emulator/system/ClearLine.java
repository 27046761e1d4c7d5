package dev.quoll.emulator.system;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.SimpleMemOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;

/**
 * CLZERO: clears the cache line that DS:rAX lies in (APM vol. 3, CLZERO). Alignment is nothing to check, and any prefix but
 * LOCK is allowed, as AMD's processors have it.
 */
final class ClearLine extends SimpleMemOp {
    /** What CPUID leaf 1 gives as the line's size (CLFLUSH). */
    private static final int LINE = 64;

    private static final int RAX = 0;

    ClearLine(Instruction instruction, BlockContext context) {
        super(
                context,
                new Operand.Memory(
                        instruction.dataSegment(),
                        false,
                        RAX,
                        Operand.Memory.NONE,
                        0,
                        0,
                        1,
                        instruction.addressSize()),
                true);
    }

    @Override
    public void execute(Cpu cpu) {
        long va = address(cpu);
        long line = va & -LINE;
        if (checksLimit()) {
            // All of the line has to lie in the segment, wherever the segment begins.
            partAddress(cpu, (int) (line - va), LINE);
        }
        cpu.checkCanonical(this, line, LINE);
        cpu.probeWrite(this, line, LINE);
        for (int i = 0; i < LINE; i += 8) {
            cpu.store64(this, line + i, 0);
        }
    }
}
