package dev.quoll.devices.block;

import dev.quoll.devices.host.RateLimiter;
import dev.quoll.devices.virtio.DescriptorChain;
import dev.quoll.devices.virtio.Virtqueue;
import dev.quoll.devices.virtio.VirtqueueException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Carries out the requests of one queue of a disk (section 5.2.6), one at a time. */
final class BlockRequests {
    /** Bytes of data that a queue holds at a time. Aligned to pages, which direct I/O wants. */
    static final int BUFFER_LENGTH = 1 << 18;

    private static final int PAGE = 4096;
    private static final int HEADER_LENGTH = 16;
    private static final int SEGMENT_LENGTH = 16;
    private static final int UNMAP = 1;
    private static final long NOTICE_NANOS = 5_000_000_000L;

    /** Request types. */
    private static final int IN = 0;

    private static final int OUT = 1;
    private static final int FLUSH = 4;
    private static final int GET_ID = 8;
    private static final int DISCARD = 11;
    private static final int WRITE_ZEROES = 13;

    /** The status byte. */
    private static final int OK = 0;

    private static final int IO_ERROR = 1;
    private static final int UNSUPPORTED = 2;

    /** What the queues of a disk share. @param identity the serial number, padded with zeroes */
    record Disk(DiskImage image, String name, byte[] identity, RateLimiter limiter, Notices notices) {
        Disk(DiskImage image, String name, byte[] identity, RateLimiter limiter, Consumer<String> sink) {
            this(image, name, identity, limiter, new Notices(name, sink));
        }
    }

    /** Tells the user of failures: a guest may provoke them as fast as it can ask. */
    static final class Notices {
        private final String name;
        private final Consumer<String> sink;
        private final AtomicLong next = new AtomicLong(System.nanoTime());

        Notices(String name, Consumer<String> sink) {
            this.name = name;
            this.sink = sink;
        }

        void failed(String what, IOException cause) {
            long now = System.nanoTime();
            long due = next.get();
            if (now - due >= 0 && next.compareAndSet(due, now + NOTICE_NANOS)) {
                sink.accept("%s: %s failed, the guest gets an I/O error: %s".formatted(name, what, cause.getMessage()));
            }
        }
    }

    private final Disk disk;
    private final DiskImage image;
    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(BUFFER_LENGTH + PAGE).alignedSlice(PAGE).slice(0, BUFFER_LENGTH);
    private final MemorySegment segment = MemorySegment.ofBuffer(buffer);
    private final ByteBuffer header = ByteBuffer.allocate(HEADER_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
    private final byte[] status = new byte[1];
    private BooleanSupplier writeThrough;

    BlockRequests(Disk disk) {
        this.disk = disk;
        image = disk.image;
    }

    /** Before the thread that calls {@link #handle} starts. @param through whether a write ends only when it is on stable storage */
    void begin(BooleanSupplier through) {
        writeThrough = through;
    }

    /** As {@link dev.quoll.devices.virtio.QueueWorker.Handler}. */
    boolean handle(Virtqueue queue, DescriptorChain chain) throws VirtqueueException {
        if (chain.readableLength() < HEADER_LENGTH || chain.writableLength() < 1) {
            throw new VirtqueueException("a request has no whole header or no room for its status");
        }
        long dataOut = chain.readableLength() - HEADER_LENGTH;
        long dataIn = chain.writableLength() - 1;
        if (!disk.limiter.admit(dataOut + dataIn)) {
            return false;
        }
        chain.read(header.array(), 0, HEADER_LENGTH);
        int type = header.getInt(0);
        long sector = header.getLong(8);
        status[0] = (byte) switch (type) {
            case IN -> read(chain, sector, dataIn);
            case OUT -> write(chain, sector, dataOut);
            case FLUSH -> flush();
            case GET_ID -> identify(chain, dataIn);
            case DISCARD, WRITE_ZEROES -> clear(chain, type, dataOut);
            default -> UNSUPPORTED;
        };
        // The status comes last, wherever the data ended.
        long data = chain.written();
        chain.advance(dataIn - data);
        chain.write(status, 0, 1);
        queue.complete(chain, (int) Math.min(Integer.MAX_VALUE, data == dataIn ? dataIn + 1 : data));
        queue.signal();
        return true;
    }

    /** Whether whole sectors within the disk are meant. */
    private boolean sound(long sector, long length) {
        long sectors = image.size() / VirtioBlock.SECTOR;
        return length % VirtioBlock.SECTOR == 0
                && sector >= 0
                && sector <= sectors
                && length / VirtioBlock.SECTOR <= sectors - sector;
    }

    private int read(DescriptorChain chain, long sector, long length) {
        if (!sound(sector, length)) {
            return IO_ERROR;
        }
        try {
            for (long done = 0; done < length; done += buffer.limit()) {
                buffer.clear().limit((int) Math.min(BUFFER_LENGTH, length - done));
                image.read(sector * VirtioBlock.SECTOR + done, buffer);
                chain.write(segment, 0, buffer.limit());
            }
            return OK;
        } catch (IOException e) {
            disk.notices.failed("a read", e);
            return IO_ERROR;
        }
    }

    private int write(DescriptorChain chain, long sector, long length) {
        if (image.readOnly() || !sound(sector, length)) {
            return IO_ERROR;
        }
        try {
            for (long done = 0; done < length; done += buffer.limit()) {
                buffer.clear().limit((int) Math.min(BUFFER_LENGTH, length - done));
                chain.read(segment, 0, buffer.limit());
                image.write(sector * VirtioBlock.SECTOR + done, buffer);
            }
            return writeThrough.getAsBoolean() ? flush() : OK;
        } catch (IOException e) {
            disk.notices.failed("a write", e);
            return IO_ERROR;
        }
    }

    private int flush() {
        try {
            image.flush();
            return OK;
        } catch (IOException e) {
            disk.notices.failed("a flush", e);
            return IO_ERROR;
        }
    }

    private int identify(DescriptorChain chain, long room) {
        chain.write(disk.identity, 0, (int) Math.min(room, disk.identity.length));
        return OK;
    }

    /** Discard and write zeroes: a list of ranges (5.2.6, struct virtio_blk_discard_write_zeroes). */
    private int clear(DescriptorChain chain, int type, long length) {
        boolean discard = type == DISCARD;
        if (image.readOnly() || length % SEGMENT_LENGTH != 0 || length / SEGMENT_LENGTH > VirtioBlock.MAX_SEGMENTS) {
            return IO_ERROR;
        }
        for (long left = length; left > 0; left -= SEGMENT_LENGTH) {
            chain.read(header.array(), 0, SEGMENT_LENGTH);
            int result = clear(discard, header.getLong(0), header.getInt(8) & 0xffff_ffffL, header.getInt(12));
            if (result != OK) {
                return result;
            }
        }
        return !discard && writeThrough.getAsBoolean() ? flush() : OK;
    }

    private int clear(boolean discard, long sector, long sectors, int flags) {
        if ((flags & (discard ? -1 : ~UNMAP)) != 0) {
            return UNSUPPORTED;
        }
        int most = discard ? VirtioBlock.MAX_DISCARD_SECTORS : VirtioBlock.MAX_ZERO_SECTORS;
        if (sectors > most || !sound(sector, sectors * VirtioBlock.SECTOR)) {
            return IO_ERROR;
        }
        long offset = sector * VirtioBlock.SECTOR;
        long length = sectors * VirtioBlock.SECTOR;
        try {
            if (discard) {
                image.discard(offset, length);
            } else {
                image.writeZeroes(offset, length, (flags & UNMAP) != 0);
            }
            return OK;
        } catch (IOException e) {
            disk.notices.failed(discard ? "a discard" : "a write of zeroes", e);
            return IO_ERROR;
        }
    }
}
