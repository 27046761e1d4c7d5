package dev.quoll.emulator.translate.host;

/** How the bytes of one 64-bit instruction divide (SDM vol. 2, 2.1), as far as writing it anew needs to know. */
final class GuestEncoding {
    /** Opcode maps. */
    static final int ONE_BYTE = 0;

    static final int TWO_BYTE = 1;
    static final int MAP_0F38 = 2;
    static final int MAP_0F3A = 3;

    /** VEX.W in {@link #vexBits}. */
    static final int VEX_W = 0x80;

    boolean operandSize;
    boolean addressSize;
    boolean lock;
    /** The last of F2 and F3, or 0. */
    int repeat;
    boolean vex;
    int rex;
    /** VEX.W, L and pp in the places of the third byte of a VEX prefix. */
    int vexBits;

    int vvvv;
    int map;
    int opcode;
    boolean hasModrm;
    int modrm;
    int immediateStart;
    int immediateLength;

    /** @param withModrm whether the opcode has a ModRM byte */
    void parse(byte[] bytes, int start, int length, boolean withModrm) {
        int at = prefixes(bytes, start);
        int first = bytes[at] & 0xff;
        if (first == 0xc5 || first == 0xc4) {
            at = vex(bytes, at, first);
        } else {
            vex = false;
            rex = 0;
            if ((first & 0xf0) == 0x40) {
                rex = first;
                at++;
            }
            at = map(bytes, at);
        }
        opcode = bytes[at++] & 0xff;
        hasModrm = withModrm;
        if (withModrm) {
            modrm = bytes[at++] & 0xff;
            at += addressBytes(bytes, at);
        }
        immediateStart = at;
        immediateLength = start + length - at;
    }

    private int prefixes(byte[] bytes, int start) {
        operandSize = false;
        addressSize = false;
        lock = false;
        repeat = 0;
        int at = start;
        for (; ; at++) {
            switch (bytes[at] & 0xff) {
                case 0x66 -> operandSize = true;
                case 0x67 -> addressSize = true;
                case 0xf0 -> lock = true;
                case 0xf2, 0xf3 -> repeat = bytes[at] & 0xff;
                case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 -> { }
                default -> {
                    // A REX prefix that another prefix follows counts for nothing (SDM vol. 2, 2.2.1).
                    if ((bytes[at] & 0xf0) != 0x40 || !prefix(bytes[at + 1] & 0xff)) {
                        return at;
                    }
                }
            }
        }
    }

    private static boolean prefix(int value) {
        return switch (value) {
            case 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 -> true;
            default -> (value & 0xf0) == 0x40;
        };
    }

    private int vex(byte[] bytes, int start, int first) {
        vex = true;
        int second = bytes[start + 1] & 0xff;
        int r = (~second & 0x80) >>> 5;
        if (first == 0xc5) {
            rex = r;
            map = TWO_BYTE;
            vexBits = second & 7;
            vvvv = ~second >>> 3 & 15;
            return start + 2;
        }
        int third = bytes[start + 2] & 0xff;
        rex = (~second & 0xe0) >>> 5 & 7;
        map = second & 0x1f;
        vexBits = third & 0x87;
        vvvv = ~third >>> 3 & 15;
        return start + 3;
    }

    private int map(byte[] bytes, int start) {
        if (bytes[start] != 0x0f) {
            map = ONE_BYTE;
            return start;
        }
        switch (bytes[start + 1] & 0xff) {
            case 0x38 -> {
                map = MAP_0F38;
                return start + 2;
            }
            case 0x3a -> {
                map = MAP_0F3A;
                return start + 2;
            }
            default -> {
                map = TWO_BYTE;
                return start + 1;
            }
        }
    }

    /** Length of SIB and displacement. */
    private int addressBytes(byte[] bytes, int at) {
        int mod = modrm >>> 6;
        if (mod == 3) {
            return 0;
        }
        int rm = modrm & 7;
        int sib = rm == 4 ? 1 : 0;
        int base = sib == 1 ? bytes[at] & 7 : rm;
        return sib + (mod == 1 ? 1 : mod == 2 || base == 5 ? 4 : 0);
    }

    boolean memoryForm() {
        return hasModrm && modrm >>> 6 != 3;
    }

    /** ModRM.reg with its extension. */
    int reg() {
        return modrm >>> 3 & 7 | (rex & 4) << 1;
    }

    /** ModRM.rm with its extension, for the register form. */
    int rm() {
        return modrm & 7 | (rex & 1) << 3;
    }

    boolean wide() {
        return vex ? (vexBits & VEX_W) != 0 : (rex & 8) != 0;
    }
}
