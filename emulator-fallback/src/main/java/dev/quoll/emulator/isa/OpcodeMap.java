package dev.quoll.emulator.isa;

/// The opcode maps (SDM vol. 2, 2.1.2 and 2.3.6).
enum OpcodeMap {
    ONE_BYTE,
    TWO_BYTE,
    MAP_0F38,
    MAP_0F3A,
    VEX_0F,
    VEX_0F38,
    VEX_0F3A;

    private static final OpcodeMap[] ALL = values();

    static OpcodeMap of(int ordinal) {
        return ALL[ordinal];
    }

    boolean vex() {
        return ordinal() >= VEX_0F.ordinal();
    }
}
