package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.PAGE;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.StateLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A store to code holds from the next instruction on, whichever way it comes (SDM vol. 3, 9.1.3; APM vol. 2, 7.6.1). */
class SelfModifyingCodeTest {
    private static final int NOP = 0x90;
    private static final int HALT = 0xf4;

    /** mov byte [rbx], value */
    private static final int STORE_LENGTH = 3;

    @Test
    void storeToTheNextInstructionOfTheSameBlock() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            // The immediate of the MOV behind the store becomes 7.
            m.set64(StateLayout.RBX, TEXT + STORE_LENGTH + 1);
            m.code(0xc6, 0x03, 7, 0xb8, 1, 0, 0, 0, HALT);
            for (int round = 0; round < 3; round++) {
                m.memory.writeByte(TEXT + 4, (byte) 1);
                m.written(TEXT + 4, 1);
                m.setRip(TEXT);
                m.run();
                assertThat(m.rax()).isEqualTo(7);
            }
        }
    }

    @Test
    void storeThroughAnotherLinearAddress() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.pageEntry(TEXT | 7);
            m.flushAll();
            m.set64(StateLayout.RBX, PAGE + 4);
            m.code(0xc6, 0x03, 7, 0xb8, 1, 0, 0, 0, HALT).run();
            assertThat(m.rax()).isEqualTo(7);
            // And the other way: running the alias, storing to the original.
            m.memory.writeByte(TEXT + 4, (byte) 1);
            m.written(TEXT + 4, 1);
            m.set64(StateLayout.RBX, TEXT + 4);
            m.setRip(PAGE);
            m.run();
            assertThat(m.rax()).isEqualTo(7);
        }
    }

    @Test
    void everyKindOfStore() {
        // Each puts HLT (F4) at rbx, which is the first of the three NOPs behind it; rax has F4 in every byte.
        int[][] stores = {
            {0x88, 0x03}, {0xaa}, {0x86, 0x03}, {0xf0, 0x86, 0x03}, {0xf0, 0x0f, 0xb0, 0x0b}, {0xf0, 0x0f, 0xc0, 0x03},
            {0xa4}, {0xf3, 0xa4}, {0xf3, 0xaa}, {0x0f, 0x01, 0x03}, {0x6c}, {0x8f, 0x03}, {0x48, 0x0f, 0xc3, 0x03},
            {0x0f, 0x92, 0x03}, {0xc6, 0x03, 0xf4}
        };
        for (int[] store : stores) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                long target = TEXT + store.length;
                for (int slot : new int[] {StateLayout.RBX, StateLayout.RDI}) {
                    m.set64(slot, target);
                }
                m.set64(StateLayout.RAX, 0xf4f4f4f4f4f4f4f4L);
                m.set64(StateLayout.RCX, 1);
                m.set64(StateLayout.RSI, 0x40000);
                m.memory.writeByte(0x40000, (byte) 0xf4);
                m.set64(StateLayout.RSP, 0x40000);
                m.gdtLimit = 0xf4f4;
                m.memory.writeLong(0x40000, 0xf4f4f4f4f4f4f4f4L);
                m.set64(StateLayout.RDX, 0x5a5a5a5aL ^ 0xf4);
                m.code(store);
                m.codeAt(target, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
                boolean exchangeAdd = store.length > 2 && store[1] == 0x0f && store[2] == 0xc0;
                boolean exchange = store.length > 2 && store[1] == 0x0f && store[2] == 0xb0;
                boolean setCarry = store[0] == 0x0f && store[1] == 0x92;
                if (exchange) {
                    // cmpxchg [rbx], cl with AL equal to what is there.
                    m.set64(StateLayout.RAX, 0);
                    m.set64(StateLayout.RCX, 0xf4);
                }
                if (setCarry) {
                    // setc writes 1: 01 00 is an add to [rax]; behind it a HLT is placed.
                    m.setArithmeticFlags(1);
                    m.set64(StateLayout.RAX, 0x48000);
                    m.codeAt(target, 0, 0, HALT);
                }
                if (exchangeAdd) {
                    m.memory.writeByte(target, (byte) 0);
                }
                m.longGate(14, 0x8e, 1);
                m.longGate(13, 0x8e, 1);
                m.run();
                if (setCarry) {
                    assertThat(m.memory.readInt(0x48000)).as("add [rax], eax").isEqualTo(0x48000);
                } else {
                    assertThat(m.rip()).as("%02x", store[store.length > 1 ? 1 : 0]).isEqualTo(target + 1);
                }
            }
        }
    }

    @Test
    void storeOverThePageBorderAndIntoTheSecondHalfOfAnInstruction() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            // mov eax, 0x01010101 lies over the border of two pages; the store before it changes its last two bytes.
            long start = TEXT + 0x1000 - STORE_LENGTH - 2 - 3;
            m.set64(StateLayout.RBX, TEXT + 0x1000);
            m.codeAt(start, 0x66, 0xc7, 0x03, 0x22, 0x33, 0xb8, 1, 1, 1, 1, HALT);
            m.setRip(start);
            m.run();
            assertThat(m.rax()).isEqualTo(0x33220101L);
        }
        try (SystemMachine m = SystemMachine.longMode(0)) {
            // A store of 8 bytes over the border of two pages of code, decoded before.
            m.codeAt(TEXT + 0xffc, NOP, NOP, NOP, NOP, NOP, NOP, NOP, HALT);
            m.setRip(TEXT + 0xffc);
            m.run();
            m.set64(StateLayout.RBX, TEXT + 0xffc);
            // inc eax; inc eax; inc eax; hlt
            m.set64(StateLayout.RDX, 0xf490c0ffc0ffc0ffL);
            m.codeAt(0x38000, 0x48, 0x89, 0x13, 0xff, 0xe3);
            m.setRip(0x38000);
            m.run();
            assertThat(m.rax()).isEqualTo(3);
        }
    }

    @Test
    void breakpointFirstPatching() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(3, 0x8e, 0);
            // A NOP of 5 bytes becomes int3, then int3 with the tail of a jump, then the jump.
            m.code(0x0f, 0x1f, 0x44, 0, 0, HALT);
            m.codeAt(TEXT + 0x105, HALT);
            m.run();
            assertThat(m.rip()).isEqualTo(TEXT + 6);
            patch(m, TEXT, 0xcc);
            assertThat(m.rip()).isEqualTo(HANDLERS + 49);
            patch(m, TEXT + 1, 0, 1, 0, 0);
            assertThat(m.rip()).isEqualTo(HANDLERS + 49);
            patch(m, TEXT, 0xe9);
            assertThat(m.rip()).isEqualTo(TEXT + 0x106);
        }
    }

    /** Writes bytes as the guest does, then runs TEXT. */
    private static void patch(SystemMachine m, long address, int... bytes) {
        for (int i = 0; i < bytes.length; i++) {
            m.codeAt(0x38000, 0x88, 0x03, HALT);
            m.set64(StateLayout.RAX, bytes[i]);
            m.set64(StateLayout.RBX, address + i);
            m.setRip(0x38000);
            m.run();
        }
        m.setRip(TEXT);
        m.run();
    }

    @Test
    void stackOverCode() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            // call pushes its return address over the bytes it goes to: 0x30005, that is add eax, 0x?????000... with 05 00 03.
            m.set64(StateLayout.RSP, TEXT + 0x208);
            m.code(0xe8, 0xfb, 1, 0, 0);
            m.codeAt(TEXT + 0x200, HALT, HALT, HALT, HALT, HALT, HALT, HALT, HALT, HALT);
            m.run();
            // 05 00 03 00 00: add eax, 0x300; 00 00: add [rax], al; 00 f4: add ah, dh.
            assertThat(m.memory.readLong(TEXT + 0x200)).isEqualTo(TEXT + 5);
            assertThat(m.rax() & 0xff).isZero();
            assertThat(m.rax() & 0xff00).isEqualTo(0x300);
        }
    }

    @Test
    void writesByDevices() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.code(0xb8, 1, 0, 0, 0, HALT).run();
            assertThat(m.rax()).isEqualTo(1);
            m.memory.writeByte(TEXT + 1, (byte) 9);
            m.written(TEXT + 1, 1);
            m.setRip(TEXT);
            m.run();
            assertThat(m.rax()).isEqualTo(9);
        }
    }

    /** Programs that change themselves at random places must do the same whether they run at speed or step by step. */
    @Test
    void randomChangesStepByStepAndAtSpeed() {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("SelfModifyingCodeTest seed " + seed);
        Random random = new Random(seed);
        try (SystemMachine fast = SystemMachine.longMode(0);
                SystemMachine slow = SystemMachine.longMode(0)) {
            for (int round = 0; round < 150; round++) {
                // 24 times: mov byte [rbx+n], value with n in this program; between them additions to registers.
                int[] code = new int[24 * 9 + 1];
                for (int i = 0; i < 24; i++) {
                    int at = 9 * i;
                    code[at] = 0xc6;
                    code[at + 1] = 0x83;
                    // Only immediates of additions change, so that the program stays one.
                    int target = 9 * random.nextInt(24) + 9 - 1;
                    code[at + 2] = target;
                    code[at + 6] = random.nextInt(256);
                    code[at + 7] = 0x04;
                    code[at + 8] = random.nextInt(256);
                }
                code[code.length - 1] = HALT;
                long place = TEXT + random.nextInt(0x2000);
                for (SystemMachine m : new SystemMachine[] {fast, slow}) {
                    m.codeAt(place, code);
                    m.set64(StateLayout.RBX, place);
                    m.set64(StateLayout.RAX, 0);
                    m.setRip(place);
                    m.halted = false;
                }
                fast.run();
                for (int i = 0; i < 49; i++) {
                    slow.step();
                }
                assertThat(fast.rip()).isEqualTo(place + code.length);
                assertThat(slow.rip()).isEqualTo(place + code.length);
                assertThat(fast.rax()).as("round %d, seed %d", round, seed).isEqualTo(slow.rax());
            }
        }
    }
}
