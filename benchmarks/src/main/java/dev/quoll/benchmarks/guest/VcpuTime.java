package dev.quoll.benchmarks.guest;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * The processor time of the threads of a process that run guest code, in nanoseconds (Linux's
 * Documentation/scheduler/sched-stats: the first figure of {@code schedstat}). Other processes on a busy host leave it alone.
 */
final class VcpuTime {
    /** Quoll's threads, and QEMU's with {@code debug-threads=on}. */
    private static final Pattern NAME = Pattern.compile("quoll-vcpu-\\d+|CPU \\d+/(TCG|KVM)");

    private final Path threads;

    VcpuTime(long process) {
        threads = Path.of("/proc", Long.toString(process), "task");
    }

    /** The sum up to now; 0 when the process has no such thread, or is over. */
    long nanoseconds() {
        long sum = 0;
        try (DirectoryStream<Path> each = Files.newDirectoryStream(threads)) {
            for (Path thread : each) {
                if (NAME.matcher(Files.readString(thread.resolve("comm")).strip()).matches()) {
                    sum += Long.parseLong(Files.readString(thread.resolve("schedstat")).split(" ")[0]);
                }
            }
            return sum;
        } catch (IOException e) {
            // A thread, or all of them, ended while it was being read.
            return sum;
        }
    }
}
