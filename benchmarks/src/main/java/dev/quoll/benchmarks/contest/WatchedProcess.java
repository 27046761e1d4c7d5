package dev.quoll.benchmarks.contest;

import dev.quoll.benchmarks.BenchmarkException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A contestant's process, without input, which is killed when it takes too long: its output then ends. */
public final class WatchedProcess implements AutoCloseable {
    private final Contestant contestant;
    private final Duration limit;
    private final Process process;
    private final Thread watch;
    private volatile boolean late;

    /** @throws BenchmarkException when it does not start */
    public WatchedProcess(Contestant contestant, Duration limit) throws BenchmarkException {
        this.contestant = contestant;
        this.limit = limit;
        try {
            process = new ProcessBuilder(contestant.command())
                    .redirectInput(new File("/dev/null"))
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            throw new BenchmarkException("%s does not start: %s.".formatted(contestant.name(), e.getMessage()), e);
        }
        watch = Thread.ofPlatform().daemon().name("bench-limit").start(this::killWhenLate);
    }

    /** What it writes, errors included. */
    public InputStream output() {
        return process.getInputStream();
    }

    public ProcessHandle handle() {
        return process.toHandle();
    }

    /** How it came to its end, for a sentence. */
    public String end() {
        return late ? "was ended after %d s".formatted(limit.toSeconds()) : "ended";
    }

    /** A contestant's output could not be read. */
    public BenchmarkException unreadable(IOException cause) {
        return new BenchmarkException(
                "the output of %s cannot be read: %s.".formatted(contestant.name(), cause.getMessage()), cause);
    }

    /** Waits for its end, which must not fall into the time of whoever comes next, and ends it when it does not come. */
    public void awaitEnd(Duration patience) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (process.isAlive() && System.nanoTime() < deadline) {
            output().skipNBytes(output().available());
            TimeUnit.MILLISECONDS.sleep(10);
        }
        process.destroyForcibly().waitFor();
    }

    private void killWhenLate() {
        try {
            if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                late = true;
                // By its handle, which leaves the pipes open: whoever reads comes to the end of the output.
                process.toHandle().destroyForcibly();
            }
        } catch (InterruptedException e) {
            // It is over: nothing is left to watch.
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        watch.interrupt();
        process.destroyForcibly();
    }
}
