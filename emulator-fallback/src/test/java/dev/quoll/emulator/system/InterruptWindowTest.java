package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.CODE32;
import static dev.quoll.emulator.system.SystemMachine.CODE64;
import static dev.quoll.emulator.system.SystemMachine.DATA0;
import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;
import org.junit.jupiter.api.Test;

/** When interrupts and NMIs are taken: behind which instruction, and never in a shadow (SDM vol. 3, 6.7.1, 6.8.3). */
class InterruptWindowTest {
    private static final int GATE = 0x8e;
    private static final int NOP = 0x90;
    private static final int HALT = 0xf4;
    private static final int VECTOR = 0x50;
    private static final long VECTOR_HANDLER = HANDLERS + 16 * VECTOR;

    private static SystemMachine waiting(boolean open) {
        SystemMachine m = SystemMachine.longMode(0);
        m.longGate(VECTOR, GATE, 0);
        m.setFlag(Flags.IF, open);
        return m;
    }

    /** Address that the interrupt handler returns to. */
    private static long interrupted(SystemMachine m) {
        m.run();
        assertThat(m.shutdown).isNull();
        assertThat(m.rip()).isEqualTo(VECTOR_HANDLER + 1);
        return m.memory.readLong(m.rsp());
    }

    private static final int[] MOV_SS = {0x8e, 0xd0};
    private static final int[] POP_SS = {0x17};

    /** A machine at an instruction that loads SS, followed by three NOPs and HLT; pop exists in 32-bit code only. */
    private static SystemMachine loadingStack(int[] load) {
        boolean pop = load == POP_SS;
        SystemMachine m = pop ? SystemMachine.protectedMode(0) : SystemMachine.longMode(0);
        if (pop) {
            m.legacyGate(VECTOR, CODE32, GATE);
            m.memory.writeInt(m.rsp(), DATA0);
        } else {
            m.longGate(VECTOR, GATE, 0);
        }
        m.set64(StateLayout.RAX, DATA0);
        m.setFlag(Flags.IF, true);
        m.code(load);
        return m.codeAt(TEXT + load.length, NOP, NOP, NOP, HALT);
    }

    @Test
    void stackSegmentLoadHoldsInterruptsForOneInstruction() {
        for (int[] load : new int[][] {MOV_SS, POP_SS}) {
            try (SystemMachine m = loadingStack(load)) {
                m.step();
                m.interrupt(VECTOR);
                m.run();
                assertThat(m.rip()).isEqualTo(VECTOR_HANDLER + 1);
                long pushed = load == POP_SS ? m.memory.readInt(m.rsp()) : m.memory.readLong(m.rsp());
                assertThat(pushed).isEqualTo(TEXT + load.length + 1);
            }
            // Step by step: the shadow is over when the next instruction is.
            try (SystemMachine m = loadingStack(load)) {
                m.step();
                assertThat(m.inMovSsShadow()).isTrue();
                m.interrupt(VECTOR);
                m.step();
                assertThat(m.inMovSsShadow()).isFalse();
                assertThat(m.rip()).isEqualTo(TEXT + load.length + 1);
                m.step();
                assertThat(m.rip()).as("taken instead of the second NOP").isEqualTo(VECTOR_HANDLER + 1);
            }
        }
    }

    @Test
    void stackSegmentLoadOutOfADeviceThatInterrupts() {
        try (SystemMachine m = waiting(true)) {
            m.pageEntry(1L << 30 | 7);
            m.onRead = address -> {
                m.interrupt(VECTOR);
                return DATA0;
            };
            // mov ss, [PAGE]; nop; nop; nop
            m.code(0x8e, 0x14, 0x25, 0, 0, 0xa0, 0, NOP, NOP, NOP, HALT);
            assertThat(interrupted(m)).isEqualTo(TEXT + 8);
        }
    }

    @Test
    void stiHoldsInterruptsForOneInstructionWhateverItIs() {
        int[][] followers = {{NOP}, {0xff, 0xc0}, {0x0f, 0xa2}, {0xe4, 0x60}, {0x9c}, {0x0f, 0x20, 0xc0}, {0x0f, 0x22, 0xd8},
            {0x8e, 0xd8}, {0x0f, 0x01, 0xf8}, {0x50}, {0xeb, 0x00}, {0xfa}, {0x31, 0xc9, 0xe3, 0x00}};
        for (int[] follower : followers) {
            for (boolean stepped : new boolean[] {false, true}) {
                try (SystemMachine m = waiting(false)) {
                    m.set64(StateLayout.RAX, follower[1 % follower.length] == 0x22 ? m.cr3 : DATA0);
                    m.code(0xfb);
                    m.codeAt(TEXT + 1, follower);
                    m.codeAt(TEXT + 1 + follower.length, NOP, NOP, HALT);
                    m.interrupt(VECTOR);
                    if (stepped) {
                        m.step();
                        assertThat(m.rip()).isEqualTo(TEXT + 1);
                    }
                    m.run();
                    int first = follower.length == 4 ? 2 : follower.length;
                    if (follower[0] == 0xfa) {
                        assertThat(m.rip()).as("closed again by cli").isEqualTo(TEXT + 5);
                    } else {
                        assertThat(m.rip()).isEqualTo(VECTOR_HANDLER + 1);
                        assertThat(m.memory.readLong(m.rsp())).isEqualTo(TEXT + 1 + first);
                    }
                }
            }
        }
    }

    @Test
    void stiCastsNoShadowWhereInterruptsWereOpen() {
        try (SystemMachine m = waiting(true)) {
            m.code(0xfb, NOP, NOP, HALT).step();
            m.interrupt(VECTOR);
            assertThat(interrupted(m)).isEqualTo(TEXT + 1);
        }
    }

    @Test
    void stiAtTheEndOfAPage() {
        try (SystemMachine m = waiting(false)) {
            m.codeAt(TEXT + 0xffe, NOP, 0xfb, NOP, NOP, HALT);
            m.setRip(TEXT + 0xffe);
            m.interrupt(VECTOR);
            assertThat(interrupted(m)).isEqualTo(TEXT + 0x1001);
        }
    }

    @Test
    void haltBehindStiWakesUp() {
        try (SystemMachine m = waiting(false)) {
            m.code(0xfb, HALT, HALT);
            m.interrupt(VECTOR);
            assertThat(interrupted(m)).isEqualTo(TEXT + 2);
        }
    }

    @Test
    void popfAndIretOpenInterruptsAtOnce() {
        try (SystemMachine m = waiting(false)) {
            m.memory.writeLong(m.rsp(), 2 | Flags.IF);
            m.code(0x9d, NOP, HALT);
            m.interrupt(VECTOR);
            assertThat(interrupted(m)).isEqualTo(TEXT + 1);
        }
        try (SystemMachine m = waiting(false)) {
            long[] frame = {TEXT + 0x100, CODE64, 2 | Flags.IF, m.rsp(), DATA0};
            for (int i = 0; i < 5; i++) {
                m.memory.writeLong(m.rsp() + 8 * i, frame[i]);
            }
            m.codeAt(TEXT + 0x100, NOP, HALT);
            m.code(0x48, 0xcf);
            m.interrupt(VECTOR);
            assertThat(interrupted(m)).isEqualTo(TEXT + 0x100);
        }
    }

    @Test
    void faultEndsTheShadow() {
        try (SystemMachine m = waiting(false)) {
            m.longGate(6, 0x8f, 0);
            // sti; ud2: the trap gate leaves IF set, and nothing holds the interrupt back in the handler.
            m.code(0xfb, 0x0f, 0x0b);
            m.codeAt(HANDLERS + 6 * 16, NOP, HALT);
            m.interrupt(VECTOR);
            assertThat(interrupted(m)).isEqualTo(HANDLERS + 6 * 16);
        }
    }

    @Test
    void nmiWaitsForTheReturnOfTheOneBefore() {
        try (SystemMachine m = waiting(false)) {
            m.longGate(2, GATE, 0);
            // The handler counts in EAX; nmi; the second one comes while the first is served.
            m.codeAt(HANDLERS + 32, 0xff, 0xc0, 0x48, 0xcf);
            m.code(NOP, NOP, HALT);
            m.nmi();
            m.step();
            assertThat(m.rip()).as("a step takes the handler's first instruction along").isEqualTo(HANDLERS + 34);
            assertThat(m.nmiBlocked).isTrue();
            m.nmi();
            m.step();
            assertThat(m.rip()).as("IRET opens the window for the next").isEqualTo(TEXT);
            assertThat(m.rax()).isEqualTo(1);
            m.step();
            assertThat(m.rip()).isEqualTo(HANDLERS + 34);
            m.run();
            assertThat(m.rax()).isEqualTo(2);
            assertThat(m.nmiBlocked).isFalse();
            assertThat(m.rip()).isEqualTo(TEXT + 3);
        }
    }

    @Test
    void nmiIsHeldBackByAStackSegmentLoadAndNotByIf() {
        try (SystemMachine m = loadingStack(MOV_SS)) {
            m.longGate(2, GATE, 0);
            m.setFlag(Flags.IF, false);
            m.step();
            m.nmi();
            m.run();
            assertThat(m.rip()).isEqualTo(HANDLERS + 33);
            assertThat(m.memory.readLong(m.rsp())).isEqualTo(TEXT + 3);
        }
    }

    @Test
    void nmiGoesBeforeAnInterrupt() {
        try (SystemMachine m = waiting(true)) {
            m.longGate(2, GATE, 0);
            m.code(NOP, HALT);
            m.interrupt(VECTOR);
            m.nmi();
            m.run();
            assertThat(m.rip()).isEqualTo(HANDLERS + 33);
            assertThat(m.memory.readLong(m.rsp())).isEqualTo(TEXT);
        }
    }

    @Test
    void repeatedInstructionsAreInterruptedBetweenIterations() {
        int[][] instructions = {{0xf3, 0xa4}, {0xf3, 0xab}, {0xf3, 0xad}, {0xf3, 0xa7}, {0xf3, 0x6d}};
        for (int[] instruction : instructions) {
            try (SystemMachine m = waiting(true)) {
                // The device of the first element interrupts, the rest is RAM.
                m.pageEntry(1L << 30 | 7);
                long start = SystemMachine.PAGE + 0xffc;
                m.memory.writeLong(SystemMachine.TABLES + 0x3008, 0xa01007);
                m.flushAll();
                m.onRead = address -> {
                    m.interrupt(VECTOR);
                    return 0L;
                };
                m.onWrite = () -> m.interrupt(VECTOR);
                m.set64(StateLayout.RAX, 0);
                m.set64(StateLayout.RSI, instruction[1] == 0xa4 ? start + 3 : start);
                m.set64(StateLayout.RDI, instruction[1] == 0xa7 || instruction[1] == 0xa4 ? 0x40000 : start);
                m.set64(StateLayout.RCX, 100);
                m.code(instruction);
                m.codeAt(TEXT + 2, HALT);
                assertThat(interrupted(m)).as("RIP of %x", instruction[1]).isEqualTo(TEXT);
                assertThat(m.get64(StateLayout.RCX)).isBetween(1L, 99L);
                assertThat(m.memory.readLong(m.rsp() + 16) & Flags.RF).as("RF").isNotZero();
                // Back: the rest.
                m.onRead = address -> 0L;
                m.onWrite = () -> {};
                m.codeAt(VECTOR_HANDLER, 0x48, 0xcf);
                m.setRip(VECTOR_HANDLER);
                m.run();
                assertThat(m.rip()).isEqualTo(TEXT + 3);
                assertThat(m.get64(StateLayout.RCX)).isZero();
                assertThat(m.flag(Flags.RF)).isFalse();
            }
        }
    }
}
