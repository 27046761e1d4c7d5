package dev.quoll.benchmarks.boot;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.Contestant;
import dev.quoll.benchmarks.contest.WatchedProcess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** One boot in a process of its own, watched through its output; measured once. */
final class BootRun {
    /** How much of a failed boot's output is told. */
    private static final int TAIL = 1000;
    private static final Duration POWER_OFF = Duration.ofSeconds(20);

    private final Contestant contestant;
    private final String marker;
    private final Duration limit;

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
        try (WatchedProcess process = new WatchedProcess(contestant, limit)) {
            return measure(process, begin);
        }
    }

    private Sample measure(WatchedProcess process, long begin) throws BenchmarkException, InterruptedException {
        try {
            StringBuilder text = new StringBuilder();
            Sample sample = readToMarker(process, begin, text);
            if (sample == null) {
                throw new BenchmarkException("%s %s without the line '%s'; its last output was:%n%s"
                        .formatted(
                                contestant.name(),
                                process.end(),
                                marker,
                                text.substring(Math.max(0, text.length() - TAIL)).strip()));
            }
            process.awaitEnd(POWER_OFF);
            return sample;
        } catch (IOException e) {
            throw process.unreadable(e);
        }
    }

    /** Reads up to the marker; null when the output ends before. */
    private Sample readToMarker(WatchedProcess process, long begin, StringBuilder text) throws IOException {
        InputStream output = process.output();
        byte[] buffer = new byte[4096];
        for (int count = output.read(buffer); count >= 0; count = output.read(buffer)) {
            text.append(new String(buffer, 0, count, StandardCharsets.ISO_8859_1));
            if (text.indexOf(marker, Math.max(0, text.length() - count - marker.length())) >= 0) {
                Duration wall = Duration.ofNanos(System.nanoTime() - begin);
                return new Sample(wall, process.handle().info().totalCpuDuration().orElse(Duration.ZERO));
            }
        }
        return null;
    }
}
