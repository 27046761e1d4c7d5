package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.CODE16;
import static dev.quoll.emulator.system.SystemMachine.CODE32;
import static dev.quoll.emulator.system.SystemMachine.DATA0;
import static dev.quoll.emulator.system.SystemMachine.DATA16;
import static dev.quoll.emulator.system.SystemMachine.FREE;
import static dev.quoll.emulator.system.SystemMachine.GDT;
import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.IDT;
import static dev.quoll.emulator.system.SystemMachine.OTHER_TASK;
import static dev.quoll.emulator.system.SystemMachine.OTHER_TSS;
import static dev.quoll.emulator.system.SystemMachine.TASK;
import static dev.quoll.emulator.system.SystemMachine.TASK_GATE;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static dev.quoll.emulator.system.SystemMachine.TSS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import org.junit.jupiter.api.Test;

/** Hardware task switches: what is saved, loaded, linked, marked busy and refused (SDM vol. 3, chapter 7). */
class TaskSwitchTest {
    private static final int NOP = 0x90;
    private static final long TARGET = TEXT + 0x400;
    private static final long NEW_STACK = 0x70000;
    private static final int AVAILABLE32 = 0x89;
    private static final int AVAILABLE16 = 0x81;
    private static final int BUSY = 2;

    /** A machine at CPL 0 whose faults go to handlers on the stack in use. */
    private static SystemMachine machine() {
        SystemMachine m = SystemMachine.protectedMode(0);
        for (int vector = 8; vector < 15; vector++) {
            m.legacyGate(vector, CODE32, 0x8e);
        }
        m.legacyGate(1, CODE32, 0x8e);
        return m;
    }

    /** A 32-bit TSS with recognisable registers. */
    private static void task32(SystemMachine m) {
        m.descriptor(OTHER_TASK, OTHER_TSS, 0x67, AVAILABLE32, 0);
        m.memory.writeInt(OTHER_TSS + 0x20, (int) TARGET);
        m.memory.writeInt(OTHER_TSS + 0x24, 2 | Flags.CF);
        for (int i = 0; i < 8; i++) {
            m.memory.writeInt(OTHER_TSS + 0x28 + 4 * i, i == 4 ? (int) NEW_STACK : 0x11110100 + i);
        }
        for (int i = 0; i < 6; i++) {
            m.memory.writeInt(OTHER_TSS + 0x48 + 4 * i, i == RegisterFile.CS ? CODE32 : DATA0);
        }
        m.memory.writeInt(OTHER_TSS + 0x60, 0);
        m.memory.writeInt(OTHER_TSS + 0x64, 0);
        m.codeAt(TARGET, NOP, NOP);
    }

    /** A 16-bit TSS likewise; its code and stack are below 64 KiB. */
    private static void task16(SystemMachine m) {
        m.descriptor(OTHER_TASK, OTHER_TSS, 0x2b, AVAILABLE16, 0);
        m.memory.writeShort(OTHER_TSS + 0x0e, (short) 0x9000);
        m.memory.writeShort(OTHER_TSS + 0x10, (short) (2 | Flags.CF));
        for (int i = 0; i < 8; i++) {
            m.memory.writeShort(OTHER_TSS + 0x12 + 2 * i, (short) (i == 4 ? 0x8000 : 0x100 + i));
        }
        for (int i = 0; i < 4; i++) {
            m.memory.writeShort(OTHER_TSS + 0x22 + 2 * i, (short) (i == RegisterFile.CS ? CODE16 : DATA16));
        }
        m.memory.writeShort(OTHER_TSS + 0x2a, (short) 0);
        m.codeAt(0x9000, NOP, NOP);
    }

    private static int type(SystemMachine m, int selector) {
        return m.memory.readByte(GDT + selector + 5) & 0xff;
    }

    /** jmp or call selector:0 */
    private static void go(SystemMachine m, boolean call, int selector) {
        m.code(call ? 0x9a : 0xea, 0, 0, 0, 0, selector & 0xff, selector >>> 8, NOP).step();
    }

    private static void raised(SystemMachine m, int vector, int error) {
        assertThat(m.shutdown).isNull();
        assertThat(m.rip()).isEqualTo(HANDLERS + 16 * vector);
        assertThat(m.memory.readInt(m.rsp())).as("error code").isEqualTo(error);
    }

    @Test
    void jumpLeavesTheOldTaskAndCallNestsInIt() {
        for (boolean call : new boolean[] {false, true}) {
            for (boolean gate : new boolean[] {false, true}) {
                try (SystemMachine m = machine()) {
                    task32(m);
                    m.gate(GDT + TASK_GATE, OTHER_TASK, 0, 0x85, 0);
                    m.set64(StateLayout.RCX, 0xabcdef01L);
                    m.setFlag(Flags.IF, true);
                    go(m, call, gate ? TASK_GATE : OTHER_TASK);
                    assertThat(m.rip()).isEqualTo(TARGET);
                    assertThat(m.selector[RegisterFile.TR]).isEqualTo(OTHER_TASK);
                    assertThat(type(m, OTHER_TASK)).isEqualTo(AVAILABLE32 | BUSY);
                    assertThat(type(m, TASK)).isEqualTo(call ? 0x8b : 0x89);
                    assertThat(m.memory.readShort(OTHER_TSS)).isEqualTo((short) (call ? TASK : 0));
                    assertThat(m.rflags()).isEqualTo(2 | Flags.CF | (call ? Flags.NT : 0));
                    assertThat(m.cr0 & ControlBits.CR0_TS).isNotZero();
                    for (int i = 0; i < 8; i++) {
                        assertThat(m.get64(StateLayout.gpr(i))).isEqualTo(i == 4 ? NEW_STACK : 0x11110100 + i);
                    }
                    assertThat(m.memory.readInt(TSS + 0x20)).as("EIP").isEqualTo((int) TEXT + 7);
                    assertThat(m.memory.readInt(TSS + 0x24)).as("EFLAGS").isEqualTo(2 | Flags.IF);
                    assertThat(m.memory.readInt(TSS + 0x2c)).as("ECX").isEqualTo(0xabcdef01);
                    assertThat(m.memory.readShort(TSS + 0x4c)).as("CS").isEqualTo((short) CODE32);
                }
            }
        }
    }

    @Test
    void sixteenBitTasksAndBack() {
        try (SystemMachine m = machine()) {
            task16(m);
            m.set64(StateLayout.RSI, 0x4444_5555L);
            m.codeAt(0x9000, 0x46, 0xcf);
            go(m, true, OTHER_TASK);
            assertThat(m.rip()).isEqualTo(0x9000);
            assertThat(m.selector[RegisterFile.CS]).isEqualTo(CODE16);
            assertThat(m.rsp() & 0xffff).isEqualTo(0x8000);
            assertThat(m.get64(StateLayout.RSI) & 0xffff).isEqualTo(0x106);
            assertThat(m.access[RegisterFile.FS]).as("a 16-bit TSS has no FS").isEqualTo(RegisterFile.UNUSABLE);
            assertThat(type(m, OTHER_TASK)).isEqualTo(AVAILABLE16 | BUSY);
            // inc si; iret: by the link, with words saved in the 16-bit TSS.
            m.step().step();
            assertThat(m.rip()).isEqualTo(TEXT + 7);
            assertThat(m.get64(StateLayout.RSI)).isEqualTo(0x4444_5555L);
            assertThat(m.memory.readShort(OTHER_TSS + 0x1e)).as("SI").isEqualTo((short) 0x107);
            assertThat(m.memory.readShort(OTHER_TSS + 0x0e)).as("IP").isEqualTo((short) 0x9002);
            assertThat(m.memory.readShort(OTHER_TSS + 0x10) & Flags.NT).isZero();
            assertThat(type(m, OTHER_TASK)).isEqualTo(AVAILABLE16);
        }
    }

    @Test
    void refusalsHappenInTheOldTask() {
        // Access byte, limit, how; vector, error code.
        int[][] cases = {
            {AVAILABLE32 | BUSY, 0x67, 0, 13}, {AVAILABLE32 & 0x7f, 0x67, 0, 11}, {AVAILABLE32, 0x66, 0, 10},
            {AVAILABLE16, 0x2a, 0, 10}, {0x82, 0x67, 0, 13}, {AVAILABLE32 | BUSY, 0x67, 1, 13},
            {AVAILABLE32 & 0x7f, 0x67, 1, 11}, {AVAILABLE32, 0x67, 2, 10}
        };
        for (int[] each : cases) {
            try (SystemMachine m = machine()) {
                task32(m);
                m.descriptor(OTHER_TASK, OTHER_TSS, each[1], each[0], 0);
                m.gate(GDT + TASK_GATE, OTHER_TASK, 0, 0x85, 0);
                if (each[2] == 2) {
                    // IRET to a task that is not busy.
                    m.memory.writeShort(TSS, (short) OTHER_TASK);
                    m.setFlag(Flags.NT, true);
                    m.code(0xcf, NOP).step();
                } else {
                    go(m, each[2] == 1, each[2] == 1 ? TASK_GATE : OTHER_TASK);
                }
                raised(m, each[3], OTHER_TASK);
                assertThat(m.memory.readInt(m.rsp() + 4)).as("EIP").isEqualTo((int) TEXT);
                assertThat(m.selector[RegisterFile.TR]).isEqualTo(TASK);
            }
        }
        // The gate itself: absent, or of an inner level.
        for (int access : new int[] {0x05, 0x85}) {
            try (SystemMachine m = SystemMachine.protectedMode(3)) {
                m.legacyGate(11, CODE32, 0x8e);
                m.legacyGate(13, CODE32, 0x8e);
                task32(m);
                m.gate(GDT + TASK_GATE, OTHER_TASK, 0, access == 5 ? 0x65 : 0x85, 0);
                go(m, false, TASK_GATE);
                raised(m, access == 5 ? 11 : 13, TASK_GATE);
            }
        }
    }

    @Test
    void faultsOfTheNewTasksSegmentsBelongToTheNewTask() {
        // Place in the TSS, selector, vector.
        int[][] cases = {
            {RegisterFile.CS, DATA0, 10}, {RegisterFile.CS, 0, 10}, {RegisterFile.SS, CODE32, 10}, {RegisterFile.SS, 0, 10},
            {RegisterFile.DS, 0xfff8, 10}, {RegisterFile.ES, FREE, 11}, {RegisterFile.FS, FREE, 11}, {RegisterFile.SS, FREE, 12},
            {RegisterFile.CS, FREE + 8, 11}, {6, DATA0, 10}, {RegisterFile.SS, DATA0 | 1, 10}
        };
        for (int[] each : cases) {
            for (boolean interrupt : new boolean[] {false, true}) {
                try (SystemMachine m = machine()) {
                    // A half-loaded task may have no stack: the handler is a task of its own. FREE is data and the
                    // descriptor behind it code, both absent.
                    task32(m);
                    m.descriptor(FREE, 0, 0xfffff, 0x13, 0xc);
                    m.descriptor(FREE + 8, 0, 0xfffff, 0x1b, 0xc);
                    m.memory.writeShort(OTHER_TSS + 0x48 + 4L * each[0], (short) each[1]);
                    m.memory.writeInt(0x6000 + 0x20, (int) HANDLERS);
                    m.memory.writeInt(0x6000 + 0x24, 2);
                    m.memory.writeInt(0x6000 + 0x38, 0x78000);
                    for (int i = 0; i < 6; i++) {
                        m.memory.writeInt(0x6000 + 0x48 + 4 * i, i == RegisterFile.CS ? CODE32 : DATA0);
                    }
                    m.gdtLimit = 0x87;
                    m.descriptor(0x80, 0x6000, 0x67, AVAILABLE32, 0);
                    m.gate(IDT + 8L * each[2], 0x80, 0, 0x85, 0);
                    m.gate(IDT + 8L * 0x40, OTHER_TASK, 0, 0x85, 0);
                    m.codeAt(HANDLERS, NOP);
                    if (interrupt) {
                        m.code(0xcd, 0x40, NOP).step();
                    } else {
                        go(m, false, OTHER_TASK);
                    }
                    String name = "place %d, selector %x, by interrupt %s".formatted(each[0], each[1], interrupt);
                    assertThat(m.shutdown).as(name).isNull();
                    assertThat(m.rip()).as(name).isEqualTo(HANDLERS);
                    assertThat(m.selector[RegisterFile.TR]).as(name).isEqualTo(0x80);
                    assertThat(m.memory.readInt(m.rsp())).as(name).isEqualTo(each[1] & 0xfffc);
                    assertThat(m.memory.readShort(0x6000)).as("link, " + name).isEqualTo((short) OTHER_TASK);
                    assertThat(m.memory.readInt(OTHER_TSS + 0x20)).as("EIP, " + name).isEqualTo((int) TARGET);
                    assertThat(m.memory.readShort(OTHER_TSS + 0x48 + 4L * each[0])).as(name).isEqualTo((short) each[1]);
                }
            }
        }
    }

    @Test
    void debugTrapBitAndLocalBreakpoints() {
        try (SystemMachine m = machine()) {
            task32(m);
            m.memory.writeShort(OTHER_TSS + 0x64, (short) 1);
            m.dr7 = 0x400 | 0x3ff;
            m.flushAll();
            m.dr[0] = m.dr[1] = m.dr[2] = m.dr[3] = 0x7f000;
            m.updateMode();
            go(m, false, OTHER_TASK);
            assertThat(m.rip()).isEqualTo(HANDLERS + 16);
            assertThat(m.memory.readInt(m.rsp())).isEqualTo((int) TARGET);
            assertThat(m.dr6).isEqualTo(0xffff0ff0L | 1 << 15);
            assertThat(m.dr7).as("local enables are gone").isEqualTo(0x400 | 0x3ff & ~0x155);
        }
    }

    @Test
    void taskInVirtual8086Mode() {
        try (SystemMachine m = machine()) {
            task32(m);
            m.memory.writeInt(OTHER_TSS + 0x24, 2 | Flags.VM);
            m.memory.writeInt(OTHER_TSS + 0x20, 0x10);
            for (int i = 0; i < 6; i++) {
                m.memory.writeInt(OTHER_TSS + 0x48 + 4 * i, i == RegisterFile.CS ? 0x3000 : 0x100 * i);
            }
            go(m, false, OTHER_TASK);
            assertThat(m.virtual8086()).isTrue();
            assertThat(m.cpl).isEqualTo(3);
            assertThat(m.rip()).isEqualTo(0x10);
            assertThat(m.segmentBase(RegisterFile.CS)).isEqualTo(0x30000);
            assertThat(m.segmentBase(RegisterFile.GS)).isEqualTo(0x5000);
            assertThat(m.limit[RegisterFile.DS]).isEqualTo(0xffff);
        }
    }

    @Test
    void addressSpaceAndLocalDescriptorsComeWithTheTask() {
        try (SystemMachine m = machine()) {
            task32(m);
            m.descriptor(FREE, 0x7000, 0xff, 0x82, 0);
            m.memory.writeLong(0x7000 + 8, 0x00cf93000000ffffL);
            m.memory.writeShort(OTHER_TSS + 0x60, (short) FREE);
            m.memory.writeShort(OTHER_TSS + 0x54, (short) 0x0c);
            // One 4 MiB page for all, in two directories.
            for (int directory : new int[] {0x8000, 0x9000}) {
                m.memory.writeInt(directory, 0x83);
            }
            m.memory.writeInt(OTHER_TSS + 0x1c, 0x9000);
            m.cr3 = 0x8000;
            m.cr4 |= ControlBits.CR4_PSE;
            m.cr0 |= ControlBits.CR0_PG;
            m.flushAll();
            m.updateMode();
            go(m, false, OTHER_TASK);
            assertThat(m.rip()).isEqualTo(TARGET);
            assertThat(m.cr3).isEqualTo(0x9000);
            assertThat(m.selector[RegisterFile.LDTR]).isEqualTo(FREE);
            assertThat(m.segmentBase(RegisterFile.LDTR)).isEqualTo(0x7000);
            assertThat(m.selector[RegisterFile.DS]).isEqualTo(0x0c);
        }
    }

    @Test
    void doubleFaultThroughATaskGate() {
        try (SystemMachine m = machine()) {
            task32(m);
            m.gate(IDT + 8 * 8, OTHER_TASK, 0, 0x85, 0);
            // No handler for #GP: #NP of its gate makes a double fault.
            m.legacyGate(13, CODE32, 0x0e);
            m.set64(StateLayout.RAX, 0xfff8);
            m.code(0x8e, 0xd8).step();
            assertThat(m.rip()).isEqualTo(TARGET);
            assertThat(m.rsp()).isEqualTo(NEW_STACK - 4);
            assertThat(m.memory.readInt(m.rsp())).isZero();
            assertThat(m.memory.readInt(TSS + 0x20)).isEqualTo((int) TEXT);
            assertThat(m.flag(Flags.NT)).isTrue();
        }
    }

    @Test
    void longModeHasNoTasks() {
        for (boolean call : new boolean[] {false, true}) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                m.longGate(13, 0x8e, 0);
                m.descriptor(OTHER_TASK, OTHER_TSS, 0x67, AVAILABLE32, 0);
                m.memory.writeInt(0x40000, 0);
                m.memory.writeShort(0x40004, (short) OTHER_TASK);
                m.set64(StateLayout.RBX, 0x40000);
                m.code(0xff, call ? 0x1b : 0x2b).step();
                assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16);
                assertThat(m.memory.readLong(m.rsp())).isEqualTo(OTHER_TASK);
            }
        }
    }
}
