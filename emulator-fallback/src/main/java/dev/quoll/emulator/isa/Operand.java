package dev.quoll.emulator.isa;

/// An operand of a decoded instruction, with everything the encoding says resolved.
///
/// Implicit operands that the assembler syntax names (AL, CL, DX, the constant 1, the memory operands of string
/// instructions) are operands too.
public sealed interface Operand {

    /// A register.
    ///
    /// @param number its number within the class
    /// @param size bytes of it that are accessed; for [RegisterClass#XMM] always the whole register, 16 or 32
    record Register(RegisterClass cls, int number, int size) implements Operand {
    }

    /// A memory operand. Its offset is base + (index << scaleShift) + displacement, wrapped to the address size.
    ///
    /// @param segment effective segment; in 64-bit code only FS and GS are ever an override
    /// @param overridden whether a prefix chose the segment
    /// @param base general register number, [#NONE], or [#RIP] for the address of the next instruction
    /// @param index general register number or [#NONE]; a vector register number in a gather
    /// @param scaleShift 0 to 3
    /// @param displacement sign-extended; an absolute offset (MOV AL,Ob) is zero-extended
    /// @param size bytes accessed, or 0 where the instruction defines no single size (LEA, FXSAVE, INVLPG)
    /// @param addressSize 2, 4 or 8 bytes
    record Memory(
            Segment segment,
            boolean overridden,
            int base,
            int index,
            int scaleShift,
            long displacement,
            int size,
            int addressSize)
            implements Operand {
        public static final int NONE = -1;
        public static final int RIP = 16;
    }

    /// An immediate.
    ///
    /// @param value sign-extended to 64 bits, except that the immediates Ib and Iw of the opcode map (shift counts, port
    ///     and vector numbers, selectors of a shuffle, byte-sized arithmetic) are zero-extended
    /// @param size bytes of the value the instruction uses: the operand size for a sign-extended byte
    record Immediate(long value, int size) implements Operand {
    }

    /// A branch target relative to the next instruction. The new RIP is wrapped to the instruction's operand size.
    record Relative(long displacement) implements Operand {
    }

    /// A direct far pointer.
    record FarPointer(int selector, long offset) implements Operand {
    }
}
