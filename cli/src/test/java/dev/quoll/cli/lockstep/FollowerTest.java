package dev.quoll.cli.lockstep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.CpuElement;
import dev.quoll.machine.CpuExit;
import dev.quoll.machine.GuestDebug;
import dev.quoll.machine.VirtualCpu;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a CPU is brought to where another one is. */
@Timeout(60)
class FollowerTest {
    /** One that runs until it is kicked, or to its breakpoint at once. */
    private static final class Debugged implements VirtualCpu, GuestDebug {
        private final boolean arrives;
        private final CountDownLatch kicked = new CountDownLatch(1);
        private final List<List<Breakpoint>> asked = new ArrayList<>();

        Debugged(boolean arrives) {
            this.arrives = arrives;
        }

        @Override
        public void debug(boolean singleStep, List<Breakpoint> breakpoints) {
            assertThat(singleStep).as("a single step shows in the guest").isFalse();
            asked.add(breakpoints);
        }

        @Override
        public CpuExit run() {
            if (arrives) {
                return new CpuExit.Breakpoint(asked.getLast().getFirst().address());
            }
            try {
                kicked.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            return CpuExit.Kicked.INSTANCE;
        }

        @Override
        public void kick() {
            kicked.countDown();
        }

        @Override
        public int index() {
            return 0;
        }

        @Override
        public void reset() {}

        @Override
        public CpuElement read(CpuElement.Kind kind) {
            throw new AssertionError("nobody reads " + kind);
        }

        @Override
        public void write(CpuElement element) {
            throw new AssertionError("nobody writes " + element);
        }

        @Override
        public long instructions() {
            return 0;
        }
    }

    @Test
    void itRunsToTheBreakpointAndTakesItAway() {
        Debugged cpu = new Debugged(true);
        try (Follower follower = new Follower(cpu, Duration.ofMinutes(1))) {
            assertThat(follower.runTo(0x8123)).isEqualTo(new CpuExit.Breakpoint(0x8123));
        }
        assertThat(cpu.asked)
                .containsExactly(
                        List.of(new GuestDebug.Breakpoint(0x8123, 1, GuestDebug.Watch.EXECUTION)), List.of());
    }

    @Test
    void oneThatDoesNotComeThereIsToldOf() {
        Debugged cpu = new Debugged(false);
        try (Follower follower = new Follower(cpu, Duration.ofMillis(50))) {
            assertThat(follower.runTo(0x8123)).isEqualTo(new CpuExit.Failure("it has not come to 0x8123 in 50 ms"));
        }
        assertThat(cpu.asked).last().isEqualTo(List.of());
    }
}
