package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.CODE32;
import static dev.quoll.emulator.system.SystemMachine.FREE;
import static dev.quoll.emulator.system.SystemMachine.GDT;
import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What each of the 256 access bytes of a descriptor permits, at every CPL and RPL: loads of segment registers, and the
 * instructions that only ask (SDM vol. 3, 3.4.5, 3.5, 5.6 to 5.10; vol. 2, LAR, LSL, VERR).
 */
class SegmentRightsTest {
    private static final int PRESENT = 0x80;
    private static final int NOT_PRESENT = 11;
    private static final int STACK = 12;
    private static final int GENERAL_PROTECTION = 13;

    private static SystemMachine machine(boolean longMode, int level) {
        SystemMachine m = longMode ? SystemMachine.longMode(level) : SystemMachine.protectedMode(level);
        for (int vector : new int[] {NOT_PRESENT, STACK, GENERAL_PROTECTION}) {
            if (longMode) {
                m.longGate(vector, 0x8e, 0);
            } else {
                m.legacyGate(vector, CODE32, 0x8e);
            }
        }
        return m;
    }

    private static boolean memory(int access) {
        return (access & 0x10) != 0;
    }

    private static boolean code(int access) {
        return (access & 0x18) == 0x18;
    }

    private static boolean conforming(int access) {
        return (access & 0x1c) == 0x1c;
    }

    private static boolean readable(int access) {
        return memory(access) && (!code(access) || (access & 2) != 0);
    }

    private static boolean writable(int access) {
        return memory(access) && !code(access) && (access & 2) != 0;
    }

    private static int dpl(int access) {
        return access >>> 5 & 3;
    }

    private static void place(SystemMachine m, int access) {
        m.descriptor(FREE, 0x12345678, 0xabcde, access, 0xd);
        m.memory.writeLong(GDT + FREE + 8, 0);
    }

    @Test
    void questionsNeverFaultAndAnswerByTypeAndPrivilege() {
        // lar ecx, eax; lsl ecx, eax; verr ax; verw ax
        int[][] instructions = {{0x0f, 0x02, 0xc8}, {0x0f, 0x03, 0xc8}, {0x0f, 0x00, 0xe0}, {0x0f, 0x00, 0xe8}};
        for (boolean longMode : new boolean[] {false, true}) {
            for (int level = 0; level < 4; level++) {
                try (SystemMachine m = machine(longMode, level)) {
                    for (int which = 0; which < 4; which++) {
                        m.code(instructions[which]);
                        for (int access = 0; access < 256; access++) {
                            place(m, access);
                            for (int rpl = 0; rpl < 4; rpl++) {
                                m.set64(StateLayout.RAX, FREE | rpl);
                                m.set64(StateLayout.RCX, 0x1111);
                                m.setRip(TEXT);
                                m.step();
                                boolean visible = conforming(access) || Math.max(level, rpl) <= dpl(access);
                                boolean known = switch (which) {
                                    case 0 -> memory(access) || lar(access & 15, longMode);
                                    case 1 -> memory(access) || lsl(access & 15, longMode);
                                    case 2 -> readable(access);
                                    default -> writable(access);
                                };
                                String name = "%d, access %02x, rpl %d, level %d, long %s"
                                        .formatted(which, access, rpl, level, longMode);
                                assertThat(m.rip()).as(name).isEqualTo(TEXT + 3);
                                assertThat(m.zero()).as(name).isEqualTo(visible && known);
                                long answer = which == 0 ? 0xda0000 | access << 8 : 0xabcdefffL;
                                assertThat(m.get64(StateLayout.RCX))
                                        .as(name)
                                        .isEqualTo(visible && known && which < 2 ? answer : 0x1111);
                            }
                        }
                        // Null, and outside the table.
                        for (int selector : new int[] {0, 3, 0xfff8, FREE | 4}) {
                            m.set64(StateLayout.RAX, selector);
                            m.setArithmeticFlags(Flags.ZF);
                            m.setRip(TEXT);
                            m.step();
                            assertThat(m.rip()).isEqualTo(TEXT + 3);
                            assertThat(m.zero()).isFalse();
                        }
                    }
                }
            }
        }
    }

    private static boolean lar(int type, boolean longMode) {
        return switch (type) {
            case 2, 9, 11, 12 -> true;
            case 1, 3, 4, 5 -> !longMode;
            default -> false;
        };
    }

    private static boolean lsl(int type, boolean longMode) {
        return lar(type, longMode) && type != 4 && type != 5 && type != 12;
    }

    @Test
    void loadsOfDataSegments() {
        for (boolean longMode : new boolean[] {false, true}) {
            for (int level = 0; level < 4; level++) {
                for (int access = 0; access < 256; access++) {
                    for (int rpl = 0; rpl < 4; rpl++) {
                        boolean permitted = readable(access)
                                && (conforming(access) || Math.max(level, rpl) <= dpl(access));
                        int vector = !permitted ? GENERAL_PROTECTION : (access & PRESENT) == 0 ? NOT_PRESENT : -1;
                        // mov gs, eax
                        load(longMode, level, access, FREE | rpl, RegisterFile.GS, 0xe8, vector);
                    }
                }
            }
        }
    }

    @Test
    void loadsOfTheStackSegment() {
        for (boolean longMode : new boolean[] {false, true}) {
            for (int level = 0; level < 4; level++) {
                for (int access = 0; access < 256; access++) {
                    for (int rpl = 0; rpl < 4; rpl++) {
                        boolean permitted = writable(access) && rpl == level && dpl(access) == level;
                        int vector = !permitted ? GENERAL_PROTECTION : (access & PRESENT) == 0 ? STACK : -1;
                        // mov ss, eax
                        load(longMode, level, access, FREE | rpl, RegisterFile.SS, 0xd0, vector);
                    }
                }
            }
        }
    }

    private SystemMachine shared;
    private boolean sharedLong;
    private int sharedLevel = -1;

    private SystemMachine shared(boolean longMode, int level) {
        if (shared == null || sharedLong != longMode || sharedLevel != level) {
            if (shared != null) {
                shared.close();
            }
            shared = machine(longMode, level);
            sharedLong = longMode;
            sharedLevel = level;
        }
        return shared;
    }

    @AfterEach
    void close() {
        if (shared != null) {
            shared.close();
        }
    }

    private void load(boolean longMode, int level, int access, int selector, int segment, int modrm, int vector) {
        SystemMachine m = shared(longMode, level);
        m.restart(longMode, level);
        place(m, access);
        m.set64(StateLayout.RAX, selector);
        m.memory.writeByte(TEXT, (byte) 0x8e);
        m.memory.writeByte(TEXT + 1, (byte) modrm);
        int before = m.selector[segment];
        m.step();
        String name = "access %02x, rpl %d, level %d, long %s".formatted(access, selector & 3, level, longMode);
        if (vector < 0) {
            assertThat(m.rip()).as(name).isEqualTo(TEXT + 2);
            assertThat(m.selector[segment]).as(name).isEqualTo(selector);
            assertThat(m.segmentBase(segment)).as(name).isEqualTo(0x12345678);
            assertThat(m.limit[segment]).as(name).isEqualTo(0xabcdefffL);
            assertThat(m.access[segment]).as(name).isEqualTo(0xd000 | access | 1);
            assertThat(m.memory.readByte(GDT + FREE + 5) & 0xff).as("accessed, " + name).isEqualTo(access | 1);
        } else {
            assertThat(m.rip()).as(name).isEqualTo(HANDLERS + 16 * vector);
            long error = longMode ? m.memory.readLong(m.rsp()) : m.memory.readInt(m.rsp());
            assertThat(error).as(name).isEqualTo(FREE);
            assertThat(m.memory.readByte(GDT + FREE + 5) & 0xff).as("untouched, " + name).isEqualTo(access);
            if (segment != RegisterFile.SS) {
                assertThat(m.selector[segment]).as(name).isEqualTo(before);
            }
        }
    }

    @Test
    void nullSelectors() {
        for (boolean longMode : new boolean[] {false, true}) {
            for (int level = 0; level < 4; level++) {
                for (int rpl = 0; rpl < 4; rpl++) {
                    SystemMachine m = shared(longMode, level);
                    for (int segment : new int[] {RegisterFile.ES, RegisterFile.DS, RegisterFile.FS, RegisterFile.GS}) {
                        m.restart(longMode, level);
                        m.setSegmentBase(RegisterFile.FS, 0x1234);
                        m.setSegmentBase(RegisterFile.GS, 0x1234);
                        m.set64(StateLayout.RAX, rpl);
                        m.code(0x8e, 0xc0 | segment << 3).step();
                        assertThat(m.rip()).isEqualTo(TEXT + 2);
                        assertThat(m.access[segment]).isEqualTo(RegisterFile.UNUSABLE);
                        assertThat(m.selector[segment]).isEqualTo(rpl);
                        assertThat(m.segmentBase(segment)).as("NullSelectorClearsBase").isZero();
                    }
                    m.restart(longMode, level);
                    m.set64(StateLayout.RAX, rpl);
                    m.code(0x8e, 0xd0).step();
                    boolean legal = longMode && level != 3 && rpl == level;
                    assertThat(m.rip()).isEqualTo(legal ? TEXT + 2 : HANDLERS + 16 * GENERAL_PROTECTION);
                }
            }
        }
        // Using a null segment: #GP in 32-bit code, nothing in 64-bit code.
        for (boolean longMode : new boolean[] {false, true}) {
            SystemMachine m = shared(longMode, 0);
            m.restart(longMode, 0);
            m.set64(StateLayout.RAX, 0);
            m.set64(StateLayout.RBX, 0x40000);
            m.code(0x8e, 0xd8, 0x8b, 0x0b, 0x8e, 0xd8).step().step();
            assertThat(m.rip()).isEqualTo(longMode ? TEXT + 4 : HANDLERS + 16 * GENERAL_PROTECTION);
        }
    }

    @Test
    void accessesThroughEachTypeOfSegment() {
        // mov eax, [ebx] and mov [ebx], eax: readable code is not writable, read-only data likewise.
        for (int access = 0x90; access < 0xa0; access++) {
            for (boolean write : new boolean[] {false, true}) {
                SystemMachine m = shared(false, 0);
                m.restart(false, 0);
                m.descriptor(FREE, 0x40000, 0xfff, access, 4);
                if (!readable(access)) {
                    continue;
                }
                boolean expandDown = (access & 0xc) == 4;
                m.set64(StateLayout.RAX, FREE);
                m.set64(StateLayout.RBX, expandDown ? 0x2000 : 0x100);
                m.code(0x8e, 0xd8, write ? 0x89 : 0x8b, 0x03).step().step();
                boolean allowed = write ? writable(access) : readable(access);
                assertThat(m.rip()).as("access %02x, write %s", access, write)
                        .isEqualTo(allowed ? TEXT + 4 : HANDLERS + 16 * GENERAL_PROTECTION);
            }
        }
        // Writing through CS is never allowed.
        SystemMachine m = shared(false, 0);
        m.restart(false, 0);
        m.set64(StateLayout.RBX, 0x40000);
        m.code(0x2e, 0x89, 0x03).step();
        assertThat(m.rip()).isEqualTo(HANDLERS + 16 * GENERAL_PROTECTION);
    }

    @Test
    void basesOfDsEsAndSsMeanNothingIn64BitCode() {
        SystemMachine m = shared(true, 0);
        m.restart(true, 0);
        for (int segment : new int[] {RegisterFile.ES, RegisterFile.SS, RegisterFile.DS}) {
            m.setSegmentBase(segment, 0x1000);
            m.limit[segment] = 0;
        }
        m.setSegmentBase(RegisterFile.FS, 0x1000);
        m.limit[RegisterFile.FS] = 0;
        m.updateMode();
        m.memory.writeInt(0x40000, 0x11);
        m.memory.writeInt(0x41000, 0x22);
        m.set64(StateLayout.RBX, 0x40000);
        // mov eax, [rbx]; mov eax, ss:[rbx]; mov eax, fs:[rbx]
        m.code(0x8b, 0x03, 0x36, 0x8b, 0x03, 0x64, 0x8b, 0x03).step();
        assertThat(m.rax()).isEqualTo(0x11);
        m.set64(StateLayout.RAX, 0);
        m.step();
        assertThat(m.rax()).isEqualTo(0x11);
        m.step();
        assertThat(m.rax()).isEqualTo(0x22);
    }
}
