package dev.quoll.cli;

import dev.quoll.boot.Pc;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * SIGTERM presses the guest's power button. A guest that has not powered off when the grace time is over is stopped, and one told a
 * second time is stopped at once.
 */
final class PowerButton implements AutoCloseable {
    private static final Signal TERM = new Signal("TERM");

    private final Pc pc;
    private final Duration grace;
    private final Consumer<String> say;
    private final SignalHandler before;
    private Thread waiting;
    private volatile boolean stopped;

    /**
     * Takes SIGTERM over.
     *
     * @param grace how long the guest has; with none it is stopped at the first signal
     * @param say for the person at the console
     */
    PowerButton(Pc pc, Duration grace, Consumer<String> say) {
        this.pc = pc;
        this.grace = grace;
        this.say = say;
        before = Signal.handle(TERM, _ -> terminate());
    }

    private synchronized void terminate() {
        if (waiting != null || grace.isZero()) {
            stop();
            return;
        }
        say.accept("SIGTERM: pressed the guest's power button; it has %d s".formatted(grace.toSeconds()));
        pc.pressPowerButton();
        waiting = Thread.ofPlatform().daemon().name("quoll-power-off-grace").start(this::await);
    }

    private void await() {
        try {
            TimeUnit.NANOSECONDS.sleep(grace.toNanos());
            say.accept("the guest has not powered off; stopping it");
            stop();
        } catch (InterruptedException e) {
            // The guest has ended in time.
            Thread.currentThread().interrupt();
        }
    }

    private void stop() {
        stopped = true;
        pc.machine().stop();
    }

    /** Whether a signal, and not the guest or its user, ended the machine. */
    boolean stopped() {
        return stopped;
    }

    /** Gives SIGTERM back. */
    @Override
    public synchronized void close() {
        Signal.handle(TERM, before);
        if (waiting != null) {
            waiting.interrupt();
        }
    }
}
