package dev.quoll.benchmarks.contest;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.module.ModuleDescriptor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What a figure is worth nothing without: the host, the programs and the guest it was measured with. */
public final class Circumstances {
    private Circumstances() {}

    /** One fact a line. @param guest the kernel; @param qemu QEMU's version line, or why there is none */
    public static List<String> lines(String guest, String qemu, int rounds) {
        List<String> lines = new ArrayList<>();
        lines.add("date: " + ZonedDateTime.now(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'")));
        lines.add("host: %s, %d CPUs for this process, %s %s, load %s"
                .formatted(
                        processor(),
                        Runtime.getRuntime().availableProcessors(),
                        System.getProperty("os.name"),
                        System.getProperty("os.version"),
                        load()));
        lines.add("Quoll: " + Optional.ofNullable(Circumstances.class.getModule().getDescriptor())
                .flatMap(ModuleDescriptor::rawVersion)
                .orElse("version unknown"));
        lines.add("JDK: %s (%s)".formatted(Runtime.version(), System.getProperty("java.vm.name")));
        lines.add("QEMU: " + qemu);
        lines.add("guest: " + guest);
        lines.add("rounds: %d, contestants in turn".formatted(rounds));
        return lines;
    }

    private static String processor() {
        return firstLine(Path.of("/proc/cpuinfo"), "model name").replaceFirst(".*:\\s*", "");
    }

    private static String load() {
        return firstLine(Path.of("/proc/loadavg"), "").replaceFirst(" .*", "");
    }

    private static String firstLine(Path file, String start) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith(start)).findFirst().orElse("unknown");
        } catch (IOException e) {
            return "unknown (" + e.getMessage() + ")";
        }
    }

    /** The first line that a program prints about its version, or empty when it cannot be started. */
    public static String versionOf(String program) {
        try {
            Process process = new ProcessBuilder(program, "--version").redirectErrorStream(true).start();
            try (BufferedReader reader = new BufferedReader(
                    new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                String line = reader.readLine();
                return line == null ? "" : line;
            }
        } catch (IOException e) {
            return "";
        }
    }
}
