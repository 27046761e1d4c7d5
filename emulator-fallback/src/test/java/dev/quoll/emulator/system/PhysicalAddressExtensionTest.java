package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.StateLayout;
import org.junit.jupiter.api.Test;

/** PAE paging outside long mode: four directory pointers that MOV to a control register loads (SDM vol. 3, 4.4.1). */
class PhysicalAddressExtensionTest {
    private static final long POINTERS = 0x6000;
    private static final long OTHER_POINTERS = 0x6020;
    private static final long DIRECTORY = 0x7000;
    private static final int[] TO_CR0 = {0x0f, 0x22, 0xc0};
    private static final int[] TO_CR3 = {0x0f, 0x22, 0xd8};
    private static final int[] TO_CR4 = {0x0f, 0x22, 0xe0};

    /** Identity-mapped, before CR0.PG is set. */
    private static SystemMachine machine() {
        SystemMachine m = SystemMachine.protectedMode(0);
        m.legacyGate(13, SystemMachine.CODE32, 0x8e);
        for (int i = 0; i < 8; i++) {
            m.memory.writeLong(DIRECTORY + 8 * i, (long) i << 21 | 0x83);
        }
        m.memory.writeLong(POINTERS, DIRECTORY | 1);
        m.memory.writeLong(OTHER_POINTERS, DIRECTORY | 1);
        m.cr3 = POINTERS;
        m.cr4 = ControlBits.CR4_PAE;
        return m;
    }

    private static boolean accepts(SystemMachine m, int[] instruction, long value) {
        m.set64(StateLayout.RAX, value);
        m.setRip(TEXT);
        m.code(instruction).step();
        boolean faulted = m.rip() == HANDLERS + 13 * 16;
        assertThat(faulted || m.rip() == TEXT + instruction.length).isTrue();
        return !faulted;
    }

    @Test
    void settingPagingChecksThem() {
        try (SystemMachine m = machine()) {
            m.memory.writeLong(POINTERS + 24, 0x8000 | 3);
            assertThat(accepts(m, TO_CR0, m.cr0 | ControlBits.CR0_PG)).isFalse();
            assertThat(m.cr0 & ControlBits.CR0_PG).isZero();
            m.memory.writeLong(POINTERS + 24, 0x8000 | 2);
            assertThat(accepts(m, TO_CR0, m.cr0 | ControlBits.CR0_PG)).as("not present: nothing reserved").isTrue();
        }
    }

    @Test
    void theyAreRegistersAndNotMemory() {
        try (SystemMachine m = machine()) {
            assertThat(accepts(m, TO_CR0, m.cr0 | ControlBits.CR0_PG)).isTrue();
            m.memory.writeLong(POINTERS, 0);
            m.flushAll();
            // mov eax,[TEXT]
            m.setRip(TEXT);
            m.code(0xa1, 0, 0, 3, 0).step();
            assertThat(m.rip()).isEqualTo(TEXT + 5);
            assertThat(accepts(m, TO_CR3, OTHER_POINTERS)).isTrue();
            m.memory.writeLong(OTHER_POINTERS, 0);
            assertThat(accepts(m, TO_CR4, m.cr4 | ControlBits.CR4_TSD)).as("no reload").isTrue();
            m.memory.writeLong(OTHER_POINTERS, DIRECTORY | 1 | 1L << 40);
            assertThat(accepts(m, TO_CR4, m.cr4 | ControlBits.CR4_PGE)).as("reload").isFalse();
            assertThat(m.cr4 & ControlBits.CR4_PGE).isZero();
            assertThat(accepts(m, TO_CR0, m.cr0 | ControlBits.CR0_CD)).as("reload").isFalse();
            long old = m.cr3;
            assertThat(accepts(m, TO_CR3, OTHER_POINTERS)).isFalse();
            assertThat(m.cr3).isEqualTo(old);
            assertThat(accepts(m, TO_CR3, POINTERS)).as("nothing there: the next fetch faults").isTrue();
        }
    }

    @Test
    void bitsAboveTheAddressAreReservedUpToBit62() {
        for (int bit = 40; bit < 63; bit++) {
            try (SystemMachine m = machine()) {
                m.legacyGate(14, SystemMachine.CODE32, 0x8e);
                m.cr0 |= ControlBits.CR0_PG;
                m.memory.writeLong(DIRECTORY + 8 * 5, 5L << 21 | 0x83 | 1L << bit);
                m.updateMode();
                // mov eax,[0xa00000]
                m.code(0xa1, 0, 0, 0xa0, 0).step();
                assertThat(m.rip()).as("bit %d", bit).isEqualTo(HANDLERS + 14 * 16);
                assertThat(m.memory.readInt(m.rsp())).isEqualTo(9);
            }
        }
    }
}
