package dev.quoll.benchmarks.guest;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.Contestant;
import dev.quoll.benchmarks.contest.WatchedProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** One run of the guest program, watched through its output. */
final class KernelRun {
    private static final Duration POWER_OFF = Duration.ofSeconds(20);
    /** Lines of a failed run's output that are told. */
    private static final int TAIL = 8;

    private final Contestant contestant;
    private final Column.CpuTime cpuTime;
    private final Duration limit;
    private final List<Measurement> measurements = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();
    private final Deque<String> tail = new ArrayDeque<>();
    private Mark.Begin begun;
    private long hostBegin;
    private long cpuBegin;

    KernelRun(Contestant contestant, Column.CpuTime cpuTime, Duration limit) {
        this.contestant = contestant;
        this.cpuTime = cpuTime;
        this.limit = limit;
    }

    /** Runs it to its end, or to that of the time. What it did not get to is a remark. */
    void run() throws BenchmarkException, InterruptedException {
        try (WatchedProcess process = new WatchedProcess(contestant, limit);
                BufferedReader lines =
                        new BufferedReader(new InputStreamReader(process.output(), StandardCharsets.ISO_8859_1))) {
            try {
                if (!read(lines, new VcpuTime(process.handle().pid()))) {
                    remarks.add("%s%s before all kernels were run; its last output: %s"
                            .formatted(process.end(), begun == null ? "" : " in " + begun.kernel(), String.join(" / ", tail)));
                }
                process.awaitEnd(POWER_OFF);
            } catch (IOException e) {
                throw process.unreadable(e);
            }
        } catch (IOException e) {
            throw new BenchmarkException("%s: %s.".formatted(contestant.name(), e.getMessage()), e);
        }
    }

    /** What was measured, in order. */
    List<Measurement> measurements() {
        return List.copyOf(measurements);
    }

    /** What is missing from it, and why. */
    List<String> remarks() {
        return List.copyOf(remarks);
    }

    private boolean read(BufferedReader lines, VcpuTime vcpus) throws IOException {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            long host = System.nanoTime();
            Optional<Mark> mark = Mark.in(line);
            if (mark.isEmpty()) {
                remember(line);
                continue;
            }
            switch (mark.get()) {
                case Mark.Begin begin -> {
                    begun = begin;
                    hostBegin = host;
                    cpuBegin = cpuTime == Column.CpuTime.VCPU_THREADS ? vcpus.nanoseconds() : 0;
                }
                case Mark.End end when begun == null || !begun.kernel().equals(end.kernel()) || begun.pass() != end.pass() ->
                    remarks.add("%s ended without a line of its beginning".formatted(end.kernel()));
                case Mark.End end -> {
                    measurements.add(new Measurement(
                            end.kernel(), end.pass(), end.wall(), host - hostBegin, cpu(end, host, vcpus), end.checksum()));
                    begun = null;
                }
                case Mark.Skip(String kernel, String reason) -> remarks.add("%s was left out: %s".formatted(kernel, reason));
                case Mark.Fail(String kernel, String reason) -> remarks.add("%s failed: %s".formatted(kernel, reason));
                case Mark.Done _ -> {
                    return true;
                }
            }
        }
        return false;
    }

    /** On a busy host both lines of a pass may be read when it is over: the threads' time is not known then. */
    private long cpu(Mark.End end, long host, VcpuTime vcpus) {
        return switch (cpuTime) {
            case PROGRAM -> end.cpu();
            case VCPU_THREADS -> host - hostBegin < end.wall() / 2 ? Measurement.UNKNOWN : vcpus.nanoseconds() - cpuBegin;
        };
    }

    private void remember(String line) {
        if (!line.isBlank()) {
            tail.addLast(line.strip());
            if (tail.size() > TAIL) {
                tail.removeFirst();
            }
        }
    }
}
