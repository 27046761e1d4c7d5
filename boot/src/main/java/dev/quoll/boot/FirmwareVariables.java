package dev.quoll.boot;

import dev.quoll.boot.image.ImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/**
 * What firmware remembers: the content of its flash memory at the start, and the file that takes the guest's changes.
 *
 * @param content at the start
 * @param file where changes go; without one they end with the machine
 */
public record FirmwareVariables(byte[] content, Optional<Path> file) {
    /** Bytes of the store. */
    public int length() {
        return content.length;
    }

    /**
     * The variables of a file, which is made from the template when it does not exist.
     *
     * @param template what fresh variables look like; null when there is none, and the file has to be there
     * @throws ImageException with one sentence
     */
    public static FirmwareVariables kept(Path file, Path template) throws ImageException {
        if (template != null && !Files.exists(file)) {
            try {
                Files.copy(template, file);
            } catch (IOException e) {
                throw new ImageException("the firmware's variables %s cannot be made: %s.".formatted(file, e.getMessage()), e);
            }
        }
        byte[] content = FirmwareImage.bytes("firmware's variables", file);
        if (!FirmwareImage.isFlashLength(content.length)) {
            throw new ImageException("the firmware's variables %s have %d bytes, which is no number of blocks of flash memory."
                    .formatted(file, content.length));
        }
        return new FirmwareVariables(content, Optional.of(file));
    }

    /** Variables as fresh as the template's, forgotten at the end. @throws ImageException with one sentence */
    public static FirmwareVariables forgotten(Path template) throws ImageException {
        return new FirmwareVariables(kept(template, null).content, Optional.empty());
    }

    /**
     * Opens the file for the guest's changes.
     *
     * @throws IOException when the file cannot be written
     */
    Sink open(Consumer<String> notices) throws IOException {
        if (file.isEmpty()) {
            return Sink.FORGETS;
        }
        return new FileSink(file.get(), notices);
    }

    /** Takes changes to the store. */
    interface Sink extends AutoCloseable {
        /** For variables that end with the machine. */
        Sink FORGETS = (_, _) -> {};

        /** Returns at once. */
        void write(byte[] bytes, int offset);

        @Override
        default void close() {}
    }

    /** Writes on a thread of its own: a vCPU does not wait for the host's disk. */
    private static final class FileSink implements Sink {
        private final Path file;
        private final FileChannel channel;
        private final Consumer<String> notices;
        private final ExecutorService writer =
                Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("quoll-firmware-variables").factory());
        /** The user has been told; touched by the writer only. */
        private boolean failed;

        FileSink(Path file, Consumer<String> notices) throws IOException {
            this.file = file;
            this.notices = notices;
            channel = FileChannel.open(file, StandardOpenOption.WRITE);
        }

        @Override
        public void write(byte[] bytes, int offset) {
            writer.execute(() -> put(bytes, offset));
        }

        private void put(byte[] bytes, int offset) {
            try {
                ByteBuffer left = ByteBuffer.wrap(bytes);
                while (left.hasRemaining()) {
                    channel.write(left, offset + left.position());
                }
            } catch (IOException e) {
                if (!failed) {
                    notices.accept("the firmware's variables %s could not be written: %s".formatted(file, e.getMessage()));
                }
                failed = true;
            }
        }

        @Override
        public void close() {
            writer.close();
            try {
                channel.close();
            } catch (IOException e) {
                notices.accept("the firmware's variables %s could not be closed: %s".formatted(file, e.getMessage()));
            }
        }
    }
}
