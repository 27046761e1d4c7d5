package dev.quoll.bindings.signal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.RequiresLinux;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.bindings.linux.sigset_t;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

@RequiresLinux
class ThreadKickTest {

    private static boolean blocked(int signal) {
        try (var arena = Arena.ofConfined()) {
            var mask = sigset_t.allocate(arena);
            assertThat(linux_h.pthread_sigmask(linux_h.SIG_BLOCK(), MemorySegment.NULL, mask)).isZero();
            return linux_h.sigismember(CapturedErrno.current(), mask, signal) == 1;
        }
    }

    @Test
    void kicksStayPendingUntilDrainedAndMergeIntoOne() {
        boolean before = blocked(linux_h.SIGUSR1());
        try (var kick = ThreadKick.forCurrentThread()) {
            assertThat(blocked(kick.signal())).isTrue();
            assertThat(kick.drain()).isFalse();
            for (int i = 0; i < 10_000; i++) {
                kick.kick();
            }
            assertThat(kick.drain()).isTrue();
            assertThat(kick.drain()).isFalse();
            assertThat(linux_h.sigismember(CapturedErrno.current(), kick.maskInside(), kick.signal())).isZero();
        }
        assertThat(blocked(linux_h.SIGUSR1())).isEqualTo(before);
    }

    @Test
    void kickReachesItsThreadOnlyAndIsHarmlessAfterClose() throws Exception {
        var kickOfOther = new AtomicReference<ThreadKick>();
        var ready = new CompletableFuture<Void>();
        var kicked = new CompletableFuture<Void>();
        var drained = new CompletableFuture<Boolean>();
        var other = Thread.ofPlatform().start(() -> {
            try (var kick = ThreadKick.forCurrentThread()) {
                kickOfOther.set(kick);
                ready.complete(null);
                kicked.join();
                drained.complete(kick.drain());
            }
        });
        ready.get(10, TimeUnit.SECONDS);
        try (var own = ThreadKick.forCurrentThread()) {
            kickOfOther.get().kick();
            assertThat(own.drain()).as("this thread's kicks").isFalse();
            kicked.complete(null);
            assertThat(drained.get(10, TimeUnit.SECONDS)).as("the other thread's kicks").isTrue();
        }
        other.join();
        kickOfOther.get().kick();
    }

    @Test
    void pendingKickIsTakenAwayByClose() {
        var kick = ThreadKick.forCurrentThread();
        kick.kick();
        kick.close(); // unblocking SIGUSR1 with the signal still pending would end this process
        kick.close();
        assertThat(kick.drain()).isFalse();
    }

    @Test
    void virtualThreadIsRefused() throws InterruptedException {
        var failure = new AtomicReference<Throwable>();
        Thread.ofVirtual().start(() -> {
            try {
                ThreadKick.forCurrentThread();
            } catch (IllegalStateException e) {
                failure.set(e);
            }
        }).join();
        assertThat(failure.get()).hasMessageContaining("virtual thread");
    }
}
