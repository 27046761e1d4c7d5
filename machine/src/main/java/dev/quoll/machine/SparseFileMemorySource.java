package dev.quoll.machine;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Guest RAM in a mapped sparse temporary file: JDK only, works on every host, deleted with the mapping. */
public final class SparseFileMemorySource implements MemorySource {
    @Override
    public String name() {
        return "sparse-file";
    }

    @Override
    public boolean supported() {
        return true;
    }

    @Override
    public int priority() {
        return 0;
    }

    @Override
    public Mapping map(long size) throws IOException {
        Path file = Files.createTempFile("quoll-ram-", ".bin");
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            MemorySegment segment = channel.map(FileChannel.MapMode.READ_WRITE, 0, size, arena);
            // Where a mapped file can lose its name, it does at once: then not even a killed process leaves it behind.
            if (!file.toFile().delete()) {
                file.toFile().deleteOnExit();
            }
            return new FileMapping(arena, segment, file);
        } catch (IOException | RuntimeException e) {
            arena.close();
            Files.deleteIfExists(file);
            throw new IOException(
                    "cannot map %d MiB of guest RAM from a temporary file: %s".formatted(size >> 20, e.getMessage()), e);
        }
    }

    private record FileMapping(Arena arena, MemorySegment segment, Path file) implements Mapping {
        @Override
        public int fileDescriptor() {
            return -1;
        }

        @Override
        public void close() {
            arena.close();
            file.toFile().delete();
        }
    }
}
