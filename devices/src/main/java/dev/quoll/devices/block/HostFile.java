package dev.quoll.devices.block;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * The file of the host that holds an image, locked against other processes for as long as it is open. Offsets and lengths are in
 * bytes. Methods may be called from any thread; a thread must not be interrupted in one, because Java closes the file then.
 */
public final class HostFile implements AutoCloseable {
    private static final int ZEROES = 1 << 16;

    private final Path path;
    private final boolean readOnly;
    private final FileChannel channel;
    private final HostFileHandle handle;
    /** Null with the page cache. */
    private DirectChannel direct;

    private HostFile(Path path, boolean readOnly, FileChannel channel, HostFileHandle handle) {
        this.path = path;
        this.readOnly = readOnly;
        this.channel = channel;
        this.handle = handle;
    }

    /**
     * Opens a file that exists: a regular one or a block device.
     *
     * @throws IOException one sentence: not there, not permitted, in use by another process
     */
    public static HostFile open(Path path, boolean readOnly) throws IOException {
        if (Files.isDirectory(path)) {
            throw new IOException("the image %s is a folder".formatted(path));
        }
        return open(path, readOnly, readOnly
                ? Set.of(StandardOpenOption.READ)
                : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    /** As {@link #open(Path, boolean)}, with whole blocks going around the host's page cache. */
    static HostFile openDirect(Path path, boolean readOnly) throws IOException {
        HostFile file = open(path, readOnly);
        try {
            file.direct = DirectChannel.open(path, readOnly);
            return file;
        } catch (IOException e) {
            try (file) {
                throw e;
            }
        }
    }

    /** Makes a file that must not exist yet. */
    public static HostFile create(Path path) throws IOException {
        return open(path, false, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW));
    }

    private static HostFile open(Path path, boolean readOnly, Set<StandardOpenOption> options) throws IOException {
        FileChannel channel = FileChannel.open(path, options);
        try {
            return new HostFile(path, readOnly, channel, HostFileHandle.lock(path, readOnly, channel));
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Over a channel that somebody else has opened; not locked, and without holes. */
    static HostFile over(Path path, FileChannel channel) {
        return new HostFile(path, false, channel, new HostFileHandle.None());
    }

    public Path path() {
        return path;
    }

    public boolean readOnly() {
        return readOnly;
    }

    public long size() throws IOException {
        return channel.size();
    }

    /** Reads what there is, and zeroes beyond the end of the file. */
    public void readOrZero(long offset, ByteBuffer target) throws IOException {
        long at = offset;
        while (target.hasRemaining()) {
            int count = channel.read(target, at);
            if (count < 0) {
                zero(target, target.remaining());
                return;
            }
            at += count;
        }
    }

    /** @throws EOFException when the file ends before {@code target} is full */
    public void read(long offset, ByteBuffer target) throws IOException {
        long at = offset;
        while (target.hasRemaining()) {
            int count = way(at, target).read(target, at);
            if (count < 0) {
                throw new EOFException("the file %s ends at byte %d, before what should be read from it".formatted(path, size()));
            }
            at += count;
        }
    }

    public void write(long offset, ByteBuffer source) throws IOException {
        long at = offset;
        while (source.hasRemaining()) {
            at += way(at, source).write(source, at);
        }
    }

    private FileChannel way(long offset, ByteBuffer buffer) {
        return direct != null && direct.fits(offset, buffer) ? direct.channel() : channel;
    }

    /** Writes zeroes, which take up room. */
    public void writeZeroes(long offset, long length) throws IOException {
        ByteBuffer zeroes = ByteBuffer.allocateDirect((int) Math.min(ZEROES, length));
        for (long done = 0; done < length; done += zeroes.limit()) {
            write(offset + done, zeroes.clear().limit((int) Math.min(zeroes.capacity(), length - done)));
        }
    }

    /**
     * Makes a range within the file zero and gives its room back to the host.
     *
     * @return false when the host cannot do that; nothing has happened then
     */
    public boolean punchHole(long offset, long length) throws IOException {
        return length == 0 || handle.punchHole(offset, length);
    }

    /** Makes the file longer, with zeroes that take no room, or leaves it as it is. */
    public void extendTo(long size) throws IOException {
        if (channel.size() < size) {
            channel.write(ByteBuffer.allocate(1), size - 1);
        }
    }

    /** Cuts the file off. */
    public void truncate(long size) throws IOException {
        channel.truncate(size);
    }

    /** Returns when all that was written is on stable storage. */
    public void force() throws IOException {
        channel.force(false);
    }

    @Override
    public void close() throws IOException {
        DirectChannel second = direct;
        try (handle;
                second) {
            channel.close();
        }
    }

    /** Fills the next {@code count} bytes with zeroes. */
    public static void zero(ByteBuffer target, int count) {
        int at = target.position();
        int end = at + count;
        for (; at + Long.BYTES <= end; at += Long.BYTES) {
            target.putLong(at, 0);
        }
        for (; at < end; at++) {
            target.put(at, (byte) 0);
        }
        target.position(end);
    }
}
