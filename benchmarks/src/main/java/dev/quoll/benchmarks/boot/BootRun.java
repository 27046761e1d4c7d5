package dev.quoll.benchmarks.boot;

import dev.quoll.benchmarks.BenchmarkException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** One boot in a process of its own, watched through its output; measured once. */
final class BootRun {
    /** How much of a failed boot's output is told. */
    private static final int TAIL = 1000;
    private static final long POWER_OFF_SECONDS = 20;

    private final Contestant contestant;
    private final String marker;
    private final Duration limit;
    private volatile boolean late;

    /**
     * @param marker the text to wait for in the output
     * @param limit after which the boot has failed
     */
    BootRun(Contestant contestant, String marker, Duration limit) {
        this.contestant = contestant;
        this.marker = marker;
        this.limit = limit;
    }

    Sample measure() throws BenchmarkException, InterruptedException {
        long begin = System.nanoTime();
        Process process;
        try {
            process = new ProcessBuilder(contestant.command())
                    .redirectInput(new File("/dev/null"))
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            throw new BenchmarkException("%s does not start: %s.".formatted(contestant.name(), e.getMessage()), e);
        }
        // Killing the process ends its output, and with it the reading below.
        Thread watch = Thread.ofPlatform().daemon().name("boot-limit").start(() -> killWhenLate(process));
        try (InputStream output = process.getInputStream()) {
            StringBuilder text = new StringBuilder();
            Sample sample = readToMarker(process, output, begin, text);
            if (sample == null) {
                String end = late ? "was ended after %d s".formatted(limit.toSeconds()) : "ended";
                throw new BenchmarkException("%s %s without the line '%s'; its last output was:%n%s"
                        .formatted(contestant.name(), end, marker, text.substring(Math.max(0, text.length() - TAIL)).strip()));
            }
            powerOff(process, output);
            return sample;
        } catch (IOException e) {
            throw new BenchmarkException("the output of %s cannot be read: %s.".formatted(contestant.name(), e.getMessage()), e);
        } finally {
            watch.interrupt();
            process.destroyForcibly();
        }
    }

    /** Reads up to the marker; null when the output ends before. */
    private Sample readToMarker(Process process, InputStream output, long begin, StringBuilder text) throws IOException {
        byte[] buffer = new byte[4096];
        for (int count = output.read(buffer); count >= 0; count = output.read(buffer)) {
            text.append(new String(buffer, 0, count, StandardCharsets.ISO_8859_1));
            if (text.indexOf(marker, Math.max(0, text.length() - count - marker.length())) >= 0) {
                Duration wall = Duration.ofNanos(System.nanoTime() - begin);
                return new Sample(wall, process.toHandle().info().totalCpuDuration().orElse(Duration.ZERO));
            }
        }
        return null;
    }

    /** The next boot must not begin beside the end of this one. */
    private static void powerOff(Process process, InputStream output) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(POWER_OFF_SECONDS);
        while (process.isAlive() && System.nanoTime() < deadline) {
            output.skipNBytes(output.available());
            TimeUnit.MILLISECONDS.sleep(10);
        }
        process.destroyForcibly().waitFor();
    }

    private void killWhenLate(Process process) {
        try {
            if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                late = true;
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            // The boot is over: nothing is left to watch.
            Thread.currentThread().interrupt();
        }
    }
}
