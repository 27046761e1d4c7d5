package dev.quoll.emulator.isa;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// What outside programs said, for docs/witnesses.md: one file for each test in `target/witnesses`.
final class Witnesses {
    private static final Path FOLDER = Path.of("target", "witnesses");

    private Witnesses() {
    }

    static void append(String name, String text) throws IOException {
        Files.createDirectories(FOLDER);
        Files.writeString(
                FOLDER.resolve(name + ".txt"), text, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
