package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.IST_STACK;
import static dev.quoll.emulator.system.SystemMachine.KERNEL_STACK;
import static dev.quoll.emulator.system.SystemMachine.PAGE;
import static dev.quoll.emulator.system.SystemMachine.TABLES;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Canonical and wrapping addresses, #SS against #GP, and accesses over a page's border. */
class LinearAddressTest {
    private static final long HOLE = 1L << 47;
    /** A segment's base near 4 GiB: linear addresses wrap there, offsets do not. */
    private static final long HIGH_BASE = 0xffff_0000L;
    private static final int STACK_FAULT = 12;
    private static final int GENERAL_PROTECTION = 13;
    private static final int PAGE_FAULT = 14;
    /** Opcodes of ModRM.reg = 0 with a qword in memory: load, store, read-modify-write, lea (which never faults). */
    private static final int[] OPCODES = {0x8b, 0x89, 0x01, 0x8d};

    private static SystemMachine machine() {
        SystemMachine m = SystemMachine.longMode(0);
        for (int vector : new int[] {STACK_FAULT, GENERAL_PROTECTION, PAGE_FAULT}) {
            m.longGate(vector, 0x8e, 1);
        }
        return m;
    }

    /** Steps the instruction at TEXT; the vector it raised, or 0. */
    private static int step(SystemMachine m, int... code) {
        m.setRip(TEXT);
        m.code(code).step();
        long handler = m.rip() - HANDLERS;
        if (handler < 0 || handler >= 0x1000) {
            return 0;
        }
        int vector = (int) handler / 16;
        long frame = (IST_STACK & -16) - 48;
        assertThat(m.rsp()).isEqualTo(frame);
        assertThat(m.memory.readLong(frame + 8)).as("RIP of the fault").isEqualTo(TEXT);
        if (vector != PAGE_FAULT) {
            assertThat(m.memory.readLong(frame)).as("error code").isZero();
        }
        return vector;
    }

    @Test
    void everyAddressingFormInTheHole() {
        int[] prefixes = {0, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
        try (SystemMachine m = machine()) {
            for (int base = 0; base < 17; base++) {
                for (int index : new int[] {4, 0, 5, 13}) {
                    for (int prefix : prefixes) {
                        for (int opcode : OPCODES) {
                            if (base == 16 && index == 4) {
                                continue;
                            }
                            for (int i = 0; i < 16; i++) {
                                m.set64(StateLayout.gpr(i), 0);
                            }
                            m.set64(StateLayout.gpr(base == 16 ? index : base), HOLE);
                            // In 64-bit code only FS and GS override: the others are as if they were not there.
                            boolean stack = (base == 4 || base == 5) && prefix < 0x64;
                            int expected = opcode == 0x8d ? 0 : stack ? STACK_FAULT : GENERAL_PROTECTION;
                            assertThat(step(m, form(prefix, opcode, base, index)))
                                    .as("prefix %x opcode %x base %d index %d", prefix, opcode, base, index)
                                    .isEqualTo(expected);
                        }
                    }
                }
            }
        }
    }

    /** [base + index + 16], index 4 for none; base 16 for none. */
    private static int[] form(int prefix, int opcode, int base, int index) {
        int rex = 0x48 | (base < 16 ? base >> 3 : 0) | index >> 3 << 1;
        int[] code = {
            prefix, rex, opcode, base == 16 ? 0x04 : 0x84, (index & 7) << 3 | (base == 16 ? 5 : base & 7), 16, 0, 0, 0
        };
        return prefix == 0 ? Arrays.copyOfRange(code, 1, code.length) : code;
    }

    @Test
    void stackInstructionsAndStrings() {
        List<int[]> stack = List.of(
                new int[] {0x50},
                new int[] {0x58},
                new int[] {0x6a, 1},
                new int[] {0x66, 0x50},
                new int[] {0x9c},
                new int[] {0x9d},
                new int[] {0xe8, 0, 0, 0, 0},
                new int[] {0xff, 0xd0},
                new int[] {0xc3},
                new int[] {0xc2, 8, 0},
                new int[] {0x48, 0xcf},
                new int[] {0x48, 0xcb},
                new int[] {0xc8, 0, 0, 0},
                new int[] {0xc8, 0, 0, 2},
                new int[] {0xc9},
                new int[] {0x0f, 0xa0},
                new int[] {0x0f, 0xa1},
                new int[] {0xff, 0x34, 0x25, 0, 0, 4, 0},
                new int[] {0x8f, 0x04, 0x25, 0, 0, 4, 0});
        List<int[]> strings = List.of(
                new int[] {0xa4},
                new int[] {0x48, 0xa5},
                new int[] {0xaa},
                new int[] {0xac},
                new int[] {0xa6},
                new int[] {0xae},
                new int[] {0xd7},
                new int[] {0xa1, 0, 0, 0, 0, 0, 0x80, 0, 0});
        for (long address : new long[] {HOLE, -HOLE - 1, HOLE + 0x1000, Long.MIN_VALUE, Long.MAX_VALUE}) {
            try (SystemMachine m = machine()) {
                for (int[] code : stack) {
                    registers(m, address);
                    assertThat(step(m, code)).as("%s at %x", hex(code), address).isEqualTo(STACK_FAULT);
                }
                for (int[] code : strings) {
                    registers(m, address);
                    assertThat(step(m, code)).as("%s at %x", hex(code), address).isEqualTo(GENERAL_PROTECTION);
                }
            }
        }
    }

    private static void registers(SystemMachine m, long address) {
        m.set64(StateLayout.RAX, TEXT);
        // Room on both sides: what is pushed or popped is in the hole as well.
        long inside = address + (address == HOLE ? 0x100 : address == -HOLE - 1 ? -0x100 : 0);
        for (int slot : new int[] {
            StateLayout.RSP, StateLayout.RBP, StateLayout.RSI, StateLayout.RDI, StateLayout.RBX
        }) {
            m.set64(slot, inside);
        }
    }

    private static String hex(int[] code) {
        StringBuilder text = new StringBuilder();
        IntStream.of(code).forEach(each -> text.append("%02x".formatted(each)));
        return text.toString();
    }

    @Test
    void theHolesBorders() {
        try (SystemMachine m = machine()) {
            // mov rax,[rbx]: nothing is mapped there, so what is canonical is a page fault.
            int[] load = {0x48, 0x8b, 0x03};
            for (int distance = -16; distance <= 16; distance++) {
                m.set64(StateLayout.RBX, HOLE + distance);
                assertThat(step(m, load)).isEqualTo(distance <= -8 ? PAGE_FAULT : GENERAL_PROTECTION);
                m.set64(StateLayout.RBX, -HOLE + distance);
                assertThat(step(m, load)).isEqualTo(distance >= 0 ? PAGE_FAULT : GENERAL_PROTECTION);
            }
        }
    }

    @Test
    void fiveLevelsMoveTheBorders() {
        try (SystemMachine m = machine()) {
            m.memory.writeLong(TABLES + 0x4000, TABLES | 7);
            m.cr3 = TABLES + 0x4000;
            m.cr4 |= ControlBits.CR4_LA57;
            m.flushAll();
            m.updateMode();
            int[] load = {0x48, 0x8b, 0x03};
            m.set64(StateLayout.RBX, HOLE);
            assertThat(step(m, load)).isEqualTo(PAGE_FAULT);
            assertThat(m.cr2).isEqualTo(HOLE);
            m.set64(StateLayout.RBX, 1L << 56);
            assertThat(step(m, load)).isEqualTo(GENERAL_PROTECTION);
            m.set64(StateLayout.RBX, (1L << 56) - 8);
            assertThat(step(m, load)).isEqualTo(PAGE_FAULT);
            m.set64(StateLayout.RBX, -(1L << 56));
            assertThat(step(m, load)).isEqualTo(PAGE_FAULT);
            m.set64(StateLayout.RBX, PAGE);
            assertThat(step(m, load)).isZero();
            // jmp rbx: a target that four levels do not have.
            m.set64(StateLayout.RBX, HOLE);
            m.setRip(TEXT);
            m.code(0xff, 0xe3).step();
            assertThat(m.rip()).isEqualTo(HOLE);
        }
    }

    /** Accesses of every size at every distance from the border, with either page or both missing or read-only. */
    @Test
    void overTwoPages() {
        long second = PAGE + 0x1000;
        long secondFrame = PAGE + 0x5000;
        try (SystemMachine m = machine()) {
            m.set64(StateLayout.RSP, KERNEL_STACK);
            for (int state = 0; state < 9; state++) {
                int first = state % 3;
                int last = state / 3;
                m.pageEntry(entry(PAGE, first));
                m.memory.writeLong(TABLES + 0x3000 + 8, entry(secondFrame, last));
                m.flushAll();
                for (int size = 2; size <= 8; size *= 2) {
                    for (int before = 1; before < size; before++) {
                        long address = second - before;
                        for (int opcode : new int[] {0x8b, 0x89, 0x01}) {
                            boolean write = opcode != 0x8b;
                            long wanted = 0x1122334455667788L;
                            for (int i = 0; i < size; i++) {
                                m.memory.writeByte(place(second, secondFrame, address + i), (byte) (wanted >>> 8 * i));
                            }
                            m.set64(StateLayout.RBX, address);
                            m.set64(StateLayout.RAX, 0x0101010101010101L);
                            int[] code = size == 2
                                    ? new int[] {0x66, opcode, 0x03}
                                    : size == 4 ? new int[] {opcode, 0x03} : new int[] {0x48, opcode, 0x03};
                            int vector = step(m, code);
                            boolean firstFaults = first == 0 || first == 1 && write;
                            boolean lastFaults = last == 0 || last == 1 && write;
                            String what = "pages %d %d size %d before %d opcode %x"
                                    .formatted(first, last, size, before, opcode);
                            assertThat(vector).as(what).isEqualTo(firstFaults || lastFaults ? PAGE_FAULT : 0);
                            if (vector != 0) {
                                assertThat(m.cr2).as(what).isEqualTo(firstFaults ? address : second);
                                int present = (firstFaults ? first : last) != 0 ? 1 : 0;
                                assertThat(m.memory.readLong(m.rsp())).as(what).isEqualTo(present | (write ? 2 : 0));
                            }
                            long mask = size == 8 ? -1 : (1L << 8 * size) - 1;
                            long expected = vector != 0 || !write
                                    ? wanted
                                    : opcode == 0x89 ? 0x0101010101010101L : wanted + 0x0101010101010101L;
                            long found = 0;
                            for (int i = 0; i < size; i++) {
                                long at = place(second, secondFrame, address + i);
                                found |= (m.memory.readByte(at) & 0xffL) << 8 * i;
                            }
                            assertThat(found & mask).as(what).isEqualTo(expected & mask);
                            if (vector == 0 && !write) {
                                assertThat(m.rax() & mask).as(what).isEqualTo(wanted & mask);
                            }
                        }
                    }
                }
            }
        }
    }

    /** @param kind 0 missing, 1 read-only, 2 writable */
    private static long entry(long frame, int kind) {
        return kind == 0 ? 0 : frame | (kind == 1 ? 5 : 7);
    }

    private static long place(long second, long secondFrame, long linear) {
        return linear < second ? linear : linear - second + secondFrame;
    }

    @Test
    void outside64BitCodeAddressesWrapAt4Gib() {
        try (SystemMachine m = SystemMachine.protectedMode(0)) {
            m.memory.writeInt(0, 0x44332211);
            m.setSegmentBase(RegisterFile.DS, HIGH_BASE);
            m.updateMode();
            // mov eax,[0xfffd]; nobody answers below 4 GiB.
            m.code(0xa1, 0xfd, 0xff, 0, 0).step();
            assertThat(m.rip()).isEqualTo(TEXT + 5);
            assertThat(m.rax()).isEqualTo(0x11ffffffL);
        }
        try (SystemMachine m = machine()) {
            // The last 2 MiB below 4 GiB map the first of RAM, and so does what lies above 4 GiB.
            m.memory.writeLong(TABLES + 0x1000 + 24, TABLES + 0x4000 | 7);
            m.memory.writeLong(TABLES + 0x4000 + 8 * 511, 0x200000 | 0x87);
            m.memory.writeLong(TABLES + 0x1000 + 32, TABLES + 0x5000 | 7);
            m.memory.writeLong(TABLES + 0x5000, 0x400000 | 0x87);
            m.memory.writeInt(0x200000 + 0x1ffffc, 0x78563412);
            m.memory.writeInt(0, 0x44332211);
            m.memory.writeInt(0x400000, 0x88776655);
            m.set64(StateLayout.RBX, 0xfffffffeL);
            m.code(0x48, 0x8b, 0x03).step();
            assertThat(m.rax()).as("64-bit code").isEqualTo(0x0000_8877_6655_7856L);
            m.access[RegisterFile.CS] = 0xc09b;
            m.access[RegisterFile.FS] = 0xc093;
            m.limit[RegisterFile.FS] = 0xffffffffL;
            m.setSegmentBase(RegisterFile.FS, HIGH_BASE);
            m.set64(StateLayout.RBX, 0xfffe);
            m.updateMode();
            m.setRip(TEXT);
            m.code(0x64, 0x8b, 0x03).step();
            assertThat(m.rip()).isEqualTo(TEXT + 3);
            assertThat(m.rax()).as("compatibility mode").isEqualTo(0x22117856L);
            m.set64(StateLayout.RAX, 0x0badcafe);
            m.setRip(TEXT);
            m.code(0x64, 0x89, 0x03).step();
            assertThat(m.memory.readInt(0)).isEqualTo(0x44330bad);
            assertThat(m.memory.readInt(0x400000)).isEqualTo(0x88776655);
        }
    }
}
