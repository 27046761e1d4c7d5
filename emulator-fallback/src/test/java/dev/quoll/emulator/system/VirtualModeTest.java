package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.CODE32;
import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.RING0_STACK;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static dev.quoll.emulator.system.SystemMachine.TSS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import org.junit.jupiter.api.Test;

/** Virtual-8086 mode with and without CR4.VME, and protected-mode virtual interrupts (SDM vol. 3, chapter 22). */
class VirtualModeTest {
    private static final int NOP = 0x90;
    private static final int GATE = 0x8e;
    private static final int USER_GATE = 0xee;

    private static SystemMachine machine(boolean extensions, int iopl, int flags) {
        SystemMachine m = SystemMachine.virtualMode();
        for (int vector = 1; vector < 15; vector++) {
            m.legacyGate(vector, CODE32, GATE);
        }
        m.cr4 |= extensions ? ControlBits.CR4_VME : 0;
        m.setRflags(2 | Flags.VM | iopl << 12 | flags);
        // No ports, and no interrupt redirected, unless a test says so.
        m.memory.writeShort(TSS + 0x66, (short) 0x88);
        for (int i = 0; i < 32; i++) {
            m.memory.writeByte(TSS + 0x68 + i, (byte) 0xff);
        }
        m.updateMode();
        return m;
    }

    private static boolean refused(SystemMachine m) {
        if (m.rip() != HANDLERS + 13 * 16) {
            return false;
        }
        assertThat(m.virtual8086()).isFalse();
        assertThat(m.memory.readInt(m.rsp())).isZero();
        assertThat(m.memory.readInt(m.rsp() + 4)).as("IP").isZero();
        return true;
    }

    @Test
    void interruptFlagIsTheMonitorsUnlessIoplIsThree() {
        for (boolean extensions : new boolean[] {false, true}) {
            for (int iopl = 0; iopl < 4; iopl++) {
                for (boolean enable : new boolean[] {false, true}) {
                    for (boolean pending : new boolean[] {false, true}) {
                        int flags = (enable ? 0 : Flags.IF | Flags.VIF) | (pending ? Flags.VIP : 0);
                        try (SystemMachine m = machine(extensions, iopl, flags)) {
                            m.code(enable ? 0xfb : 0xfa, NOP).step();
                            boolean faults = iopl < 3 && (!extensions || enable && pending);
                            assertThat(refused(m)).isEqualTo(faults);
                            if (!faults) {
                                int moved = iopl == 3 ? Flags.IF : Flags.VIF;
                                assertThat(m.rflags() & (Flags.IF | Flags.VIF))
                                        .isEqualTo(enable ? moved : (Flags.IF | Flags.VIF) & ~moved);
                            }
                        }
                    }
                }
            }
        }
    }

    @Test
    void pushfShowsVirtualInterruptFlagForInterruptFlag() {
        for (boolean extensions : new boolean[] {false, true}) {
            for (int iopl : new int[] {0, 2, 3}) {
                for (boolean wide : new boolean[] {false, true}) {
                    try (SystemMachine m = machine(extensions, iopl, Flags.VIF | Flags.CF)) {
                        m.code(wide ? 0x66 : NOP, 0x9c, NOP);
                        m.setRip(wide ? 0 : 1);
                        m.step();
                        boolean faults = iopl < 3 && (!extensions || wide);
                        assertThat(m.rip() == HANDLERS + 13 * 16).isEqualTo(faults);
                        if (!faults) {
                            int pushed = m.memory.readShort(0x8000 - (wide ? 4 : 2)) & 0xffff;
                            assertThat(pushed).isEqualTo(2 | Flags.CF | Flags.IOPL | (iopl < 3 ? Flags.IF : 0));
                        }
                    }
                }
            }
        }
    }

    @Test
    void popfMovesVirtualInterruptFlag() {
        // Extensions, IOPL, image, VIP; faults?
        Object[][] cases = {
            {false, 0, 0, false, true}, {true, 0, Flags.IF, false, false}, {true, 0, Flags.IF, true, true},
            {true, 0, Flags.TF, false, true}, {true, 0, 0, true, false}, {true, 3, Flags.IF, true, false},
            {false, 3, Flags.IF | Flags.CF, false, false}
        };
        for (Object[] each : cases) {
            int iopl = (int) each[1];
            int image = (int) each[2];
            try (SystemMachine m = machine((boolean) each[0], iopl, (boolean) each[3] ? Flags.VIP : 0)) {
                m.memory.writeShort(0x8000, (short) image);
                m.code(0x9d, NOP).step();
                assertThat(refused(m)).isEqualTo(each[4]);
                if (!(boolean) each[4]) {
                    int opened = (image & Flags.IF) == 0 ? 0 : iopl == 3 ? Flags.IF : Flags.VIF;
                    assertThat(m.rflags() & (Flags.IF | Flags.VIF)).isEqualTo(opened);
                    assertThat(m.rflags() >>> 12 & 3).as("IOPL stays").isEqualTo(iopl);
                }
            }
        }
    }

    @Test
    void softwareInterruptsByIoplAndRedirection() {
        for (int iopl = 0; iopl < 4; iopl += 3) {
            for (boolean extensions : new boolean[] {false, true}) {
                for (boolean redirected : new boolean[] {false, true}) {
                    try (SystemMachine m = machine(extensions, iopl, Flags.VIF | Flags.IF)) {
                        m.legacyGate(0x21, CODE32, USER_GATE);
                        m.memory.writeInt(4 * 0x21, 0x2900_0005);
                        if (redirected) {
                            m.memory.writeByte(TSS + 0x68 + 4, (byte) 0xfd);
                        }
                        m.code(0xcd, 0x21).step();
                        if (extensions && redirected) {
                            assertThat(m.virtual8086()).isTrue();
                            assertThat(m.segmentBase(RegisterFile.CS)).isEqualTo(0x29000);
                            assertThat(m.rip()).isEqualTo(5);
                            int pushed = m.memory.readShort(0x7ffe) & 0xffff;
                            assertThat(pushed).isEqualTo(2 | Flags.IOPL | Flags.IF);
                            assertThat(m.rflags() & (iopl == 3 ? Flags.IF : Flags.VIF)).as("masked").isZero();
                            assertThat(m.memory.readShort(0x7ffa)).isEqualTo((short) 2);
                        } else if (iopl < 3) {
                            assertThat(refused(m)).isTrue();
                        } else {
                            assertThat(m.rip()).isEqualTo(HANDLERS + 16 * 0x21);
                            assertThat(m.rsp()).isEqualTo(RING0_STACK - 36);
                            assertThat(m.memory.readInt(m.rsp())).isEqualTo(2);
                        }
                    }
                }
            }
        }
    }

    @Test
    void breakpointAndOverflowAskForTheGatesLevelOnly() {
        int[][] instructions = {{0xcc, 3}, {0xce, 4}};
        for (int[] each : instructions) {
            for (int gate : new int[] {GATE, USER_GATE}) {
                try (SystemMachine m = machine(false, 0, Flags.OF)) {
                    m.setArithmeticFlags(Flags.OF);
                    m.legacyGate(each[1], CODE32, gate);
                    m.code(each[0]).step();
                    if (gate == USER_GATE) {
                        assertThat(m.rip()).isEqualTo(HANDLERS + 16 * each[1]);
                        assertThat(m.memory.readInt(m.rsp())).isEqualTo(1);
                    } else {
                        assertThat(m.rip()).isEqualTo(HANDLERS + 16 * 13);
                        assertThat(m.memory.readInt(m.rsp())).isEqualTo(each[1] << 3 | 2);
                    }
                }
            }
        }
    }

    @Test
    void returnMovesVirtualInterruptFlag() {
        for (boolean extensions : new boolean[] {false, true}) {
            for (int iopl : new int[] {0, 3}) {
                for (boolean wide : new boolean[] {false, true}) {
                    try (SystemMachine m = machine(extensions, iopl, 0)) {
                        int size = wide ? 4 : 2;
                        long[] frame = {0x20, 0x3000, 2 | Flags.IF | Flags.CF};
                        for (int i = 0; i < 3; i++) {
                            m.memory.writeInt(0x8000 + size * i, (int) frame[i]);
                        }
                        m.code(wide ? 0x66 : NOP, 0xcf);
                        m.setRip(wide ? 0 : 1);
                        m.step();
                        boolean faults = iopl < 3 && (!extensions || wide);
                        assertThat(m.rip() == HANDLERS + 13 * 16).isEqualTo(faults);
                        if (!faults) {
                            assertThat(m.virtual8086()).isTrue();
                            assertThat(m.rip()).isEqualTo(0x20);
                            assertThat(m.rflags() & (Flags.IF | Flags.VIF | Flags.CF))
                                    .isEqualTo(Flags.CF | (iopl == 3 ? Flags.IF : Flags.VIF));
                            assertThat(m.rsp()).isEqualTo(0x8000 + 3 * size);
                        }
                    }
                }
            }
        }
    }

    @Test
    void segmentsAreParagraphsWithFixedLimits() {
        try (SystemMachine m = machine(false, 0, 0)) {
            m.set64(StateLayout.RAX, 0x1234);
            m.set64(StateLayout.RBX, 0xffff);
            // mov es, ax; mov al, es:[bx]; mov ax, es:[bx]
            m.code(0x8e, 0xc0, 0x26, 0x8a, 0x07, 0x26, 0x8b, 0x07);
            m.step();
            assertThat(m.segmentBase(RegisterFile.ES)).isEqualTo(0x12340);
            assertThat(m.limit[RegisterFile.ES]).isEqualTo(0xffff);
            m.step();
            assertThat(m.rip()).isEqualTo(5);
            m.step();
            assertThat(m.rip()).as("a word at the last byte").isEqualTo(HANDLERS + 13 * 16);
        }
    }

    @Test
    void exceptionsPushTheDataSegmentsAndClearThem() {
        try (SystemMachine m = machine(false, 0, 0)) {
            for (int segment : new int[] {RegisterFile.ES, RegisterFile.DS, RegisterFile.FS, RegisterFile.GS}) {
                SegmentLoader.commitVirtual8086(m, segment, 0x100 * segment + 1);
            }
            m.updateMode();
            m.code(0x0f, 0x0b).step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 6 * 16);
            int[] frame = {0, (int) (TEXT >> 4), 2 | Flags.VM | Flags.RF, 0x8000, 0, 1, 0x301, 0x401, 0x501};
            for (int i = 0; i < frame.length; i++) {
                assertThat(m.memory.readInt(m.rsp() + 4 * i)).as("slot %d", i).isEqualTo(frame[i]);
            }
            for (int segment : new int[] {RegisterFile.ES, RegisterFile.DS, RegisterFile.FS, RegisterFile.GS}) {
                assertThat(m.access[segment]).isEqualTo(RegisterFile.UNUSABLE);
            }
        }
        // A handler at another level than 0 cannot be entered.
        try (SystemMachine m = machine(false, 0, 0)) {
            m.legacyGate(6, SystemMachine.USER_CODE32 | 3, GATE);
            m.code(0x0f, 0x0b).step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16);
            assertThat(m.memory.readInt(m.rsp())).isEqualTo(SystemMachine.USER_CODE32 | 1);
        }
    }

    @Test
    void protectedModeVirtualInterrupts() {
        for (boolean enable : new boolean[] {false, true}) {
            for (boolean pending : new boolean[] {false, true}) {
                try (SystemMachine m = SystemMachine.protectedMode(3)) {
                    m.legacyGate(13, CODE32, GATE);
                    m.cr4 |= ControlBits.CR4_PVI;
                    m.setRflags(2 | (enable ? 0 : Flags.VIF) | (pending ? Flags.VIP : 0));
                    m.updateMode();
                    m.code(enable ? 0xfb : 0xfa, NOP).step();
                    assertThat(m.rip() == HANDLERS + 13 * 16).isEqualTo(enable && pending);
                    if (!(enable && pending)) {
                        assertThat(m.flag(Flags.VIF)).isEqualTo(enable);
                        assertThat(m.flag(Flags.IF)).isFalse();
                    }
                }
            }
        }
    }
}
