package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.HANDLERS;
import static dev.quoll.emulator.system.SystemMachine.TEXT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.StateLayout;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Hot blocks do what they did when they were cold. The machine here fuses a block at its second run. */
class FusedOpsTest {
    private static final int GATE = 0x8e;
    private static final int HLT = 0xf4;

    @Test
    void aLoopOntoItselfCountsAllItsInstructions() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            // 1: inc rax; dec rcx; jnz 1b; hlt
            m.code(0x48, 0xff, 0xc0, 0x48, 0xff, 0xc9, 0x75, 0xf8, HLT);
            m.set64(StateLayout.RAX, 0);
            m.set64(StateLayout.RCX, 100_000);
            long before = m.instructionCount();
            m.run();
            assertThat(m.fused()).isPositive();
            assertThat(m.rax()).isEqualTo(100_000);
            assertThat(m.instructionCount() - before).isBetween(300_000L, 300_002L);
        }
    }

    @Test
    void aBlockLongerThanAnyLoopBody() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            // Forty INC RAX, then dec rcx; jnz back; hlt
            int[] code = new int[40 * 3 + 3 + 2 + 1];
            for (int i = 0; i < 40; i++) {
                code[3 * i] = 0x48;
                code[3 * i + 1] = 0xff;
                code[3 * i + 2] = 0xc0;
            }
            int[] tail = {0x48, 0xff, 0xc9, 0x75, 256 - 125, HLT};
            System.arraycopy(tail, 0, code, 120, tail.length);
            m.code(code);
            m.set64(StateLayout.RAX, 0);
            m.set64(StateLayout.RCX, 1000);
            m.run();
            assertThat(m.rax()).isEqualTo(40_000);
        }
    }

    @Test
    void aFaultInTheMiddleHasItsOwnAddress() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(0, GATE, 0);
            // 1: inc rbx; mov eax, 1; cdq; idiv ecx; dec ecx; jmp 1b: the divisor counts down to 0.
            m.code(0x48, 0xff, 0xc3, 0xb8, 1, 0, 0, 0, 0x99, 0xf7, 0xf9, 0xff, 0xc9, 0xeb, 0xf1);
            m.set64(StateLayout.RBX, 0);
            m.set64(StateLayout.RCX, 50);
            m.run();
            assertThat(m.shutdown).isNull();
            assertThat(m.rip()).isEqualTo(HANDLERS + 1);
            assertThat(m.get64(StateLayout.RBX)).isEqualTo(51);
            assertThat(m.memory.readLong(m.get64(StateLayout.RSP))).as("RIP in the frame").isEqualTo(TEXT + 9);
        }
    }

    @Test
    void aHotBlockThatModifiesItself() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            // 1: inc dword [rip + 1] (the immediate below); add eax, 0; dec ecx; jnz 1b; hlt
            m.code(0xff, 0x05, 1, 0, 0, 0, 0x05, 0, 0, 0, 0, 0xff, 0xc9, 0x75, 0xf1, HLT);
            m.set64(StateLayout.RAX, 0);
            m.set64(StateLayout.RCX, 100);
            m.run();
            assertThat(m.shutdown).isNull();
            assertThat(m.rax()).isEqualTo(100 * 101 / 2);
        }
    }

    @Test
    @Timeout(30)
    void anotherThreadGetsIntoAnEndlessLoop() throws InterruptedException {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            m.longGate(0x30, GATE, 0);
            m.code(0xfb, 0x90, 0xeb, 0xfe);
            Thread kicker = Thread.ofPlatform().start(() -> {
                try {
                    Thread.sleep(Duration.ofMillis(300));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                m.interrupt(0x30);
            });
            m.run();
            kicker.join();
            assertThat(m.rip()).isEqualTo(HANDLERS + 0x30 * 16 + 1);
            assertThat(m.fused()).isPositive();
            assertThat(m.memory.readLong(m.get64(StateLayout.RSP))).as("RIP in the frame").isEqualTo(TEXT + 2);
            assertThat(m.instructionCount()).isGreaterThan(10_000);
        }
    }
}
