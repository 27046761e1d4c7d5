package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.IDT;
import static dev.quoll.emulator.system.SystemMachine.PAGE;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.GuestFault;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Exceptions on the way to an exception's handler (SDM vol. 3, table 6-5; APM vol. 2, table 8-5). */
class NestedFaultTest {
    private static final int GATE = 0x8e;
    private static final int DOUBLE_FAULT = 8;

    /** Instructions at {@link SystemMachine#TEXT} that raise each vector, with what they need. */
    private static void raise(SystemMachine m, int vector) {
        switch (vector) {
            case 0 -> m.code(0xf6, 0xf1);
            case 1 -> m.code(0xf1);
            case 3 -> m.code(0xcc);
            case 6 -> m.code(0x0f, 0x0b);
            case 11 -> {
                m.descriptor(SystemMachine.FREE, 0, 0xfffff, 0x13, 0xc);
                m.set64(0, SystemMachine.FREE);
                m.code(0x8e, 0xd8);
            }
            case 12 -> {
                m.descriptor(SystemMachine.FREE, 0, 0xfffff, 0x13, 0xc);
                m.set64(0, SystemMachine.FREE);
                m.code(0x8e, 0xd0);
            }
            case 13 -> {
                m.set64(0, 0xfff8);
                m.code(0x8e, 0xd8);
            }
            default -> {
                m.pageEntry(0);
                m.flushAll();
                m.code(0x8a, 0x04, 0x25, 0, 0, 0xa0, 0);
            }
        }
    }

    /** Makes the delivery of a vector raise another one. */
    private static void breakGate(SystemMachine m, int vector, int with) {
        switch (with) {
            case 10 -> m.longGate(vector, GATE, 7);
            case 11 -> m.longGate(vector, GATE & 0x7f, 1);
            case 12 -> {
                m.longGate(vector, GATE, 2);
                m.memory.writeLong(SystemMachine.TSS + 0x2c, 1L << 47);
            }
            case 13 -> m.longGate(vector, 0x85, 1);
            default -> {
                m.longGate(vector, GATE, 2);
                m.pageEntry(0);
                m.flushAll();
                m.memory.writeLong(SystemMachine.TSS + 0x2c, PAGE + 0x800);
            }
        }
    }

    private static boolean contributory(int vector) {
        return vector == 0 || vector >= 10 && vector <= 13;
    }

    private static SystemMachine machine() {
        SystemMachine m = SystemMachine.longMode(0);
        for (int vector = 0; vector < 20; vector++) {
            m.longGate(vector, GATE, 1);
        }
        m.limit[RegisterFile.TR] = 0x24 + 8 * 6 - 1;
        return m;
    }

    @Test
    void everyPairOfExceptions() {
        for (int first : new int[] {0, 1, 3, 6, 11, 12, 13, 14}) {
            for (int second : new int[] {10, 11, 12, 13, 14}) {
                if (first == second && first != 14) {
                    // The broken gate would break the second delivery too: that is the triple fault, below.
                    continue;
                }
                try (SystemMachine m = machine()) {
                    breakGate(m, first, second);
                    raise(m, first);
                    m.step();
                    boolean twice = first == 14
                            ? second == 14 || contributory(second)
                            : contributory(first) && contributory(second);
                    String name = "%d, then %d".formatted(first, second);
                    assertThat(m.shutdown).as(name).isNull();
                    assertThat(m.rip()).as(name).isEqualTo(HANDLERS + 16L * (twice ? DOUBLE_FAULT : second));
                    if (twice) {
                        assertThat(m.memory.readLong(m.rsp())).as("error code of #DF, " + name).isZero();
                    }
                    assertThat(m.memory.readLong(m.rsp() + 8)).as("RIP, " + name).isEqualTo(TEXT);
                }
            }
        }
    }

    /** #AC of the delivery of #AC, and so on, on a processor too; but a processor hears NMI, INIT and the rest. */
    @Test
    @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void endlessBenignFaultsHearEvents() {
        try (SystemMachine m = SystemMachine.protectedMode(3)) {
            m.legacyGate(6, SystemMachine.USER_CODE32, 0xee);
            m.legacyGate(17, SystemMachine.USER_CODE32, 0xee);
            m.cr0 |= ControlBits.CR0_AM;
            m.setFlag(Flags.AC, true);
            m.set64(StateLayout.RSP, SystemMachine.USER_STACK - 2);
            m.updateMode();
            m.code(0x0f, 0x0b);
            for (int round = 0; round < 3; round++) {
                m.step();
                assertThat(m.shutdown).isNull();
                assertThat(m.rip()).as("the instruction raises its fault again").isEqualTo(TEXT);
                assertThat(m.rsp()).isEqualTo(SystemMachine.USER_STACK - 2);
            }
        }
    }

    @Test
    void anythingOnTheWayToADoubleFaultShutsDown() {
        for (int third : new int[] {10, 11, 12, 13, 14}) {
            try (SystemMachine m = machine()) {
                breakGate(m, 13, 11);
                breakGate(m, DOUBLE_FAULT, third);
                raise(m, 13);
                m.step();
                assertThat(m.shutdown).as("%d", third).contains("triple fault").contains("vector 13");
            }
        }
    }

    @Test
    void externalEventsAreBenign() {
        // An interrupt whose gate is broken: the fault itself comes, with EXT, no double fault.
        for (int second : new int[] {10, 11, 13, 14}) {
            try (SystemMachine m = machine()) {
                breakGate(m, 0x50, second);
                m.setFlag(Flags.IF, true);
                m.code(0x90);
                m.interrupt(0x50);
                m.step();
                assertThat(m.rip()).isEqualTo(HANDLERS + 16L * second);
                long error = m.memory.readLong(m.rsp());
                assertThat(error).isEqualTo(second == 14 ? 2 : second == 10 ? SystemMachine.TASK | 1 : 0x50 << 3 | 3);
            }
        }
    }

    @Test
    void errorCodesTellInternalFromExternal() {
        // INT n is software: no EXT.
        try (SystemMachine m = machine()) {
            breakGate(m, 0x50, 11);
            m.code(0xcd, 0x50).step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 16 * 11);
            assertThat(m.memory.readLong(m.rsp())).isEqualTo(0x50 << 3 | 2);
        }
        // A fault of the processor's own, and its handler's code segment absent.
        try (SystemMachine m = machine()) {
            m.gate(IDT + 16 * 6, SystemMachine.FREE, HANDLERS, GATE, 1);
            m.descriptor(SystemMachine.FREE, 0, 0xfffff, 0x1b, 0xa);
            m.code(0x0f, 0x0b).step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 16 * 11);
            assertThat(m.memory.readLong(m.rsp())).isEqualTo(SystemMachine.FREE | 1);
        }
    }

    @Test
    void faultingDeliveryLeavesTheInterruptedStateAlone() {
        try (SystemMachine m = machine()) {
            breakGate(m, 0x50, 14);
            m.setFlag(Flags.IF, true);
            long pointer = m.rsp();
            GuestFault raised = null;
            try {
                m.deliverNow(0x50);
            } catch (GuestFault fault) {
                raised = fault;
            }
            assertThat(raised).isNotNull();
            assertThat(m.rsp()).isEqualTo(pointer);
            assertThat(m.rip()).isEqualTo(TEXT);
            assertThat(m.flag(Flags.IF)).isTrue();
            assertThat(m.selector[RegisterFile.CS]).isEqualTo(SystemMachine.CODE64);
        }
    }
}
