package dev.quoll.emulator.translate.host;

import java.util.Arrays;

/**
 * Writes x86-64 machine code (SDM vol. 2, chapter 2). Opcodes are given as their bytes, the last one lowest: {@code 0x8b},
 * {@code 0x0fb6}, {@code 0x0f38f0}. Sizes are in bytes.
 */
final class HostAssembler {
    /** Condition codes of Jcc and SETcc. */
    static final int OVERFLOW = 0;

    static final int BELOW = 2;
    static final int ABOVE_OR_EQUAL = 3;
    static final int EQUAL = 4;
    static final int NOT_EQUAL = 5;
    static final int BELOW_OR_EQUAL = 6;
    static final int ABOVE = 7;

    /** A place in the code, known or yet to come. */
    static final class Label {
        private int position = -1;
        private int[] uses = new int[2];
        private int useCount;

        boolean placed() {
            return position >= 0;
        }

        int position() {
            return position;
        }
    }

    private byte[] code = new byte[8192];
    private int at;

    /** Empties it. */
    void reset() {
        at = 0;
    }

    int position() {
        return at;
    }

    byte[] bytes() {
        return Arrays.copyOf(code, at);
    }

    void u8(int value) {
        if (at == code.length) {
            code = Arrays.copyOf(code, 2 * at);
        }
        code[at++] = (byte) value;
    }

    void u32(int value) {
        u8(value);
        u8(value >>> 8);
        u8(value >>> 16);
        u8(value >>> 24);
    }

    void u64(long value) {
        u32((int) value);
        u32((int) (value >>> 32));
    }

    void bytes(byte[] source, int start, int count) {
        for (int i = 0; i < count; i++) {
            u8(source[start + i]);
        }
    }

    // Labels; jumps to them have 32-bit displacements.

    void place(Label label) {
        label.position = at;
        for (int i = 0; i < label.useCount; i++) {
            patch(label.uses[i], at);
        }
    }

    private void patch(int use, int target) {
        int displacement = target - (use + 4);
        code[use] = (byte) displacement;
        code[use + 1] = (byte) (displacement >>> 8);
        code[use + 2] = (byte) (displacement >>> 16);
        code[use + 3] = (byte) (displacement >>> 24);
    }

    private void target(Label label) {
        int use = at;
        u32(0);
        if (label.placed()) {
            patch(use, label.position);
        } else {
            if (label.useCount == label.uses.length) {
                label.uses = Arrays.copyOf(label.uses, 2 * label.useCount);
            }
            label.uses[label.useCount++] = use;
        }
    }

    void jump(Label label) {
        u8(0xe9);
        target(label);
    }

    void jump(int condition, Label label) {
        u8(0x0f);
        u8(0x80 | condition);
        target(label);
    }

    // Instructions with ModRM.

    private void opcode(int opcode) {
        if (opcode > 0xffff) {
            u8(opcode >>> 16);
        }
        if (opcode > 0xff) {
            u8(opcode >>> 8);
        }
        u8(opcode);
    }

    /**
     * REX as it is needed.
     *
     * @param byteRegisters registers that are used as bytes: SPL to DIL want a REX
     */
    void rex(int size, int reg, int index, int base, int byteRegisters) {
        int bits = (size == 8 ? 8 : 0) | (reg >>> 3 & 1) << 2 | (index >>> 3 & 1) << 1 | base >>> 3 & 1;
        boolean forBytes = (byteRegisters & 1) != 0 && reg >= 4 || (byteRegisters & 2) != 0 && base >= 4;
        if (bits != 0 || forBytes) {
            u8(0x40 | bits);
        }
    }

    /**
     * The three-byte VEX prefix (SDM vol. 2, 2.3.5) of an instruction without index register.
     *
     * @param map number of the opcode map
     * @param bits W, L and pp where they are in the third byte
     */
    void vex(int reg, int rm, int vvvv, int map, int bits) {
        u8(0xc4);
        u8((reg < 8 ? 0x80 : 0) | 0x40 | (rm < 8 ? 0x20 : 0) | map);
        u8(bits | (~vvvv & 15) << 3);
    }

    void modrmRegister(int reg, int rm) {
        u8(0xc0 | (reg & 7) << 3 | rm & 7);
    }

    /** ModRM and what follows for [base + displacement]. */
    void modrmMemory(int reg, int base, int displacement) {
        boolean needsSib = (base & 7) == RSP_CODE;
        if (displacement == 0 && (base & 7) != RBP_CODE) {
            u8((reg & 7) << 3 | base & 7);
            sib(needsSib);
        } else if (displacement == (byte) displacement) {
            u8(0x40 | (reg & 7) << 3 | base & 7);
            sib(needsSib);
            u8(displacement);
        } else {
            u8(0x80 | (reg & 7) << 3 | base & 7);
            sib(needsSib);
            u32(displacement);
        }
    }

    private static final int RSP_CODE = 4;
    private static final int RBP_CODE = 5;

    private void sib(boolean needed) {
        if (needed) {
            u8(0x24);
        }
    }

    /** reg, rm with a register for rm. */
    void rr(int size, int opcode, int reg, int rm) {
        if (size == 2) {
            u8(0x66);
        }
        rex(size, reg, 0, rm, size == 1 ? 3 : 0);
        opcode(opcode);
        modrmRegister(reg, rm);
    }

    /** reg, [base + displacement]. */
    void rm(int size, int opcode, int reg, int base, int displacement) {
        if (size == 2) {
            u8(0x66);
        }
        rex(size, reg, 0, base, size == 1 ? 1 : 0);
        opcode(opcode);
        modrmMemory(reg, base, displacement);
    }

    /** reg, [base + index << scale + displacement]; the index is not RSP. A base of -1 is none. */
    void rmIndexed(int size, int opcode, int reg, int base, int index, int scale, int displacement) {
        rex(size, reg, index, Math.max(base, 0), 0);
        opcode(opcode);
        if (base < 0) {
            u8((reg & 7) << 3 | RSP_CODE);
            u8(scale << 6 | (index & 7) << 3 | RBP_CODE);
            u32(displacement);
            return;
        }
        u8(0x80 | (reg & 7) << 3 | RSP_CODE);
        u8(scale << 6 | (index & 7) << 3 | base & 7);
        u32(displacement);
    }

    // The few instructions that the translator writes by itself.

    void move(int size, int to, int from) {
        rr(size, 0x8b, to, from);
    }

    void load(int size, int to, int base, int displacement) {
        rm(size, size == 1 ? 0x8a : 0x8b, to, base, displacement);
    }

    void store(int size, int base, int displacement, int from) {
        rm(size, size == 1 ? 0x88 : 0x89, from, base, displacement);
    }

    /** Stores a constant of 4 bytes, or of 8 when it is sign-extended from 4. */
    void storeImmediate(int size, int base, int displacement, int value) {
        rm(size, 0xc7, 0, base, displacement);
        u32(value);
    }

    void storeByte(int base, int displacement, int value) {
        rm(4, 0xc6, 0, base, displacement);
        u8(value);
    }

    /** Loads a constant. */
    void moveImmediate(int to, long value) {
        if (value == (value & 0xffffffffL)) {
            rex(4, 0, 0, to, 0);
            u8(0xb8 | to & 7);
            u32((int) value);
        } else if (value == (int) value) {
            rr(8, 0xc7, 0, to);
            u32((int) value);
        } else {
            rex(8, 0, 0, to, 0);
            u8(0xb8 | to & 7);
            u64(value);
        }
    }

    void lea(int to, int base, int displacement) {
        rm(8, 0x8d, to, base, displacement);
    }

    /** One of the eight of group 1 with an immediate: 0 ADD, 1 OR, 4 AND, 5 SUB, 7 CMP. */
    void arithmetic(int size, int operation, int register, int value) {
        if (value == (byte) value) {
            rr(size, 0x83, operation, register);
            u8(value);
        } else {
            rr(size, 0x81, operation, register);
            u32(value);
        }
    }

    /** JMP to the address in a quadword of memory. */
    void jumpIndirect(int base, int displacement) {
        rm(4, 0xff, 4, base, displacement);
    }

    /** A sign-extending move of a register of 1, 2, 4 or 8 bytes to 8. */
    void signExtend(int to, int from, int size) {
        switch (size) {
            case 1 -> {
                rex(8, to, 0, from, 2);
                opcode(0x0fbe);
                modrmRegister(to, from);
            }
            case 2 -> rr(8, 0x0fbf, to, from);
            case 4 -> rr(8, 0x63, to, from);
            default -> move(8, to, from);
        }
    }
}
