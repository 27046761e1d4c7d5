package dev.quoll.emulator.system;

import java.io.ByteArrayOutputStream;
import java.util.Random;

/**
 * A random program of 64-bit code: loops, calls, jumps over a few instructions, accesses near a page that may be missing, and
 * everything that passes flags from one instruction to a later one; integer code, or that and code for the other units. It ends with HLT, if no
 * fault comes before.
 */
final class TranslatedProgram {
    /** Points to data; the registers 0 to 15 but these three and RSP are the program's. */
    static final int DATA = 3;
    /** Points to the border of the page that may be missing. */
    static final int BORDER = 5;
    /** Counts the rounds of the loop. */
    static final int ROUNDS = 14;

    private static final int RSP = 4;
    private static final int RAX = 0;
    private static final int RCX = 1;
    private static final int RDX = 2;
    private static final int RSI = 6;
    private static final int RDI = 7;
    private static final int DEEPEST = 3;

    private final Random random;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final int pages;
    private final boolean units;
    private final UnitSteps unitSteps;

    /**
     * @param pages how many pages of code it may fill, so that branches cross their borders
     * @param units whether half of it are vector, x87 and MMX instructions
     */
    TranslatedProgram(Random random, int pages, boolean units) {
        this.random = random;
        this.pages = pages;
        this.units = units;
        unitSteps = new UnitSteps(random);
    }

    /** The bytes, to be placed at the start of a page. */
    byte[] bytes() {
        // mov r14d, rounds
        u8(0x41, 0xb8 | ROUNDS & 7);
        u32(1 + random.nextInt(40));
        int start = out.size();
        int length = 10 + random.nextInt(30);
        for (int i = 0; i < length; i++) {
            step(0);
            if (pages > 1 && random.nextInt(40) == 0) {
                farAway();
            }
        }
        // dec r14d; jnz start
        u8(0x41, 0xff, 0xc8 | ROUNDS & 7);
        int back = start - (out.size() + 6);
        u8(0x0f, 0x85);
        u32(back);
        u8(0xf4);
        return out.toByteArray();
    }

    private void u8(int... bytes) {
        for (int octet : bytes) {
            out.write(octet);
        }
    }

    private void u32(int value) {
        u8(value, value >>> 8, value >>> 16, value >>> 24);
    }

    /** jmp over half a page of INT3. */
    private void farAway() {
        int distance = 1000 + random.nextInt(3000);
        if (out.size() + distance > (pages - 1) * 4096) {
            return;
        }
        u8(0xe9);
        u32(distance);
        for (int i = 0; i < distance; i++) {
            u8(0xcc);
        }
    }

    /** A register that the program may change. */
    private int free() {
        for (; ; ) {
            int register = random.nextInt(16);
            if (register != DATA && register != BORDER && register != ROUNDS && register != RSP) {
                return register;
            }
        }
    }

    private int size() {
        return 1 << random.nextInt(4);
    }

    /** Prefixes, opcode and a ModRM that names two registers. The opcode's bit 0 says that it is not the byte form. */
    private void registers(int size, int map, int opcode, int reg, int rm) {
        prefixes(size, reg, 0, rm);
        map(map);
        u8(size == 1 ? opcode & ~1 : opcode, 0xc0 | (reg & 7) << 3 | rm & 7);
    }

    private void prefixes(int size, int reg, int index, int base) {
        if (size == 2) {
            u8(0x66);
        }
        // Always a REX: no AH to BH.
        u8(0x40 | (size == 8 ? 8 : 0) | reg >>> 3 << 2 | index >>> 3 << 1 | base >>> 3);
    }

    private void map(int map) {
        if (map == 0x0f) {
            u8(0x0f);
        }
    }

    /** As {@link #registers}, with memory in place of rm: data that is there, or the border. */
    private void memory(int size, int map, int opcode, int reg) {
        boolean border = random.nextInt(12) == 0;
        int base = border ? BORDER : DATA;
        int displacement = border ? random.nextInt(-4000, random.nextInt(30) == 0 ? 60 : -8) : random.nextInt(-512, 512);
        if (random.nextInt(4) == 0) {
            // A 32-bit address on the way: mov eax, [data]; and eax, 0x1f8; the operand is [base + rax * scale + displacement].
            int index = free();
            prefixes(4, index, 0, DATA);
            u8(0x8b, 0x40 | (index & 7) << 3 | DATA, random.nextInt(-128, 128));
            prefixes(4, 4, 0, index);
            u8(0x81, 0xe0 | index & 7);
            u32(0x1f8);
            prefixes(size, reg, index, base);
            map(map);
            u8(size == 1 ? opcode & ~1 : opcode, 0x84 | (reg & 7) << 3, random.nextInt(border ? 1 : 4) << 6 | (index & 7) << 3 | base & 7);
            u32(border ? displacement - 0x200 : displacement);
            return;
        }
        prefixes(size, reg, 0, base);
        map(map);
        u8(size == 1 ? opcode & ~1 : opcode, 0x80 | (reg & 7) << 3 | base & 7);
        u32(displacement);
    }

    private void operands(int size, int map, int opcode, int reg) {
        if (random.nextInt(3) == 0) {
            memory(size, map, opcode, reg);
        } else {
            registers(size, map, opcode, reg, free());
        }
    }

    /** One step: an instruction, or a small construction of several. */
    private void step(int depth) {
        if (units && random.nextBoolean()) {
            out.writeBytes(unitSteps.next(this::free));
            return;
        }
        int size = size();
        int wide = Math.max(size, 2);
        switch (random.nextInt(27)) {
            case 0, 1, 2, 3 -> operands(size, 0, random.nextInt(8) << 3 | 1 | random.nextInt(2) << 1, free());
            case 4, 5 -> {
                // Group 1 with a byte.
                operands(size, 0, 0x83, random.nextInt(8));
                u8(random.nextInt(256));
            }
            case 6 -> operands(size, 0, 0x85, free());
            case 7, 8 -> operands(size, 0, random.nextBoolean() ? 0x89 : 0x8b, free());
            case 9 -> operands(wide, 0x0f, (random.nextBoolean() ? 0xb6 : 0xbe) | random.nextInt(2), free());
            case 10 -> {
                operands(size, 0, 0xc1, random.nextInt(8) == 6 ? 4 : shift());
                u8(random.nextInt(70));
            }
            case 11 -> operands(size, 0, random.nextBoolean() ? 0xd3 : 0xd1, shift());
            case 12 -> operands(size, 0, 0xff, random.nextInt(2));
            case 13 -> operands(size, 0, 0xf7, 2 + random.nextInt(4));
            case 14 -> operands(wide, 0x0f, 0xaf, free());
            // With a size of 2 no bit of the opcode is taken for the byte form, and SETcc minds no size.
            case 15 -> operands(2, 0x0f, 0x90 | random.nextInt(16), 0);
            case 16 -> operands(wide, 0x0f, 0x40 | random.nextInt(16), free());
            case 17 -> registers(wide, 0x0f, 0xa3 | random.nextInt(4) << 3, free(), free());
            case 18 -> operands(wide, 0x0f, 0xbc | random.nextInt(2), free());
            case 19 -> divide(wide);
            case 20 -> {
                // push r or the flags; pop r
                int from = free();
                int to = free();
                if (random.nextInt(3) == 0) {
                    // cli; pushf
                    u8(random.nextInt(4) == 0 ? 0xfa : 0x90, 0x9c);
                } else {
                    u8(0x40 | from >>> 3, 0x50 | from & 7);
                }
                if (depth < DEEPEST) {
                    step(DEEPEST);
                }
                u8(0x40 | to >>> 3, 0x58 | to & 7);
            }
            case 21 -> {
                // lea
                int index = free();
                int to = free();
                prefixes(random.nextBoolean() ? 4 : 8, to, index, DATA);
                u8(0x8d, 0x44 | (to & 7) << 3, random.nextInt(4) << 6 | (index & 7) << 3 | DATA, random.nextInt(256));
            }
            case 22 -> over(depth);
            case 23 -> call(depth);
            case 24 -> operands(size, 0x0f, random.nextBoolean() ? 0xc1 : 0xb1, free());
            case 25 -> strings(size);
            default -> u8(random.nextBoolean() ? 0xf5 : 0xf8 | random.nextInt(2));
        }
    }

    /** REP MOVS or REP STOS of some elements, within a page or over its end, sometimes downwards. */
    private void strings(int size) {
        boolean down = random.nextInt(8) == 0;
        if (down) {
            u8(0xfd);
        }
        // mov ecx, count; lea rdi, [base + displacement]; lea rsi, [base + displacement]
        u8(0xb8 | RCX);
        u32(random.nextInt(random.nextInt(4) == 0 ? 600 : 40));
        for (int register = RSI; register <= RDI; register++) {
            boolean border = random.nextInt(12) == 0;
            u8(0x48, 0x8d, 0x80 | register << 3 | (border ? BORDER : DATA));
            u32(border ? random.nextInt(-1000, -600) : random.nextInt(-512, 512));
        }
        u8(0xf3);
        prefixes(size, 0, 0, 0);
        u8((random.nextBoolean() ? 0xa4 : 0xaa) | (size == 1 ? 0 : 1));
        if (down) {
            u8(0xfc);
        }
    }

    /** Not the second SHL, which the manual leaves out. */
    private int shift() {
        int operation = random.nextInt(7);
        return operation == 6 ? 7 : operation;
    }

    private void divide(int size) {
        if (random.nextInt(4) != 0) {
            // A dividend that fits: xor edx, edx
            u8(0x31, 0xc0 | RDX << 3 | RDX);
        }
        if (random.nextInt(8) != 0) {
            // or cl, 1
            u8(0x80, 0xc8 | RCX, 1);
        }
        registers(size, 0, 0xf7, 6 + random.nextInt(2), random.nextInt(8) == 0 ? RAX : RCX);
    }

    /** jcc over one to three steps. */
    private void over(int depth) {
        if (depth >= DEEPEST) {
            return;
        }
        u8(0x0f, 0x80 | random.nextInt(16));
        patched(depth);
    }

    /** call over it; ret. Sometimes through a register. */
    private void call(int depth) {
        if (depth >= DEEPEST) {
            return;
        }
        // call 1f; jmp 2f; 1: ...; ret; 2:
        u8(0xe8);
        u32(5);
        u8(0xe9);
        TranslatedProgram body = new TranslatedProgram(random, 1, units);
        body.step(depth + 1);
        body.step(depth + 1);
        body.u8(0xc3);
        byte[] code = body.out.toByteArray();
        u32(code.length);
        out.writeBytes(code);
    }

    private void patched(int depth) {
        TranslatedProgram body = new TranslatedProgram(random, 1, units);
        for (int i = random.nextInt(3); i >= 0; i--) {
            body.step(depth + 1);
        }
        byte[] code = body.out.toByteArray();
        u32(code.length);
        out.writeBytes(code);
    }
}
