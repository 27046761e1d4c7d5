package dev.quoll.emulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.CpuExit;
import dev.quoll.machine.CpuProfile;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link Thread#interrupt} at a virtual CPU's thread, which only a kick brings out of its run. */
@Timeout(30)
class InterruptedThreadTest {
    @Test
    void sleepsOnInHltAndKeepsTheInterruptForItsCaller() throws Exception {
        try (WholeCpu whole = new WholeCpu(CpuProfile.V2)) {
            AtomicReference<CpuExit> exit = new AtomicReference<>();
            AtomicReference<Boolean> interrupted = new AtomicReference<>();
            Thread thread = Thread.ofPlatform().start(() -> {
                // With interrupts masked the first HLT is told; the second run sleeps in it.
                whole.start("90");
                exit.set(whole.cpu.run());
                interrupted.set(Thread.currentThread().isInterrupted());
            });
            await(thread, Thread.State.WAITING);
            thread.interrupt();
            await(thread, Thread.State.WAITING);
            for (int i = 0; i < 50; i++) {
                TimeUnit.MILLISECONDS.sleep(2);
                assertThat(thread.getState()).as("a thread that parks").isEqualTo(Thread.State.WAITING);
            }
            whole.cpu.kick();
            thread.join();
            assertThat(exit.get()).isEqualTo(CpuExit.Kicked.INSTANCE);
            assertThat(interrupted.get()).isTrue();
        }
    }

    private static void await(Thread thread, Thread.State state) throws InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (thread.getState() != state && System.nanoTime() < end) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertThat(thread.getState()).isEqualTo(state);
    }
}
