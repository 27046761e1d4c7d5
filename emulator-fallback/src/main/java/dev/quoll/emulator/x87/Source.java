package dev.quoll.emulator.x87;

import dev.quoll.emulator.fpu.Float80Convert;
import dev.quoll.emulator.fpu.X87Operation;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;

/** The formats of an x87 operand, as numbers for op templates. */
final class Source {
    static final int REGISTER = 0;
    static final int SINGLE = 1;
    static final int DOUBLE = 2;
    static final int EXTENDED = 3;
    static final int INTEGER16 = 4;
    static final int INTEGER32 = 5;
    static final int INTEGER64 = 6;
    static final int BCD = 7;
    /** FTST: no operand but +0.0. */
    static final int ZERO = 8;

    private Source() {}

    /** The floating-point format of the memory operand, {@link #REGISTER} when there is none. */
    static int real(Instruction instruction) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? REGISTER : memory.size() == 4 ? SINGLE : memory.size() == 8 ? DOUBLE : EXTENDED;
    }

    /** The integer format of the memory operand. */
    static int integer(Instruction instruction) {
        int size = instruction.memory().size();
        return size == 2 ? INTEGER16 : size == 4 ? INTEGER32 : INTEGER64;
    }

    static boolean isInteger(int format) {
        return format >= INTEGER16 && format <= INTEGER64;
    }

    /** Bytes in memory of a format that fits 8. */
    static int bytes(int format) {
        return switch (format) {
            case INTEGER16 -> 2;
            case SINGLE, INTEGER32 -> 4;
            default -> 8;
        };
    }

    /** The result is a loaded operand in extended format; its exceptions come with the operation that follows. */
    static void convert(int format, long bits, X87Operation operation) {
        switch (format) {
            case SINGLE -> Float80Convert.operandFromSingle((int) bits, operation);
            case DOUBLE -> Float80Convert.operandFromDouble(bits, operation);
            default -> Float80Convert.fromLong(bits, operation);
        }
    }
}
