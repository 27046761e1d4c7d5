package dev.quoll.cli.instruments;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A line a second on how fast the guest runs, while it is wanted. */
final class LiveLine implements AutoCloseable {
    private static final long PERIOD_SECONDS = 1;

    private final Supplier<Figures> figures;
    private final Consumer<String> say;
    private Thread thread;

    LiveLine(Supplier<Figures> figures, Consumer<String> say) {
        this.figures = figures;
        this.say = say;
    }

    /** On, or off again. Any thread. */
    synchronized void toggle() {
        if (thread == null) {
            thread = Thread.ofPlatform().daemon().name("quoll-live").start(this::run);
        } else {
            close();
        }
    }

    private void run() {
        Figures before = figures.get();
        try {
            for (; ; ) {
                TimeUnit.SECONDS.sleep(PERIOD_SECONDS);
                Figures now = figures.get();
                say.accept(line(before, now));
                before = now;
            }
        } catch (InterruptedException e) {
            // Switched off.
            Thread.currentThread().interrupt();
        }
    }

    /** What an engine does not count is left out. */
    static String line(Figures before, Figures now) {
        double seconds = now.secondsSince(before);
        StringBuilder line = new StringBuilder("live:");
        if (now.has(Figures.INSTRUCTIONS)) {
            line.append(String.format(Locale.ROOT, " %.1f MIPS,", now.since(before, Figures.INSTRUCTIONS) / seconds / 1e6));
        }
        long exits = now.cpus().keySet().stream().mapToLong(cpu -> now.exitsSince(before, cpu)).sum();
        line.append(String.format(Locale.ROOT, " %.0f exits/s", exits / seconds));
        if (now.has(Figures.TLB_MISSES)) {
            line.append(String.format(Locale.ROOT, ", %.0f TLB misses/s", now.since(before, Figures.TLB_MISSES) / seconds));
        }
        if (now.has(Figures.HALTED_MICROSECONDS)) {
            double halted = now.cpus().keySet().stream().mapToDouble(cpu -> now.haltedShare(before, cpu)).average().orElse(0);
            line.append(String.format(Locale.ROOT, ", %.0f%% halted", 100 * halted));
        }
        return line.toString();
    }

    @Override
    public synchronized void close() {
        if (thread != null) {
            thread.interrupt();
            thread = null;
        }
    }
}
