package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.CODE16;
import static dev.quoll.emulator.system.SystemMachine.CODE32;
import static dev.quoll.emulator.system.SystemMachine.DATA0;
import static dev.quoll.emulator.system.SystemMachine.FREE;
import static dev.quoll.emulator.system.SystemMachine.GDT;
import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.IDT;
import static dev.quoll.emulator.system.SystemMachine.KERNEL_STACK;
import static dev.quoll.emulator.system.SystemMachine.OTHER_TASK;
import static dev.quoll.emulator.system.SystemMachine.OTHER_TSS;
import static dev.quoll.emulator.system.SystemMachine.RING0_STACK;
import static dev.quoll.emulator.system.SystemMachine.TASK;
import static dev.quoll.emulator.system.SystemMachine.TASK_GATE;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static dev.quoll.emulator.system.SystemMachine.TSS;
import static dev.quoll.emulator.system.SystemMachine.USER_CODE32;
import static dev.quoll.emulator.system.SystemMachine.USER_DATA;
import static dev.quoll.emulator.system.SystemMachine.USER_STACK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.machine.GuestMemory;
import org.junit.jupiter.api.Test;

class LegacyModeTest {
    private static final int NOP = 0x90;
    private static final int GATE32 = 0x8e;
    private static final int USER_GATE32 = 0xee;
    private static final int TRAP16 = 0xe7;

    @Test
    void realModeInterruptAndReturn() {
        try (SystemMachine m = SystemMachine.real()) {
            m.memory.writeInt(0x21 * 4, 0x2000 << 16 | 0x10);
            m.codeAt(0x20010, 0xcf);
            m.setRip(0);
            m.setRflags(Flags.IF | Flags.CF);
            m.code(0xcd, 0x21, NOP).step();
            assertThat(m.selector[RegisterFile.CS]).isEqualTo(0x2000);
            assertThat(m.rip()).isEqualTo(0x10);
            assertThat(m.flag(Flags.IF)).isFalse();
            assertThat(m.rsp()).isEqualTo(0x8000 - 6);
            assertThat(m.memory.readShort(0x7ffa)).isEqualTo((short) 2);
            assertThat(m.memory.readShort(0x7ffc)).isEqualTo((short) 0);
            assertThat(m.memory.readShort(0x7ffe)).isEqualTo((short) (2 | Flags.IF | Flags.CF));
            // Return to where the code is: its segment is TEXT >> 4, the pushed selector was 0.
            m.memory.writeShort(0x7ffc, (short) (TEXT >> 4));
            m.step();
            assertThat(m.rip()).isEqualTo(2);
            assertThat(m.segmentBase(RegisterFile.CS)).isEqualTo(TEXT);
            assertThat(m.rflags()).isEqualTo(2 | Flags.IF | Flags.CF);
        }
    }

    @Test
    void interruptGate32ChangesStack() {
        try (SystemMachine m = SystemMachine.protectedMode(3)) {
            m.legacyGate(0x80, CODE32, USER_GATE32);
            m.setFlag(Flags.IF, true);
            m.codeAt(HANDLERS + 0x800, 0xcf);
            m.code(0xcd, 0x80, NOP).step();
            assertThat(m.cpl).isZero();
            assertThat(m.selector[RegisterFile.SS]).isEqualTo(DATA0);
            assertThat(m.rsp()).isEqualTo(RING0_STACK - 20);
            int[] frame = {(int) TEXT + 2, USER_CODE32 | 3, 2 | Flags.IF, (int) USER_STACK, USER_DATA | 3};
            for (int i = 0; i < 5; i++) {
                assertThat(m.memory.readInt(m.rsp() + 4 * i)).as("frame " + i).isEqualTo(frame[i]);
            }
            m.codeAt(HANDLERS + 0x800, 0xcf).step();
            assertThat(m.cpl).isEqualTo(3);
            assertThat(m.rip()).isEqualTo(TEXT + 2);
            assertThat(m.rsp()).isEqualTo(USER_STACK);
            assertThat(m.flag(Flags.IF)).isTrue();
        }
    }

    @Test
    void trapGate16PushesWords() {
        try (SystemMachine m = SystemMachine.protectedMode(0)) {
            m.gate(IDT + 8 * 0x30, CODE16, 0x1234, TRAP16, 0);
            m.codeAt(0x1234, NOP);
            m.setFlag(Flags.IF, true);
            m.code(0xcd, 0x30).step();
            assertThat(m.rip()).isEqualTo(0x1234);
            assertThat(m.selector[RegisterFile.CS]).isEqualTo(CODE16);
            assertThat(m.flag(Flags.IF)).isTrue();
            assertThat(m.rsp()).isEqualTo(KERNEL_STACK - 6);
            assertThat(m.memory.readShort(m.rsp())).isEqualTo((short) (TEXT + 2));
            assertThat(m.memory.readShort(m.rsp() + 2)).isEqualTo((short) CODE32);
        }
    }

    @Test
    void stackSegmentOfTheTssIsChecked() {
        try (SystemMachine m = SystemMachine.protectedMode(3)) {
            m.legacyGate(0x80, CODE32, USER_GATE32);
            m.legacyGate(10, CODE32, GATE32);
            m.gate(IDT + 8 * 10, TASK_GATE, 0, 0x85, 0);
            m.memory.writeInt(TSS + 8, USER_DATA);
            m.code(0xcd, 0x80).step();
            // #TS needs the same bad stack, so its delivery fails: double fault, then the end.
            assertThat(m.shutdown).contains("vector 10");
        }
    }

    @Test
    void callGateCopiesParametersAndReturnDropsThem() {
        try (SystemMachine m = SystemMachine.protectedMode(3)) {
            m.gate(GDT + FREE, CODE32, HANDLERS, 0xec, 2);
            m.memory.writeInt(USER_STACK, 0x1111);
            m.memory.writeInt(USER_STACK + 4, 0x2222);
            m.codeAt(HANDLERS, 0xca, 8, 0);
            m.code(0x9a, 0, 0, 0, 0, FREE, 0, NOP).step();
            assertThat(m.cpl).isZero();
            assertThat(m.rip()).isEqualTo(HANDLERS);
            int[] frame = {(int) TEXT + 7, USER_CODE32 | 3, 0x1111, 0x2222, (int) USER_STACK, USER_DATA | 3};
            for (int i = 0; i < frame.length; i++) {
                assertThat(m.memory.readInt(m.rsp() + 4 * i)).as("frame " + i).isEqualTo(frame[i]);
            }
            m.step();
            assertThat(m.cpl).isEqualTo(3);
            assertThat(m.rip()).isEqualTo(TEXT + 7);
            assertThat(m.rsp()).isEqualTo(USER_STACK + 8);
        }
    }

    private static void otherTask(SystemMachine m, int cs, int data) {
        GuestMemory memory = m.memory;
        m.descriptor(OTHER_TASK, OTHER_TSS, 0x67, 0x89, 0);
        memory.writeInt(OTHER_TSS + 0x20, (int) HANDLERS);
        memory.writeInt(OTHER_TSS + 0x24, 2 | Flags.CF);
        for (int i = 0; i < 8; i++) {
            memory.writeInt(OTHER_TSS + 0x28 + 4 * i, i == 4 ? 0x70000 : 0x100 + i);
        }
        for (int i = 0; i < 6; i++) {
            memory.writeInt(OTHER_TSS + 0x48 + 4 * i, i == RegisterFile.CS ? cs : data);
        }
    }

    @Test
    void callToTaskAndNestedReturn() {
        try (SystemMachine m = SystemMachine.protectedMode(0)) {
            otherTask(m, CODE32, DATA0);
            m.set64(StateLayout.RBX, 0x4444);
            m.codeAt(HANDLERS, 0xcf);
            m.code(0x9a, 0, 0, 0, 0, OTHER_TASK, 0, NOP).step();
            assertThat(m.rip()).isEqualTo(HANDLERS);
            assertThat(m.get64(StateLayout.RBX)).isEqualTo(0x103);
            assertThat(m.rsp()).isEqualTo(0x70000);
            assertThat(m.rflags()).isEqualTo(2 | Flags.CF | Flags.NT);
            assertThat(m.selector[RegisterFile.TR]).isEqualTo(OTHER_TASK);
            assertThat(m.memory.readShort(OTHER_TSS)).as("link").isEqualTo((short) TASK);
            assertThat(m.memory.readByte(GDT + OTHER_TASK + 5)).as("busy").isEqualTo((byte) 0x8b);
            assertThat(m.memory.readByte(GDT + TASK + 5)).as("still busy").isEqualTo((byte) 0x8b);
            assertThat(m.memory.readInt(TSS + 0x20)).isEqualTo((int) TEXT + 7);
            assertThat(m.cr0 & ControlBits.CR0_TS).isNotZero();
            m.step();
            assertThat(m.rip()).isEqualTo(TEXT + 7);
            assertThat(m.get64(StateLayout.RBX)).isEqualTo(0x4444);
            assertThat(m.selector[RegisterFile.TR]).isEqualTo(TASK);
            assertThat(m.memory.readByte(GDT + OTHER_TASK + 5)).as("available").isEqualTo((byte) 0x89);
            assertThat(m.memory.readInt(OTHER_TSS + 0x24) & Flags.NT).as("NT in the old task").isZero();
        }
    }

    @Test
    void interruptThroughTaskGatePushesErrorCode() {
        try (SystemMachine m = SystemMachine.protectedMode(3)) {
            otherTask(m, CODE32, DATA0);
            m.gate(IDT + 8 * 13, OTHER_TASK, 0, 0x85, 0);
            m.codeAt(HANDLERS, NOP);
            // cli at CPL 3
            m.code(0xfa).step();
            assertThat(m.rip()).isEqualTo(HANDLERS);
            assertThat(m.cpl).isZero();
            assertThat(m.rsp()).isEqualTo(0x70000 - 4);
            assertThat(m.memory.readInt(TSS + 0x20)).isEqualTo((int) TEXT);
        }
    }

    @Test
    void virtual8086EntryAndInterrupt() {
        try (SystemMachine m = SystemMachine.protectedMode(0)) {
            m.legacyGate(13, CODE32, GATE32);
            int[] frame = {5, (int) (TEXT >> 4), 2 | Flags.VM, 0x900, 0x4000, 0x11, 0x22, 0x33, 0x44};
            for (int i = 0; i < frame.length; i++) {
                m.memory.writeInt(KERNEL_STACK + 4 * i, frame[i]);
            }
            // cli in virtual-8086 mode with IOPL 0
            m.codeAt(TEXT + 5, 0xfa);
            m.code(0xcf).step();
            assertThat(m.virtual8086()).isTrue();
            assertThat(m.cpl).isEqualTo(3);
            assertThat(m.rip()).isEqualTo(5);
            assertThat(m.segmentBase(RegisterFile.GS)).isEqualTo(0x440);
            assertThat(m.rsp()).isEqualTo(0x900);
            m.step();
            assertThat(m.virtual8086()).isFalse();
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16);
            assertThat(m.selector[RegisterFile.DS]).isZero();
            int[] pushed = {0, 5, (int) (TEXT >> 4), 2 | Flags.VM | Flags.RF, 0x900, 0x4000, 0x11, 0x22, 0x33, 0x44};
            for (int i = 0; i < pushed.length; i++) {
                assertThat(m.memory.readInt(m.rsp() + 4 * i)).as("frame " + i).isEqualTo(pushed[i]);
            }
        }
    }

    @Test
    void popfKeepsWhatPrivilegeForbids() {
        int everything = 0x7fffffff & ~(Flags.VM | Flags.TF);
        try (SystemMachine m = SystemMachine.protectedMode(3)) {
            m.memory.writeInt(USER_STACK, everything);
            m.code(0x9d, NOP).step();
            int allowed = Flags.STATUS | Flags.DF | Flags.NT | Flags.AC | Flags.ID;
            assertThat(m.rflags()).isEqualTo(2 | allowed);
        }
        try (SystemMachine m = SystemMachine.protectedMode(0)) {
            m.memory.writeInt(KERNEL_STACK, everything);
            m.code(0x9d, NOP).step();
            int allowed = Flags.STATUS | Flags.DF | Flags.NT | Flags.AC | Flags.ID | Flags.IF | Flags.IOPL;
            assertThat(m.rflags()).isEqualTo(2 | allowed);
        }
    }

    @Test
    void ioPermissionBitmap() {
        try (SystemMachine m = SystemMachine.protectedMode(3)) {
            m.legacyGate(13, CODE32, GATE32);
            m.memory.writeShort(TSS + 0x66, (short) 0x68);
            // Ports 0x60 and 0x61 allowed, 0x62 not.
            m.memory.writeByte(TSS + 0x68 + 12, (byte) 0xfc);
            m.code(0xe4, 0x60, 0x66, 0xe5, 0x61);
            m.step();
            assertThat(m.lastPort).isEqualTo(0x60);
            assertThat(m.rip()).isEqualTo(TEXT + 2);
            m.step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16);
            assertThat(m.lastPort).as("0x62 belongs to the word at 0x61").isEqualTo(0x60);
        }
    }

    @Test
    void accessedBitIsWrittenOnlyOnce() {
        try (SystemMachine m = SystemMachine.protectedMode(0)) {
            m.descriptor(FREE, 0x1000, 0xfff, 0x92, 4);
            m.set64(StateLayout.RAX, FREE);
            m.code(0x8e, 0xd8, NOP).step();
            assertThat(m.memory.readByte(GDT + FREE + 5)).isEqualTo((byte) 0x93);
            assertThat(m.access[RegisterFile.DS]).isEqualTo(0x4093);
            assertThat(m.segmentBase(RegisterFile.DS)).isEqualTo(0x1000);
            assertThat(m.limit[RegisterFile.DS]).isEqualTo(0xfff);
        }
    }

    @Test
    void realToProtectedToLongMode() {
        try (SystemMachine m = SystemMachine.real()) {
            m.codeAt(TEXT, 0x0f, 0x22, 0xc0);
            m.setRip(0);
            m.set64(StateLayout.RAX, ControlBits.CR0_PE | ControlBits.CR0_ET);
            m.step();
            assertThat(m.protectedMode()).isTrue();
            assertThat(m.is64()).isFalse();
            // PG without PE, NW without CD, LME with PG but no PAE.
            m.legacyGate(13, CODE32, GATE32);
            m.efer = ControlBits.EFER_LME;
            m.set64(StateLayout.RAX, ControlBits.CR0_PE | ControlBits.CR0_PG);
            m.setRip(0);
            m.step();
            assertThat(m.longMode()).isFalse();
            assertThat(m.cr0 & ControlBits.CR0_PG).isZero();
        }
    }
}
