package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;

/**
 * The two ways out of a direct near branch. A target in the same physical page is remembered as a link to its block;
 * others go through the jump cache.
 */
abstract class DirectBranch extends TemplateOp {
    private final long displacement;
    final int operandSize;
    /** Offset of the target in this page, or -1 when it lies elsewhere. */
    private int target = -1;

    /** Links once they are known; null before. */
    Block taken;

    Block fallThrough;

    DirectBranch() {
        displacement = 0;
        operandSize = 0;
    }

    DirectBranch(Instruction instruction) {
        displacement = ((Operand.Relative) instruction.operand(0)).displacement();
        operandSize = instruction.operandSize();
    }

    @Override
    protected final void placed() {
        long offset = ip + length + displacement;
        // A 16-bit operand size cuts IP to 16 bits: left to the general path.
        if (offset >= 0 && offset < 4096 && operandSize != 2) {
            target = (int) offset;
        }
    }

    /** Whether the target lies in this page and the branch cannot fault. */
    final boolean inPage(Cpu cpu) {
        return target >= 0 && cpu.unlimitedCode();
    }

    final Block take(Cpu cpu) {
        if (inPage(cpu)) {
            return taken = cpu.blockInPage(target);
        }
        long rip = targetRip(cpu);
        cpu.checkTarget(this, rip);
        return cpu.jump(rip);
    }

    final Block fall(Cpu cpu) {
        return fallThrough = cpu.blockInPage(ip + length);
    }

    final long targetRip(Cpu cpu) {
        long rip = nextRip(cpu) + displacement;
        return operandSize == 2 ? rip & 0xffff : operandSize == 4 ? rip & 0xffffffffL : rip;
    }
}
