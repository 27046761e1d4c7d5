package dev.quoll.cli.guest;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The lines of a kernel's log that ask for a reader's attention, without what differs from boot to boot: the level, the
 * time, and every number.
 */
final class KernelLog {
    /** Lines of a boot on QEMU (-accel tcg -cpu max), as {@link #suspicious} gives them. */
    static final String ON_QEMU = "qemu-lines.txt";
    /** Lines of a boot on Quoll alone, each with the reason for which it may stand there. */
    static final String QUOLL_ONLY = "quoll-lines.txt";

    private static final Pattern RAW_LINE = Pattern.compile("<(\\d+)>\\[ *\\d+\\.\\d+] (.*)");
    private static final Pattern ALARMING = Pattern.compile("bug\\b|unstable|warning|error|fail", Pattern.CASE_INSENSITIVE);
    private static final int LEVEL_MASK = 7;
    private static final int WARNING = 4;

    private KernelLog() {}

    /** @param raw output of {@code dmesg -r} */
    static Set<String> suspicious(String raw) {
        Set<String> found = new LinkedHashSet<>();
        int lines = 0;
        for (String line : raw.split("\n")) {
            Matcher matcher = RAW_LINE.matcher(line);
            if (matcher.matches()) {
                lines++;
                String text = matcher.group(2);
                if ((Integer.parseInt(matcher.group(1)) & LEVEL_MASK) <= WARNING || ALARMING.matcher(text).find()) {
                    found.add(normal(text));
                }
            }
        }
        if (lines < 100) {
            throw new AssertionError("that is not the log of a boot, with only " + lines + " lines: " + raw);
        }
        return found;
    }

    private static String normal(String text) {
        return text.replaceAll("0x[0-9a-fA-F]+|\\b[0-9a-f]{8,}\\b|\\d+", "#").replaceAll("\\s+", " ").strip();
    }

    /** What may stand in a log without a reader's attention. */
    static Set<String> allowed() throws IOException {
        Set<String> lines = reviewed(QUOLL_ONLY);
        lines.addAll(reviewed(ON_QEMU));
        return lines;
    }

    /** Lines of a resource without its comments and blank lines. */
    static Set<String> reviewed(String resource) throws IOException {
        try (var in = new BufferedReader(
                new InputStreamReader(KernelLog.class.getResourceAsStream(resource), StandardCharsets.UTF_8))) {
            return in.lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("## "))
                    .collect(Collectors.toCollection(LinkedHashSet::new));
        }
    }
}
