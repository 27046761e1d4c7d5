package dev.quoll.emulator.isa;

/// The prefixes of an instruction as bits, as they were written and whether or not they have an effect.
final class Prefixes {
    static final int LOCK = 1;
    static final int REP = 1 << 1;
    static final int REPNE = 1 << 2;
    static final int OPERAND_SIZE = 1 << 3;
    static final int ADDRESS_SIZE = 1 << 4;
    static final int VEX = 1 << 5;
    static final int REX = 1 << 6;
    /// The last segment prefix: 0 for none, else 1 + the number of the segment register.
    static final int SEGMENT_SHIFT = 8;
    static final int SEGMENT_MASK = 7 << SEGMENT_SHIFT;
    /// The segment prefix that counts, coded likewise: in 64-bit code the last of FS and GS (SDM vol. 1, 3.4.2.1).
    static final int OVERRIDE_SHIFT = 16;
    static final int OVERRIDE_MASK = 7 << OVERRIDE_SHIFT;
    /// REX.WRXB, in VEX-coded instructions too.
    static final int REX_SHIFT = 12;
    static final int REX_B = 1 << REX_SHIFT;
    static final int REX_X = 2 << REX_SHIFT;
    static final int REX_R = 4 << REX_SHIFT;
    static final int REX_W = 8 << REX_SHIFT;
    static final int REX_MASK = 15 << REX_SHIFT;

    private Prefixes() {
    }
}
