package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.CODE32;
import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.PAGE;
import static dev.quoll.emulator.system.SystemMachine.TABLES;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import org.junit.jupiter.api.Test;

/** Where instructions may come from: RAM, devices, nowhere, and within the code segment's limit. */
class CodeFetchTest {
    /** Physical space behind RAM, mapped as a second page behind {@link SystemMachine#PAGE}. */
    private static final long OUTSIDE = 0x80_0000_0000L;

    private static SystemMachine mapped() {
        SystemMachine m = SystemMachine.longMode(0);
        m.longGate(6, 0x8e, 0);
        m.longGate(14, 0x8e, 0);
        m.memory.writeLong(TABLES + 0x3000 + 8, OUTSIDE | 7);
        m.memory.writeLong(TABLES + 0x3000 + 16, OUTSIDE + 0x1000 | 7);
        m.flushAll();
        return m;
    }

    private static SystemMachine withDevice(int... bytes) {
        SystemMachine m = mapped();
        m.onRead = address -> address - OUTSIDE < bytes.length ? bytes[(int) (address - OUTSIDE)] : 0xff;
        return m;
    }

    @Test
    void nobodyAnswersWithOnesWhichAreNoInstruction() {
        try (SystemMachine m = mapped()) {
            m.setRip(PAGE + 0x1000);
            m.run();
            assertThat(m.rip()).isEqualTo(HANDLERS + 6 * 16 + 1);
            assertThat(m.memory.readLong(m.rsp())).isEqualTo(PAGE + 0x1000);
        }
    }

    @Test
    void codeRunsInADevice() {
        // mov ecx, 5; loop: inc eax; dec ecx; jnz loop; jmp PAGE + 0x10
        int[] code = {0xb9, 5, 0, 0, 0, 0xff, 0xc0, 0xff, 0xc9, 0x75, 0xfa, 0xe9, 0, 0, 0, 0};
        int back = 0x10 - 0x1000 - code.length;
        for (int i = 0; i < 4; i++) {
            code[12 + i] = back >> 8 * i & 0xff;
        }
        for (boolean stepped : new boolean[] {false, true}) {
            try (SystemMachine m = withDevice(code)) {
                m.codeAt(PAGE + 0x10, 0xf4);
                m.setRip(PAGE + 0x1000);
                for (int i = 0; stepped && i < 1 + 3 * 5 + 1; i++) {
                    m.step();
                }
                m.run();
                assertThat(m.rax()).isEqualTo(5);
                assertThat(m.rip()).isEqualTo(PAGE + 0x11);
            }
        }
    }

    @Test
    void aDeviceThatChangesIsFetchedAnew() {
        try (SystemMachine m = mapped()) {
            int[] reads = new int[1];
            // mov al, n; jmp back. The operand counts the fetches; at 3 comes HLT.
            m.onRead = address -> switch ((int) (address - OUTSIDE)) {
                case 0 -> reads[0] == 3 ? 0xf4 : 0xb0;
                case 1 -> reads[0]++;
                case 2 -> 0xeb;
                default -> 0xfc;
            };
            m.setRip(PAGE + 0x1000);
            m.run();
            assertThat(m.rax()).isEqualTo(2);
            assertThat(reads[0]).as("no byte is fetched twice").isEqualTo(3);
        }
    }

    @Test
    void instructionOverTheBorderOfRamAndDevice() {
        for (boolean stepped : new boolean[] {false, true}) {
            try (SystemMachine m = withDevice(0x34, 0x12, 0, 0, 0xf4)) {
                m.codeAt(PAGE + 0xfff, 0xb8);
                m.setRip(PAGE + 0xfff);
                if (stepped) {
                    m.step();
                }
                m.run();
                assertThat(m.rax()).isEqualTo(0x1234);
                assertThat(m.rip()).isEqualTo(PAGE + 0x1005);
            }
        }
    }

    @Test
    void instructionOverTheBorderOfDeviceAndNothing() {
        try (SystemMachine m = mapped()) {
            m.memory.writeLong(TABLES + 0x3000 + 16, 0);
            m.onRead = address -> 0xb8;
            m.setRip(PAGE + 0x1fff);
            m.run();
            assertThat(m.rip()).isEqualTo(HANDLERS + 14 * 16 + 1);
            assertThat(m.cr2).isEqualTo(PAGE + 0x2000);
            assertThat(m.memory.readLong(m.rsp() + 8)).isEqualTo(PAGE + 0x1fff);
        }
    }

    /** A loop within one page that has run under a large limit meets a smaller one. */
    @Test
    void linksWithinAPageKnowTheLimitOfTheSegment() {
        try (SystemMachine m = SystemMachine.protectedMode(0)) {
            m.legacyGate(13, CODE32, 0x8e);
            // dec ecx; jz +0x40 -> hlt; jmp +0x100; there: inc eax; jmp back
            m.codeAt(TEXT, 0x49, 0x74, 0x40, 0xe9, 0xf8, 0, 0, 0);
            m.codeAt(TEXT + 0x43, 0xf4);
            m.codeAt(TEXT + 0x100, 0x40, 0xe9, 0xfa, 0xfe, 0xff, 0xff);
            for (long limit : new long[] {TEXT + 0xffff, TEXT + 0x1ff, TEXT + 0x105, 0xffffffffL}) {
                limit(m, limit);
                assertThat(m.rip()).as("limit 0x%x", limit).isEqualTo(TEXT + 0x44);
                assertThat(m.rax()).isEqualTo(9);
            }
            limit(m, TEXT + 0x104);
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16 + 1);
            assertThat(m.memory.readInt(m.rsp() + 4)).as("the second jump's last byte").isEqualTo((int) TEXT + 0x101);
            limit(m, TEXT + 0xff);
            assertThat(m.rip()).isEqualTo(HANDLERS + 13 * 16 + 1);
            assertThat(m.memory.readInt(m.rsp() + 4)).as("the jump itself").isEqualTo((int) TEXT + 3);
            limit(m, TEXT + 0x42);
            assertThat(m.memory.readInt(m.rsp() + 4)).isEqualTo((int) TEXT + 3);
        }
    }

    private static void limit(SystemMachine m, long limit) {
        m.limit[RegisterFile.CS] = limit;
        m.selector[RegisterFile.CS] = CODE32;
        m.updateMode();
        m.set64(StateLayout.RSP, SystemMachine.KERNEL_STACK);
        m.set64(StateLayout.RAX, 0);
        m.set64(StateLayout.RCX, 10);
        m.setRip(TEXT);
        m.run();
    }
}
