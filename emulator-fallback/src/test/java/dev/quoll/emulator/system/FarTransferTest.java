package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.CODE16;
import static dev.quoll.emulator.system.SystemMachine.CODE32;
import static dev.quoll.emulator.system.SystemMachine.CODE64;
import static dev.quoll.emulator.system.SystemMachine.DATA0;
import static dev.quoll.emulator.system.SystemMachine.FREE;
import static dev.quoll.emulator.system.SystemMachine.GDT;
import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.OTHER_TASK;
import static dev.quoll.emulator.system.SystemMachine.RING0_STACK;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static dev.quoll.emulator.system.SystemMachine.USER_CODE32;
import static dev.quoll.emulator.system.SystemMachine.USER_DATA;
import static dev.quoll.emulator.system.SystemMachine.USER_STACK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Far JMP, CALL and RET: to segments and through call gates, with the checks of SDM vol. 3, 5.8, and operand sizes. */
class FarTransferTest {
    private static final int NOP = 0x90;
    private static final long TARGET = TEXT + 0x400;
    private static final long POINTER = 0x40000;
    private static final int GATE32 = 0x8c;
    private static final int GATE16 = 0x84;

    private static void gates(SystemMachine m, boolean longMode) {
        for (int vector = 10; vector < 15; vector++) {
            if (longMode) {
                m.longGate(vector, 0x8e, 0);
            } else {
                m.legacyGate(vector, CODE32, 0x8e);
            }
        }
    }

    /** jmp or call far [rbx] to selector:TARGET, one step. */
    private static void go(SystemMachine m, boolean call, int selector) {
        m.memory.writeInt(POINTER, (int) TARGET);
        m.memory.writeShort(POINTER + 4, (short) selector);
        m.set64(StateLayout.RBX, POINTER);
        m.code(0xff, call ? 0x1b : 0x2b, NOP).step();
    }

    /** -1 when the transfer took place, else the vector and its error code in one number. */
    private static int refused(SystemMachine m, boolean longMode) {
        long distance = m.rip() - HANDLERS;
        if (distance < 0 || distance >= 0x1000) {
            return -1;
        }
        int error = (int) (longMode ? m.memory.readLong(m.rsp()) : m.memory.readInt(m.rsp()));
        return (int) distance / 16 << 16 | error;
    }

    @Test
    void everyCodeDescriptorAtEveryPrivilege() {
        for (boolean longMode : new boolean[] {false, true}) {
            for (int level = 0; level < 4; level++) {
                try (SystemMachine m = longMode ? SystemMachine.longMode(level) : SystemMachine.protectedMode(level)) {
                    for (int access = 0x10; access < 256; access++) {
                        if ((access & 0x10) == 0) {
                            continue;
                        }
                        for (int rpl = 0; rpl < 4; rpl++) {
                            m.restart(longMode, level);
                            gates(m, longMode);
                            // 32-bit code; in long mode that is compatibility mode.
                            m.descriptor(FREE, 0, 0xfffff, access, 0xc);
                            go(m, (access & 1) != 0, FREE | rpl);
                            int dpl = access >>> 5 & 3;
                            boolean code = (access & 8) != 0;
                            boolean conforming = code && (access & 4) != 0;
                            boolean permitted = code && (conforming ? dpl <= level : rpl <= level && dpl == level);
                            int expected = !permitted ? 13 << 16 | FREE : (access & 0x80) == 0 ? 11 << 16 | FREE : -1;
                            String name = "access %02x, rpl %d, level %d, long %s".formatted(access, rpl, level, longMode);
                            assertThat(refused(m, longMode)).as(name).isEqualTo(expected);
                            if (expected == -1) {
                                assertThat(m.rip()).as(name).isEqualTo(TARGET);
                                assertThat(m.cpl).as(name).isEqualTo(level);
                                assertThat(m.selector[RegisterFile.CS]).as(name).isEqualTo(FREE | level);
                                assertThat(m.is64()).as(name).isFalse();
                            }
                        }
                    }
                }
            }
        }
    }

    @Test
    void everyCallGatePrivilege() {
        // Gate DPL, its RPL, level, target DPL, conforming; CALL and JMP.
        for (int gateDpl = 0; gateDpl < 4; gateDpl++) {
            for (int rpl = 0; rpl < 4; rpl++) {
                for (int level = 0; level < 4; level++) {
                    for (int dpl = 0; dpl < 4; dpl += 3) {
                        for (int form = 0; form < 4; form++) {
                            boolean call = (form & 1) != 0;
                            boolean conforming = (form & 2) != 0;
                            callGate(gateDpl, rpl, level, dpl, call, conforming);
                        }
                    }
                }
            }
        }
    }

    private final SystemMachine legacy = SystemMachine.protectedMode(0);

    @AfterEach
    void close() {
        legacy.close();
    }

    private void callGate(int gateDpl, int rpl, int level, int dpl, boolean call, boolean conforming) {
        SystemMachine m = legacy;
        m.restart(false, level);
        gates(m, false);
        m.descriptor(OTHER_TASK, 0, 0xfffff, (conforming ? 0x9e : 0x9a) | dpl << 5, 0xc);
        m.gate(GDT + FREE, OTHER_TASK, TARGET, GATE32 | gateDpl << 5, 0);
        go(m, call, FREE | rpl);
        int expected;
        if (Math.max(level, rpl) > gateDpl) {
            expected = 13 << 16 | FREE;
        } else if (call || conforming ? dpl > level : dpl != level) {
            expected = 13 << 16 | OTHER_TASK;
        } else {
            expected = -1;
        }
        String name = "gate dpl %d, rpl %d, level %d, dpl %d, call %s, conforming %s"
                .formatted(gateDpl, rpl, level, dpl, call, conforming);
        assertThat(refused(m, false)).as(name).isEqualTo(expected);
        if (expected == -1) {
            int now = conforming ? level : dpl;
            assertThat(m.cpl).as(name).isEqualTo(now);
            assertThat(m.selector[RegisterFile.CS]).as(name).isEqualTo(OTHER_TASK | now);
            if (call && now < level) {
                assertThat(m.rsp()).as(name).isEqualTo(RING0_STACK - 16);
                assertThat(m.selector[RegisterFile.SS]).as(name).isEqualTo(DATA0);
            }
        }
    }

    @Test
    void brokenCallGates() {
        // Absent gate, null target, target outside the table, target absent, target data.
        for (int form = 0; form < 5; form++) {
            try (SystemMachine m = SystemMachine.protectedMode(3)) {
                gates(m, false);
                int target = switch (form) {
                    case 1 -> 3;
                    case 2 -> 0xfff8;
                    case 3 -> OTHER_TASK;
                    case 4 -> DATA0;
                    default -> CODE32;
                };
                m.descriptor(OTHER_TASK, 0, 0xfffff, 0x1a, 0xc);
                m.gate(GDT + FREE, target, TARGET, form == 0 ? 0x6c : 0xec, 0);
                go(m, true, FREE);
                int expected = switch (form) {
                    case 0 -> 11 << 16 | FREE;
                    case 1 -> 13 << 16;
                    case 3 -> 11 << 16 | OTHER_TASK;
                    default -> 13 << 16 | target;
                };
                assertThat(refused(m, false)).as("form %d", form).isEqualTo(expected);
            }
        }
    }

    @Test
    void sixteenBitGateCopiesWords() {
        try (SystemMachine m = SystemMachine.protectedMode(3)) {
            m.gate(GDT + FREE, CODE32, 0xffff0000L | 0x9000, GATE16 | 0x60, 3);
            for (int i = 0; i < 3; i++) {
                m.memory.writeShort(USER_STACK + 2 * i, (short) (0x1111 * (i + 1)));
            }
            m.codeAt(0x9000, NOP);
            go(m, true, FREE | 3);
            assertThat(m.rip()).as("16 bits of the offset").isEqualTo(0x9000);
            int[] frame = {(int) TEXT + 2, USER_CODE32 | 3, 0x1111, 0x2222, 0x3333, (int) USER_STACK, USER_DATA | 3};
            for (int i = 0; i < frame.length; i++) {
                assertThat(m.memory.readShort(m.rsp() + 2 * i)).as("word %d", i).isEqualTo((short) frame[i]);
            }
        }
    }

    @Test
    void gatesOfLongMode() {
        // The upper half must not look like a descriptor; the target has to be 64-bit code.
        for (int form = 0; form < 5; form++) {
            try (SystemMachine m = SystemMachine.longMode(3)) {
                gates(m, true);
                m.gate(GDT + FREE, form == 1 ? CODE32 : CODE64, TARGET, form == 4 ? GATE16 | 0x60 : GATE32 | 0x60, 0);
                m.memory.writeLong(GDT + FREE + 8, form == 2 ? 1L << 40 : form == 3 ? 0x8000 : 0);
                go(m, true, FREE);
                int expected = switch (form) {
                    case 0 -> -1;
                    case 1 -> 13 << 16 | CODE32;
                    case 3 -> 13 << 16;
                    default -> 13 << 16 | FREE;
                };
                assertThat(refused(m, true)).as("form %d", form).isEqualTo(expected);
            }
        }
        // From compatibility code.
        try (SystemMachine m = SystemMachine.longMode(3)) {
            m.gate(GDT + FREE, CODE64, TARGET, GATE32 | 0x60, 0);
            m.memory.writeLong(GDT + FREE + 8, 0);
            SegmentLoader.commit(m, RegisterFile.CS, USER_CODE32 | 3, m.memory.readLong(GDT + USER_CODE32));
            m.updateMode();
            go(m, true, FREE);
            assertThat(m.is64()).isTrue();
            assertThat(m.rsp()).isEqualTo(RING0_STACK - 32);
            assertThat(m.selector[RegisterFile.SS]).as("null, RPL 0").isZero();
            m.codeAt(TARGET, 0x48, 0xcb).step();
            assertThat(m.is64()).isFalse();
            assertThat(m.rsp()).isEqualTo(USER_STACK);
            assertThat(m.rip()).isEqualTo(TEXT + 2);
        }
    }

    @Test
    void operandSizesOfFarReturns() {
        // Prefix, bytes of each slot.
        int[][] forms = {{0x66, 2}, {0x90, 4}, {0x48, 8}};
        for (int[] form : forms) {
            for (boolean immediate : new boolean[] {false, true}) {
                try (SystemMachine m = SystemMachine.longMode(0)) {
                    gates(m, true);
                    long target = form[1] == 2 ? 0x9000 : TARGET;
                    long pointer = m.rsp();
                    m.memory.writeLong(pointer, target);
                    if (form[1] == 2) {
                        m.memory.writeShort(pointer + 2, (short) CODE64);
                    } else {
                        m.memory.writeLong(pointer + form[1], CODE64);
                    }
                    m.code(form[0], immediate ? 0xca : 0xcb, 0x10, 0);
                    m.setRip(form[0] == 0x90 ? TEXT + 1 : TEXT);
                    m.step();
                    assertThat(m.rip()).isEqualTo(target);
                    assertThat(m.rsp()).isEqualTo(pointer + 2 * form[1] + (immediate ? 16 : 0));
                }
            }
        }
        // A far pointer has at most 32 bits of offset, REX.W or not; what a CALL pushes is as wide as REX.W says (AMD).
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.memory.writeInt(POINTER, (int) TARGET);
            m.memory.writeShort(POINTER + 4, (short) CODE64);
            m.set64(StateLayout.RBX, POINTER);
            long pointer = m.rsp();
            m.code(0x48, 0xff, 0x1b).step();
            assertThat(m.rip()).isEqualTo(TARGET);
            assertThat(m.rsp()).isEqualTo(pointer - 16);
            assertThat(m.memory.readLong(pointer - 16)).isEqualTo(TEXT + 3);
            assertThat(m.memory.readLong(pointer - 8)).isEqualTo(CODE64);
        }
    }

    @Test
    void farPointerLoads() {
        // lss, lfs, lgs in 64-bit code: offset of 16 or 32 bits, then the selector.
        int[][] forms = {{0xb2, RegisterFile.SS}, {0xb4, RegisterFile.FS}, {0xb5, RegisterFile.GS}};
        for (int[] form : forms) {
            for (boolean word : new boolean[] {false, true}) {
                try (SystemMachine m = SystemMachine.longMode(0)) {
                    m.memory.writeLong(POINTER, word ? 0x1234L | (long) DATA0 << 16 : 0x12345678L | (long) DATA0 << 32);
                    m.set64(StateLayout.RBX, POINTER);
                    m.set64(StateLayout.RCX, -1);
                    m.code(word ? 0x66 : 0x40, 0x0f, form[0], 0x0b).step();
                    assertThat(m.get64(StateLayout.RCX)).isEqualTo(word ? 0xffffffffffff1234L : 0x12345678L);
                    assertThat(m.selector[form[1]]).isEqualTo(DATA0);
                    assertThat(m.inMovSsShadow()).as("LSS casts no shadow").isFalse();
                }
            }
        }
        // A selector that faults leaves both halves alone.
        try (SystemMachine m = SystemMachine.longMode(0)) {
            gates(m, true);
            m.memory.writeLong(POINTER, 0x12345678L | 0xfff8L << 32);
            m.set64(StateLayout.RBX, POINTER);
            m.set64(StateLayout.RCX, 7);
            m.code(0x0f, 0xb4, 0x0b).step();
            assertThat(refused(m, true)).isEqualTo(13 << 16 | 0xfff8);
            assertThat(m.get64(StateLayout.RCX)).isEqualTo(7);
        }
    }

    @Test
    void returnToAnOuterLevelDropsInnerDataSegments() {
        try (SystemMachine m = SystemMachine.protectedMode(0)) {
            // DS: DPL 0 data; ES: conforming DPL 0 code; FS: DPL 3 data; GS: null.
            m.descriptor(FREE, 0, 0xfffff, 0x9f, 0xc);
            SegmentLoader.commit(m, RegisterFile.ES, FREE, m.memory.readLong(GDT + FREE));
            SegmentLoader.commit(m, RegisterFile.FS, USER_DATA | 3, m.memory.readLong(GDT + USER_DATA));
            SegmentLoader.commitNull(m, RegisterFile.GS, 0);
            int[] frame = {(int) TARGET, USER_CODE32 | 3, (int) USER_STACK, USER_DATA | 3};
            for (int i = 0; i < 4; i++) {
                m.memory.writeInt(m.rsp() + 4 * i, frame[i]);
            }
            m.updateMode();
            m.code(0xcb).step();
            assertThat(m.cpl).isEqualTo(3);
            assertThat(m.rsp()).isEqualTo(USER_STACK);
            assertThat(m.access[RegisterFile.DS]).isEqualTo(RegisterFile.UNUSABLE);
            assertThat(m.selector[RegisterFile.DS]).isZero();
            assertThat(m.selector[RegisterFile.ES]).isEqualTo(FREE);
            assertThat(m.selector[RegisterFile.FS]).isEqualTo(USER_DATA | 3);
        }
    }

    @Test
    void returnsThatAreRefused() {
        // Selector and offset popped; CPL of the machine; result.
        int[][] cases = {
            {CODE32, 3, 13 << 16 | CODE32}, {0, 0, 13 << 16}, {0xfff8, 0, 13 << 16 | 0xfff8}, {DATA0, 0, 13 << 16 | DATA0},
            {FREE, 0, 11 << 16 | FREE}, {CODE32 | 1, 0, 13 << 16 | CODE32}, {CODE16, 0, 13 << 16}
        };
        for (int[] each : cases) {
            try (SystemMachine m = SystemMachine.protectedMode(each[1])) {
                gates(m, false);
                m.descriptor(FREE, 0, 0xfffff, 0x1b, 0xc);
                m.memory.writeInt(m.rsp(), (int) TARGET);
                m.memory.writeInt(m.rsp() + 4, each[0]);
                long pointer = m.rsp();
                m.code(0xcb).step();
                assertThat(refused(m, false)).as("selector %x", each[0]).isEqualTo(each[2]);
                if (each[1] == 0) {
                    assertThat(m.rsp()).as("nothing popped").isEqualTo(pointer - 16);
                }
            }
        }
    }

    @Test
    void sixteenBitProtectedMode() {
        try (SystemMachine m = SystemMachine.protectedMode(0)) {
            gates(m, false);
            SegmentLoader.commit(m, RegisterFile.CS, CODE16, m.memory.readLong(GDT + CODE16));
            SegmentLoader.commit(m, RegisterFile.SS, SystemMachine.DATA16, m.memory.readLong(GDT + SystemMachine.DATA16));
            m.set64(StateLayout.RSP, 0xabcd_8000L);
            m.setRip(0x9000);
            m.updateMode();
            // call 30:TARGET with a 66 prefix; there: retf of 32 bits; back: call near, ret, by words; jmp to itself at the limit.
            m.codeAt(0x9000, 0x66, 0x9a, (int) TARGET & 0xff, (int) TARGET >> 8 & 0xff, (int) TARGET >> 16, 0, CODE32, 0,
                    0xe8, 1, 0, 0xf4, 0xc3);
            m.codeAt(TARGET, 0xcb);
            m.step();
            assertThat(m.rip()).isEqualTo(TARGET);
            assertThat(m.rsp()).as("SP moves, the rest of ESP stays").isEqualTo(0xabcd_7ff8L);
            assertThat(m.memory.readInt(0x7ff8)).isEqualTo(0x9008);
            m.step();
            assertThat(m.rip()).isEqualTo(0x9008);
            m.step();
            assertThat(m.rsp()).isEqualTo(0xabcd_7ffeL);
            assertThat(m.memory.readShort(0x7ffe)).isEqualTo((short) 0x900b);
            m.step();
            assertThat(m.rip()).isEqualTo(0x900b);
            // Running over the segment's end is #GP(0).
            m.setRip(0xffff);
            m.codeAt(0xffff, NOP).step();
            assertThat(m.rip()).isEqualTo(0x10000);
            m.step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16);
        }
    }
}
