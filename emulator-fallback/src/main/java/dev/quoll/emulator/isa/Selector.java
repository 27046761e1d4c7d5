package dev.quoll.emulator.isa;

/// Everything beside map and opcode that can choose between rows, packed in one int.
final class Selector {
    /// Mandatory prefix: 0 none, 1 66, 2 F3, 3 F2; F3 and F2 win over 66.
    static final int PREFIX_MASK = 3;
    static final int MODE64 = 1 << 2;
    /// Operand size by prefixes and code size alone: 0 for 16, 1 for 32, 2 for 64 bits.
    static final int OPERAND_SIZE_SHIFT = 3;
    static final int OPERAND_SIZE_MASK = 3 << OPERAND_SIZE_SHIFT;
    static final int ADDRESS_SIZE_SHIFT = 5;
    static final int ADDRESS_SIZE_MASK = 3 << ADDRESS_SIZE_SHIFT;
    /// REX.W or VEX.W.
    static final int W = 1 << 7;
    /// VEX.L.
    static final int L = 1 << 8;
    /// ModRM.mod is 3.
    static final int REGISTER = 1 << 9;
    static final int REG_SHIFT = 10;
    static final int REG_MASK = 7 << REG_SHIFT;
    static final int RM_SHIFT = 13;
    static final int RM_MASK = 7 << RM_SHIFT;
    static final int REX_B = 1 << 16;

    private Selector() {
    }
}
