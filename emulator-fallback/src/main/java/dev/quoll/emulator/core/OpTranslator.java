package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Instruction;

/** Makes the executable op of a decoded instruction. */
public interface OpTranslator {
    /**
     * The op for an instruction in the given context; {@link Op#ip}, {@link Op#length} and {@link Op#next} are filled in
     * by the caller. An instruction whose {@code row().terminal()} is true gets an op that ends its block.
     */
    Op translate(Instruction instruction, BlockContext context);

    /**
     * One op for two neighbours, or null when they do not make a pair. {@code op} is what {@link #translate} made of the
     * second; it is placed already and may be made part of the pair.
     */
    default Op fuse(Instruction first, Instruction second, Op op, BlockContext context) {
        return null;
    }
}
