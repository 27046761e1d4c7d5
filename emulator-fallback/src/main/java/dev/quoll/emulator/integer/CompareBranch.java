package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Operand;

/** The face of {@link ComparePair}'s specialisations. */
abstract class CompareBranch extends TemplateOp {
    /** The branch of the pair, placed at its own address. */
    DirectBranch branch;

    CompareBranch() {}

    CompareBranch(BlockContext context, Operand.Memory memory) {
        super(context, memory, false);
    }

    final void setBranch(DirectBranch direct) {
        branch = direct;
    }
}
