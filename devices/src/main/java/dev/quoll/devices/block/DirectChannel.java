package dev.quoll.devices.block;

import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A second way into a file, around the host's page cache (open(2), O_DIRECT): for requests whose offset, length and buffer are whole
 * blocks of the host's file system. Others take the first way; the host's kernel keeps the two in step.
 */
final class DirectChannel implements AutoCloseable {
    private final FileChannel channel;
    private final int block;

    private DirectChannel(FileChannel channel, int block) {
        this.channel = channel;
        this.block = block;
    }

    /** @throws IOException one sentence when the file system has no direct I/O */
    static DirectChannel open(Path path, boolean readOnly) throws IOException {
        try {
            OpenOption access = readOnly ? StandardOpenOption.READ : StandardOpenOption.WRITE;
            int block = Math.toIntExact(Files.getFileStore(path).getBlockSize());
            return new DirectChannel(
                    FileChannel.open(path, StandardOpenOption.READ, access, ExtendedOpenOption.DIRECT), block);
        } catch (IOException | UnsupportedOperationException e) {
            throw new IOException("the image %s cannot be had without the page cache: its file system does not offer that"
                    .formatted(path), e);
        }
    }

    FileChannel channel() {
        return channel;
    }

    /** Whether a request may go this way. */
    boolean fits(long offset, ByteBuffer buffer) {
        return ((offset | buffer.remaining()) & block - 1) == 0
                && buffer.isDirect()
                && buffer.alignmentOffset(buffer.position(), block) == 0;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
