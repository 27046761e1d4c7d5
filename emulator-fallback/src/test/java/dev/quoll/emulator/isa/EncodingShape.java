package dev.quoll.emulator.isa;

import java.util.List;

/// What a string of bytes starts with, as text for patterns: legacy prefixes that matter, REX, opcode, ModRM.reg and whether
/// ModRM names memory. `LOCK F2 REX 0F 2B /3 mem`, or `66 VEX.m1.p1.W0.L1 58 /0 reg` with a prefix too many.
final class EncodingShape {
    private static final List<Integer> SEGMENTS = List.of(0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65);

    private EncodingShape() {
    }

    static String of(byte[] code, CodeSize mode) {
        boolean lock = false;
        boolean size = false;
        int repeat = 0;
        boolean rex = false;
        int at = 0;
        for (; at < code.length - 8; at++) {
            int b = code[at] & 0xff;
            if (mode == CodeSize.BITS64 && (b & 0xf0) == 0x40) {
                rex = true;
                continue;
            }
            if (b != 0x66 && b != 0x67 && b != 0xf0 && (b & 0xfe) != 0xf2 && !SEGMENTS.contains(b)) {
                break;
            }
            rex = false;
            lock |= b == 0xf0;
            size |= b == 0x66;
            repeat = (b & 0xfe) == 0xf2 ? b : repeat;
        }
        StringBuilder shape = new StringBuilder();
        shape.append(lock ? "LOCK " : "").append(size ? "66 " : "");
        shape.append(repeat == 0 ? "" : repeat == 0xf2 ? "F2 " : "F3 ").append(rex ? "REX " : "");
        int first = code[at] & 0xff;
        boolean register = (code[at + 1] & 0xc0) == 0xc0;
        if ((first == 0xc4 || first == 0xc5) && (mode == CodeSize.BITS64 || register)) {
            int last = code[first == 0xc4 ? at + 2 : at + 1];
            int map = first == 0xc4 ? code[at + 1] & 31 : 1;
            int w = first == 0xc4 ? last >> 7 & 1 : 0;
            shape.append("VEX.m%d.p%d.W%d.L%d%s ".formatted(
                    map, last & 3, w, last >> 2 & 1, (last >> 3 & 15) == 15 ? "" : ".v"));
            at += first == 0xc4 ? 3 : 2;
        } else if (first == 0x62 && (mode == CodeSize.BITS64 || register)) {
            return shape + "EVEX";
        } else if (first == 0x8f && (code[at + 1] & 0x38) != 0) {
            return shape + "XOP";
        } else if (first == 0x0f) {
            shape.append("0F ");
            at++;
            if (code[at] == 0x38 || code[at] == 0x3a) {
                shape.append("%02X ".formatted(code[at]));
                at++;
            }
        }
        int modrm = code[at + 1];
        return shape.append("%02X /%d %s".formatted(code[at], modrm >> 3 & 7, (modrm & 0xc0) == 0xc0 ? "reg" : "mem")).toString();
    }
}
