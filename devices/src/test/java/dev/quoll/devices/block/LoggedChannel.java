package dev.quoll.devices.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongPredicate;

/** A file that remembers what was done to it in which order, so that the power can be cut afterwards at any moment. */
final class LoggedChannel extends FileChannel {
    sealed interface Event {}

    record Write(long offset, byte[] bytes) implements Event {}

    record Force() implements Event {}

    private static final int SECTOR = 512;

    private final FileChannel channel;
    private final List<Event> log = new ArrayList<>();
    private boolean full;

    LoggedChannel(FileChannel channel) {
        this.channel = channel;
    }

    /** From now on the host's disk has no more room, or has some again. */
    void setFull(boolean noRoom) {
        full = noRoom;
    }

    int events() {
        return log.size();
    }

    /** As if what wrote at such places had not waited before. */
    void dropBarriersBefore(LongPredicate place) {
        for (int i = log.size() - 2; i >= 0; i--) {
            if (log.get(i) instanceof Force && log.get(i + 1) instanceof Write(long offset, byte[] _) && place.test(offset)) {
                log.remove(i);
            }
        }
    }

    /** Any event, but often the one before the host is told to keep all: then the most is in the balance. */
    int momentToCut(Random random) {
        int event = random.nextInt(log.size() + 1);
        if (random.nextInt(4) > 0) {
            while (event < log.size() && !(log.get(event) instanceof Force)) {
                event++;
            }
        }
        return event;
    }

    /**
     * Writes the file as it may be when the power fails after {@code events}: all that was forced is there, of the rest any sectors.
     */
    void replay(byte[] before, int events, Random random, Path target) throws IOException {
        int certain = events;
        while (certain > 0 && !(log.get(certain - 1) instanceof Force)) {
            certain--;
        }
        int fate = random.nextInt(4);
        try (FileChannel file = FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(before), 0);
            for (int i = 0; i < events; i++) {
                if (log.get(i) instanceof Write(long offset, byte[] bytes)) {
                    for (int at = 0; at < bytes.length; ) {
                        int count = Math.min(bytes.length - at, SECTOR - (int) (offset + at & SECTOR - 1));
                        boolean there = i < certain || fate == 0 || fate < 3 && random.nextInt(fate == 1 ? 2 : 10) == 0;
                        if (there) {
                            file.write(ByteBuffer.wrap(bytes, at, count), offset + at);
                        }
                        at += count;
                    }
                }
            }
        }
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
        return channel.read(target, position);
    }

    @Override
    public int write(ByteBuffer source, long position) throws IOException {
        if (full && position + source.remaining() > channel.size()) {
            throw new IOException("No space left on device");
        }
        byte[] bytes = new byte[source.remaining()];
        source.duplicate().get(bytes);
        int count = channel.write(source, position);
        if (count != bytes.length) {
            throw new IOException("a short write");
        }
        log.add(new Write(position, bytes));
        return count;
    }

    @Override
    public void force(boolean metaData) {
        log.add(new Force());
    }

    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    protected void implCloseChannel() throws IOException {
        channel.close();
    }

    @Override
    public FileChannel truncate(long size) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int read(ByteBuffer target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int write(ByteBuffer source) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long position() {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileChannel position(long position) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) {
        throw new UnsupportedOperationException();
    }
}
