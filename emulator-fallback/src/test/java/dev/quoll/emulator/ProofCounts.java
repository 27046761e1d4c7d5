package dev.quoll.emulator;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** The table of {@code ./quoll test --proof}: rows are added to the file that {@code -Dquoll.counts} names, if it does. */
public final class ProofCounts {
    private static final String FILE = System.getProperty("quoll.counts");

    private ProofCounts() {}

    /** Adds a row. */
    public static void add(String what, long count, Class<?> by) throws IOException {
        if (FILE != null) {
            Files.writeString(
                    Path.of(FILE),
                    String.format(Locale.ROOT, "| %s | %,d | `%s` |%n", what, count, by.getSimpleName()),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        }
    }
}
