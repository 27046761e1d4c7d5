package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.PAGE;
import static dev.quoll.emulator.system.SystemMachine.TABLES;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.machine.MsrTable;
import org.junit.jupiter.api.Test;

class ControlRegisterTest {
    private static final long GP_HANDLER = HANDLERS + 13 * 16;
    private static final int[] TO_CR0 = {0x0f, 0x22, 0xc0};
    private static final int[] TO_CR3 = {0x0f, 0x22, 0xd8};
    private static final int[] TO_CR4 = {0x0f, 0x22, 0xe0};
    private static final int[] TO_CR8 = {0x44, 0x0f, 0x22, 0xc0};
    private static final int[] TO_DR7 = {0x0f, 0x23, 0xf8};
    private static final int[] WRITE_MSR = {0x0f, 0x30};

    /** Runs an instruction with a value in RAX at CPL 0; false when it raises #GP(0). */
    private static boolean accepts(SystemMachine m, int[] instruction, long value) {
        m.longGate(13, 0x8e, 0);
        m.set64(StateLayout.RAX, value);
        m.setRip(TEXT);
        m.code(instruction).step();
        boolean faulted = m.rip() == GP_HANDLER;
        assertThat(faulted || m.rip() == TEXT + instruction.length).isTrue();
        return !faulted;
    }

    @Test
    void cr0Combinations() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            long old = m.cr0;
            assertThat(accepts(m, TO_CR0, old & ~ControlBits.CR0_PG)).as("PG cleared in 64-bit code").isFalse();
            assertThat(accepts(m, TO_CR0, old & ~ControlBits.CR0_PE)).as("PG without PE").isFalse();
            assertThat(accepts(m, TO_CR0, old | ControlBits.CR0_NW)).as("NW without CD").isFalse();
            assertThat(accepts(m, TO_CR0, old | 1L << 32)).as("bit 32").isFalse();
            assertThat(m.cr0).isEqualTo(old);
            assertThat(accepts(m, TO_CR0, old | ControlBits.CR0_TS)).isTrue();
            assertThat(m.cr0).isEqualTo(old | ControlBits.CR0_TS);
        }
    }

    @Test
    void cr3AndCr4AndCr8() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            assertThat(accepts(m, TO_CR3, TABLES | 1L << 40)).as("beyond the address width").isFalse();
            assertThat(accepts(m, TO_CR3, TABLES | 1L << 63)).as("bit 63 without PCIDE").isFalse();
            assertThat(accepts(m, TO_CR4, 0)).as("PAE cleared in long mode").isFalse();
            assertThat(accepts(m, TO_CR4, m.cr4 | 1L << 31)).as("reserved bit").isFalse();
            assertThat(accepts(m, TO_CR4, m.cr4 | ControlBits.CR4_PCIDE)).isTrue();
            assertThat(accepts(m, TO_CR3, TABLES | 5 | 1L << 63)).isTrue();
            assertThat(m.cr3).isEqualTo(TABLES | 5);
            assertThat(accepts(m, TO_CR8, 16)).isFalse();
            assertThat(accepts(m, TO_CR8, 9)).isTrue();
            assertThat(m.priority).isEqualTo(9);
            assertThat(accepts(m, TO_DR7, 1L << 32)).isFalse();
        }
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.cr3 |= 0x18;
            assertThat(accepts(m, TO_CR4, m.cr4 | ControlBits.CR4_PCIDE)).as("PCIDE while CR3[11:0] is not 0").isFalse();
        }
    }

    @Test
    void fiveLevelPagingIsChosenOutsideLongMode() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.extraCr4 = ControlBits.CR4_LA57;
            assertThat(accepts(m, TO_CR4, m.cr4 | ControlBits.CR4_LA57)).as("in long mode").isFalse();
            m.set64(StateLayout.RCX, MsrTable.LSTAR & 0xffffffffL);
            m.set64(StateLayout.RDX, 0x0080_0000);
            assertThat(accepts(m, WRITE_MSR, 0)).as("bases may be as wide as the processor can").isTrue();
            assertThat(m.lstar).isEqualTo(1L << 55);
            m.set64(StateLayout.RDX, 0x0100_0000);
            assertThat(accepts(m, WRITE_MSR, 0)).isFalse();
        }
        try (SystemMachine m = SystemMachine.longMode(0)) {
            assertThat(accepts(m, TO_CR4, m.cr4 | ControlBits.CR4_LA57)).as("no such bit").isFalse();
        }
    }

    @Test
    void invalidationByPcidChecksItsDescriptor() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(13, 0x8e, 0);
            // Type, first and second quadword; whether it is accepted with PCIDE clear, and with PCIDE set.
            long[][] rows = {
                {0, 0, 0, 1, 1}, {0, 1, 0, 0, 1}, {0, 0xfff, 0, 0, 1}, {0, 0x1000, 0, 0, 0}, {0, 1L << 63, 0, 0, 0},
                {0, 0, 1L << 47, 0, 0}, {0, 0, -(1L << 47), 1, 1}, {0, 0, (1L << 47) - 1, 1, 1},
                {1, 0, 0, 1, 1}, {1, 5, 0, 0, 1}, {1, 0x1000, 0, 0, 0}, {1, 0, 1L << 47, 1, 1},
                {2, 0, 0, 1, 1}, {2, 5, 1L << 47, 1, 1}, {2, 0x1000, 0, 0, 0},
                {3, 0, 0, 1, 1}, {3, 5, 1L << 47, 1, 1}, {3, 0x1000, 0, 0, 0},
                {4, 0, 0, 0, 0}, {-1, 0, 0, 0, 0}, {1L << 32, 0, 0, 0, 0}
            };
            for (int tagged = 0; tagged < 2; tagged++) {
                m.cr4 = ControlBits.CR4_PAE | (tagged == 1 ? ControlBits.CR4_PCIDE : 0);
                m.flushAll();
                m.updateMode();
                for (long[] row : rows) {
                    m.memory.writeLong(0x40000, row[1]);
                    m.memory.writeLong(0x40008, row[2]);
                    m.set64(StateLayout.RBX, 0x40000);
                    // invpcid rax,[rbx]
                    assertThat(accepts(m, new int[] {0x66, 0x0f, 0x38, 0x82, 0x03}, row[0]))
                            .as("type %d descriptor %x %x tagged %d", row[0], row[1], row[2], tagged)
                            .isEqualTo(row[3 + tagged] != 0);
                }
            }
        }
    }

    @Test
    void modelSpecificRegisters() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.set64(StateLayout.RCX, MsrTable.LSTAR & 0xffffffffL);
            m.set64(StateLayout.RDX, 0x8000);
            assertThat(accepts(m, WRITE_MSR, 0)).as("non-canonical").isFalse();
            m.set64(StateLayout.RDX, 0xffff8000L);
            assertThat(accepts(m, WRITE_MSR, 0x1234)).isTrue();
            assertThat(m.lstar).isEqualTo(0xffff800000001234L);
            m.set64(StateLayout.RCX, MsrTable.EFER & 0xffffffffL);
            m.set64(StateLayout.RDX, 0);
            assertThat(accepts(m, WRITE_MSR, m.efer & ~ControlBits.EFER_LME)).as("LME while paging").isFalse();
            assertThat(accepts(m, WRITE_MSR, m.efer | 1 << 1)).as("reserved").isFalse();
            assertThat(accepts(m, WRITE_MSR, m.efer & ~ControlBits.EFER_LMA)).isTrue();
            assertThat(m.longMode()).as("LMA is read-only").isTrue();
            m.set64(StateLayout.RCX, 0x12345);
            assertThat(accepts(m, WRITE_MSR, 0)).as("unknown").isFalse();
            m.set64(StateLayout.RCX, 0x10);
            assertThat(accepts(m, WRITE_MSR, 0)).as("the platform's").isTrue();
        }
    }

    @Test
    void swapgsAndBases() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.setSegmentBase(RegisterFile.GS, 0x1000);
            m.kernelGsBase = 0x2000;
            m.code(0x0f, 0x01, 0xf8).step();
            assertThat(m.segmentBase(RegisterFile.GS)).isEqualTo(0x2000);
            assertThat(m.kernelGsBase).isEqualTo(0x1000);
        }
        try (SystemMachine m = SystemMachine.longMode(3)) {
            m.longGate(13, 0x8e, 0);
            m.code(0x0f, 0x01, 0xf8).step();
            assertThat(m.rip()).as("privileged").isEqualTo(GP_HANDLER);
        }
        try (SystemMachine m = SystemMachine.longMode(3)) {
            m.longGate(6, 0x8e, 0);
            m.cr4 |= ControlBits.CR4_FSGSBASE;
            m.set64(StateLayout.RAX, 0x7777);
            // wrfsbase rax
            m.code(0xf3, 0x48, 0x0f, 0xae, 0xd0).step();
            assertThat(m.segmentBase(RegisterFile.FS)).isEqualTo(0x7777);
            m.cr4 &= ~ControlBits.CR4_FSGSBASE;
            m.setRip(TEXT);
            m.step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 6 * 16);
        }
    }

    @Test
    void invlpgDropsAGlobalPageAndMovCr3Keeps() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            long other = PAGE + 0x1000;
            m.memory.writeInt(PAGE, 1);
            m.memory.writeInt(other, 2);
            m.cr4 |= ControlBits.CR4_PGE;
            m.pageEntry(PAGE | 0x107);
            m.flushAll();
            int[] load = {0x8b, 0x04, 0x25, 0, 0, 0xa0, 0};
            assertThat(loaded(m, load)).isEqualTo(1);
            m.pageEntry(other | 0x107);
            assertThat(accepts(m, TO_CR3, TABLES)).isTrue();
            assertThat(loaded(m, load)).as("global entry survives MOV CR3").isEqualTo(1);
            // invlpg [PAGE]
            m.setRip(TEXT);
            m.code(0x0f, 0x01, 0x3c, 0x25, 0, 0, 0xa0, 0).step();
            assertThat(loaded(m, load)).isEqualTo(2);
        }
    }

    private static long loaded(SystemMachine m, int[] load) {
        m.setRip(TEXT);
        m.code(load).step();
        return m.rax();
    }

    @Test
    void userModeInstructionPrevention() {
        // sgdt, sidt, sldt, str, smsw
        int[][] instructions = {
            {0x0f, 0x01, 0x04, 0x25, 0, 0, 0xa0, 0},
            {0x0f, 0x01, 0x0c, 0x25, 0, 0, 0xa0, 0},
            {0x0f, 0x00, 0xc0},
            {0x0f, 0x00, 0xc8},
            {0x0f, 0x01, 0xe0}
        };
        for (int[] instruction : instructions) {
            for (boolean prevented : new boolean[] {false, true}) {
                try (SystemMachine m = SystemMachine.longMode(3)) {
                    m.longGate(13, 0x8e, 0);
                    m.cr4 |= prevented ? ControlBits.CR4_UMIP : 0;
                    m.code(instruction).step();
                    assertThat(m.rip()).isEqualTo(prevented ? GP_HANDLER : TEXT + instruction.length);
                }
            }
        }
    }
}
