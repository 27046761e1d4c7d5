package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Instruction;

/** The ops of one group of mnemonics. */
@FunctionalInterface
public interface OpFamily {
    /** The op, as in {@link OpTranslator}, or null when the mnemonic belongs to another family. */
    Op translate(Instruction instruction, BlockContext context);
}
