package dev.quoll.emulator.oracle;

import dev.quoll.emulator.isa.Repeat;

/**
 * How an instance of an opcode row shall look.
 *
 * @param operandSize 2, 4 or 8 bytes
 * @param addressSize 4 or 8 bytes
 * @param memory whether an operand that may be a register or memory shall be memory
 */
public record Form(int operandSize, int addressSize, boolean memory, boolean lock, Repeat repeat) {
    public static Form of(int operandSize, boolean memory) {
        return new Form(operandSize, 8, memory, false, Repeat.NONE);
    }

    public Form locked() {
        return new Form(operandSize, addressSize, memory, true, repeat);
    }

    public Form repeated(Repeat repeat, int addressSize) {
        return new Form(operandSize, addressSize, memory, lock, repeat);
    }
}
