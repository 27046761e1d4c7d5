package dev.quoll.emulator.isa;

/// The encodings a row stands for: an opcode of a map, and the values some [Selector] fields must have.
///
/// @param map which opcode map
/// @param opcode last opcode byte, 0 to 255
/// @param mask the selector bits that matter
/// @param value their values
/// @param modrm whether a ModRM byte follows the opcode
record EncodingMatch(OpcodeMap map, int opcode, int mask, int value, boolean modrm) {

    boolean matches(int selector) {
        return (selector & mask) == value;
    }
}
