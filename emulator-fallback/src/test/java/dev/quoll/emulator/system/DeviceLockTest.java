package dev.quoll.emulator.system;

import static dev.quoll.emulator.system.SystemMachine.PAGE;
import static dev.quoll.emulator.system.SystemMachine.TABLES;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.core.StateLayout;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Locked instructions on device memory, where what is read need not be what would be read again. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DeviceLockTest {
    private static final long NO_RAM = 0x200_0000;
    private static final int HLT = 0xf4;

    /** A register that counts its reads, below and above the border to the page of RAM. */
    @Test
    void overTheBorderOfRamAndADevice() {
        for (boolean deviceFirst : new boolean[] {true, false}) {
            try (SystemMachine m = SystemMachine.longMode(0)) {
                AtomicInteger reads = new AtomicInteger();
                AtomicInteger writes = new AtomicInteger();
                m.onRead = address -> reads.incrementAndGet();
                m.onWrite = writes::incrementAndGet;
                m.pageEntry((deviceFirst ? NO_RAM : PAGE) | 7);
                m.memory.writeLong(TABLES + 0x3008, (deviceFirst ? PAGE : NO_RAM) | 7);
                m.set64(StateLayout.RBX, PAGE + 0xffe);
                // lock add dword [rbx], 0x01010101; hlt
                m.code(0xf0, 0x81, 0x03, 1, 1, 1, 1, HLT).run();
                assertThat(reads.get()).as("device first: " + deviceFirst).isEqualTo(2);
                assertThat(writes.get()).as("device first: " + deviceFirst).isEqualTo(2);
                int ram = m.memory.readShort(PAGE + (deviceFirst ? 0 : 0xffe));
                assertThat(ram).isEqualTo(0x101);
            }
        }
    }

    @Test
    void withinADevice() {
        try (SystemMachine m = SystemMachine.longMode(0)) {
            AtomicInteger reads = new AtomicInteger();
            AtomicInteger writes = new AtomicInteger();
            m.onRead = address -> reads.incrementAndGet();
            m.onWrite = writes::incrementAndGet;
            m.pageEntry(NO_RAM | 7);
            m.set64(StateLayout.RBX, PAGE);
            m.set64(StateLayout.RAX, 5);
            // xadd [rbx], eax with LOCK; hlt
            m.code(0xf0, 0x0f, 0xc1, 0x03, HLT).run();
            assertThat(m.rax()).isEqualTo(1);
            assertThat(reads.get()).isOne();
            assertThat(writes.get()).isOne();
        }
    }
}
