package dev.quoll.cli;

import dev.quoll.boot.kit.Progress;
import java.io.PrintWriter;

/** The kit's progress as lines on standard error: one a step, with the size where there is one. */
final class KitProgress implements Progress {
    private static final long NANOS_BETWEEN_FIGURES = 1_000_000_000L;

    private final PrintWriter err;
    private String step = "";
    private long nextFigure;

    KitProgress(PrintWriter err) {
        this.err = err;
    }

    @Override
    public synchronized void report(String name, long done, long total) {
        if (!name.equals(step)) {
            step = name;
            nextFigure = System.nanoTime() + NANOS_BETWEEN_FIGURES;
            err.println("quoll: " + name + (total > 0 ? " (%d MiB)".formatted(total >> 20) : "") + "...");
            err.flush();
        } else if (total > 0 && System.nanoTime() - nextFigure >= 0) {
            nextFigure = System.nanoTime() + NANOS_BETWEEN_FIGURES;
            err.println("quoll:   %d of %d MiB".formatted(done >> 20, total >> 20));
            err.flush();
        }
    }
}
