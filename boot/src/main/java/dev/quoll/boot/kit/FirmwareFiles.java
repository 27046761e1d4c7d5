package dev.quoll.boot.kit;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Fetched firmware in the cache.
 *
 * @param code the image
 * @param variables what its variables look like when they are fresh
 */
public record FirmwareFiles(Path code, Optional<Path> variables) {}
