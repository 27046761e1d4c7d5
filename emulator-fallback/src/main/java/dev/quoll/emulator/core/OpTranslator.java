package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Instruction;

/** Makes the executable op of a decoded instruction. */
@FunctionalInterface
public interface OpTranslator {
    /**
     * The op for an instruction in the given context; {@link Op#ip}, {@link Op#length} and {@link Op#next} are filled in
     * by the caller. An instruction whose {@code row().terminal()} is true gets an op that ends its block.
     */
    Op translate(Instruction instruction, BlockContext context);
}
