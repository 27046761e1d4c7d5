package dev.quoll.boot.image;

import dev.quoll.machine.GuestMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/**
 * A file handed to the kernel beside its image: for Linux an initial ramdisk, for multiboot and PVH kernels a module.
 *
 * @param content the bytes
 * @param commandLine the module's own arguments, which Linux does not have
 */
public record BootModule(Content content, String commandLine) {
    public BootModule {
        Objects.requireNonNull(content);
        Objects.requireNonNull(commandLine);
    }

    /** Where a module's bytes come from. */
    public sealed interface Content {
        /** Bytes in all. */
        long size();

        /** Copies the bytes to RAM that the caller has found to be large enough. */
        void copyTo(GuestMemory memory, long address) throws ImageException;
    }

    private record InMemory(byte[] bytes) implements Content {
        @Override
        public long size() {
            return bytes.length;
        }

        @Override
        public void copyTo(GuestMemory memory, long address) {
            memory.write(address, bytes);
        }
    }

    private record InFile(Path path, long size) implements Content {
        @Override
        public void copyTo(GuestMemory memory, long address) throws ImageException {
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ); Arena arena = Arena.ofConfined()) {
                if (channel.size() < size) {
                    throw new ImageException("The file %s was cut short while it was in use.".formatted(path));
                }
                if (size > 0) {
                    memory.write(address, channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena));
                }
            } catch (ImageException e) {
                throw e;
            } catch (IOException e) {
                throw new ImageException("The file %s cannot be read: %s.".formatted(path, e.getMessage()), e);
            }
        }
    }

    /** A module without arguments; the array is not copied. */
    public static BootModule of(byte[] bytes) {
        return new BootModule(new InMemory(bytes), "");
    }

    /** A module without arguments, read from a file when it is loaded. */
    public static BootModule of(Path path) throws ImageException {
        try {
            return new BootModule(new InFile(path, Files.size(path)), "");
        } catch (IOException e) {
            throw new ImageException("The file %s cannot be read: %s.".formatted(path, e.getMessage()), e);
        }
    }
}
