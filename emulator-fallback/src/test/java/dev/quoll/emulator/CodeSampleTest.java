package dev.quoll.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.CodeSample;
import dev.quoll.machine.CpuProfile;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Another thread asks where the guest is. */
@Timeout(60)
class CodeSampleTest {
    private static CodeSample sample(WholeCpu whole) throws InterruptedException {
        assertThat(whole.cpu.requestSample()).isTrue();
        for (; ; ) {
            CodeSample sample = whole.cpu.takeSample();
            if (sample != null) {
                return sample;
            }
            TimeUnit.MICROSECONDS.sleep(100);
        }
    }

    @Test
    void samplesLieInTheLoopThatRunsAndThenInItsHalt() throws Exception {
        try (WholeCpu whole = new WholeCpu(CpuProfile.V2)) {
            assertThat(whole.cpu.takeSample()).isNull();
            // Two loops with a flag between them, which the test sets: inc rax; cmp byte [0x60000], 1; jne; hlt.
            Thread thread = Thread.ofPlatform().start(() -> {
                whole.start("48ffc0 803c250000060001 75f3");
                whole.cpu.run();
            });
            for (int i = 0; i < 200; i++) {
                CodeSample sample = sample(whole);
                assertThat(sample.halted()).isFalse();
                assertThat(sample.rip()).isBetween(WholeCpu.TEXT, WholeCpu.TEXT + 13);
                assertThat(sample.privilege()).isZero();
                assertThat(sample.addressSpace()).isEqualTo(whole.cpu.cr3);
            }
            whole.memory.writeByte(0x60000, (byte) 1);
            while (thread.getState() != Thread.State.WAITING) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
            whole.cpu.takeSample();
            assertThat(sample(whole)).isSameAs(CodeSample.HALTED);
            TimeUnit.MILLISECONDS.sleep(20);
            assertThat(figure(whole, "halted-microseconds")).isGreaterThan(10_000);
            whole.cpu.kick();
            thread.join();
        }
    }

    @Test
    void exceptionsAreCounted() throws Exception {
        try (WholeCpu whole = new WholeCpu(CpuProfile.V2)) {
            long before = figure(whole, "exceptions");
            assertThat(whole.run("0f0b")).isEqualTo(6);
            assertThat(figure(whole, "exceptions")).isEqualTo(before + 1);
        }
    }

    private static long figure(WholeCpu whole, String name) {
        return whole.cpu.statistics().lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow();
    }
}
