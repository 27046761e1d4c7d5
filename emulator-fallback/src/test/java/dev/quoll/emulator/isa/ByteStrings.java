package dev.quoll.emulator.isa;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Strings of 15 bytes that meet every opcode map and prefix often.
final class ByteStrings {
    private static final int[] PREFIXES = {0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x64, 0x65, 0x26, 0x3e};
    private static final int[] MANDATORY = {0, 0x66, 0xf3, 0xf2};

    private final CodeSize mode;
    private final Random random;

    ByteStrings(CodeSize mode, Random random) {
        this.mode = mode;
        this.random = random;
    }

    byte[][] random(int count) {
        byte[][] strings = new byte[count][];
        for (int i = 0; i < count; i++) {
            strings[i] = next();
        }
        return strings;
    }

    private byte[] next() {
        byte[] code = new byte[Decoder.MAX_LENGTH];
        random.nextBytes(code);
        int kind = random.nextInt(16);
        if (kind == 0) {
            return code;
        }
        boolean legacy = kind < 9;
        int at = 0;
        // Before VEX and its like most prefixes are errors.
        int prefixes = !legacy && random.nextInt(4) != 0 ? 0 : random.nextInt(random.nextInt(3) == 0 ? 6 : 2);
        for (int i = 0; i < prefixes; i++) {
            code[at++] = (byte) PREFIXES[random.nextInt(PREFIXES.length)];
        }
        // Outside 64-bit code these are BOUND, LDS, LES and POP unless ModRM.mod says register.
        int register = mode == CodeSize.BITS64 ? 0 : 0xc0;
        if (legacy) {
            if (mode == CodeSize.BITS64 && random.nextBoolean()) {
                code[at++] = (byte) (0x40 + random.nextInt(16));
            }
            escape(code, at, random.nextInt(4));
        } else if (kind < 13) {
            code[at++] = (byte) 0xc4;
            int map = random.nextInt(8) == 0 ? random.nextInt(32) : 1 + random.nextInt(3);
            code[at++] = (byte) (random.nextInt(8) << 5 | map | register);
            code[at] |= (byte) (random.nextBoolean() ? 15 << 3 : 0);
        } else if (kind < 14) {
            code[at++] = (byte) 0xc5;
            code[at] |= (byte) (register | (random.nextBoolean() ? 15 << 3 : 0));
        } else if (kind < 15) {
            code[at++] = 0x62;
            code[at] |= (byte) register;
        } else {
            code[at++] = (byte) 0x8f;
            code[at] = (byte) (random.nextInt(8) << 5 | 8 + random.nextInt(3));
        }
        return code;
    }

    private static int escape(byte[] code, int offset, int map) {
        int at = offset;
        if (map > 0) {
            code[at++] = 0x0f;
        }
        if (map > 1) {
            code[at++] = (byte) (map == 2 ? 0x38 : 0x3a);
        }
        return at;
    }

    /// An opcode in every map with every mandatory prefix, W, L and ModRM byte without displacement, and all of that again with
    /// LOCK; what follows is random.
    byte[][] of(int opcode) {
        List<byte[]> strings = new ArrayList<>();
        int widths = mode == CodeSize.BITS64 ? 2 : 1;
        for (int map = 0; map < 4; map++) {
            for (int i = 0; i < 128; i++) {
                int modrm = i < 64 ? i : i + 128;
                for (int w = 0; w < widths; w++) {
                    for (int prefix : MANDATORY) {
                        strings.add(legacy(prefix, w, map, opcode, modrm));
                    }
                    strings.add(legacy(0xf0, w, map, opcode, modrm));
                }
                for (int wlpp = 0; map > 0 && wlpp < 16; wlpp++) {
                    strings.add(vex(wlpp, map, opcode, modrm));
                }
            }
        }
        return strings.toArray(new byte[0][]);
    }

    private byte[] legacy(int prefix, int w, int map, int opcode, int modrm) {
        byte[] code = new byte[Decoder.MAX_LENGTH];
        random.nextBytes(code);
        int at = 0;
        if (prefix != 0) {
            code[at++] = (byte) prefix;
        }
        if (w != 0) {
            code[at++] = 0x48;
        }
        at = escape(code, at, map);
        code[at++] = (byte) opcode;
        code[at] = (byte) modrm;
        return code;
    }

    private byte[] vex(int wlpp, int map, int opcode, int modrm) {
        byte[] code = new byte[Decoder.MAX_LENGTH];
        random.nextBytes(code);
        int vvvv = random.nextInt(4) == 0 ? random.nextInt(16) : 15;
        code[0] = (byte) 0xc4;
        code[1] = (byte) (0xe0 | map);
        code[2] = (byte) ((wlpp & 8) << 4 | vvvv << 3 | wlpp & 7);
        code[3] = (byte) opcode;
        code[4] = (byte) modrm;
        return code;
    }
}
