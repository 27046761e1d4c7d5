package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * One request on a virtqueue: buffers that the device reads, then buffers that it writes (section 2.6). Made once by a device and
 * filled again and again by {@link Virtqueue#take}. Both halves are read and written as streams, whatever the driver's framing
 * (section 2.6.4). Every buffer has been checked to lie within guest RAM. Not thread-safe.
 */
public final class DescriptorChain {
    /** Most buffers in a chain: the largest queue a device here offers has no more descriptors, and an indirect table is held to it. */
    public static final int MAX_BUFFERS = 1024;

    private final GuestMemory memory;
    private final long[] address = new long[MAX_BUFFERS];
    private final int[] length = new int[MAX_BUFFERS];
    private int readable;
    private int buffers;
    private long readableLength;
    private long writableLength;
    private int readBuffer;
    private int readOffset;
    private int writeBuffer;
    private int writeOffset;
    private long written;
    /** Head index (split) or buffer id (packed), as the ring wants it back. */
    private int id;
    /** Ring entries it takes, for packed rings. */
    private int entries;

    public DescriptorChain(GuestMemory memory) {
        this.memory = memory;
    }

    /** Empties it for a new chain. */
    void begin(int chainId) {
        id = chainId;
        entries = 0;
        readable = 0;
        buffers = 0;
        readableLength = 0;
        writableLength = 0;
        readBuffer = 0;
        readOffset = 0;
        writeOffset = 0;
        written = 0;
    }

    /**
     * Adds a buffer.
     *
     * @param size bytes, unsigned
     * @throws VirtqueueException when it is out of order, not RAM, or one too many
     */
    void add(long guestAddress, int size, boolean writable) throws VirtqueueException {
        if (buffers == MAX_BUFFERS) {
            throw new VirtqueueException("a chain has more than %d buffers".formatted(MAX_BUFFERS));
        }
        if (size < 0 || !memory.isRam(guestAddress, size)) {
            throw new VirtqueueException("a buffer of %d bytes at %#x is not in RAM"
                    .formatted(Integer.toUnsignedLong(size), guestAddress));
        }
        if (!writable && buffers != readable) {
            throw new VirtqueueException("a buffer to be read follows one to be written");
        }
        address[buffers] = guestAddress;
        length[buffers] = size;
        buffers++;
        if (writable) {
            writableLength += size;
        } else {
            readable = buffers;
            readableLength += size;
        }
        writeBuffer = readable;
    }

    int id() {
        return id;
    }

    int entries() {
        return entries;
    }

    /** Sets what is known only when the whole chain has been read, in packed rings. */
    void identify(int chainId, int ringEntries) {
        id = chainId;
        entries = ringEntries;
    }

    /** Bytes of the readable half, read or not. */
    public long readableLength() {
        return readableLength;
    }

    /** Bytes of the writable half, written or not. */
    public long writableLength() {
        return writableLength;
    }

    /** Bytes written so far with the methods of this class, as {@link Virtqueue#complete} wants it. */
    public int written() {
        return (int) Math.min(written, Integer.MAX_VALUE);
    }

    /** Reads on into an array. @return bytes read, fewer than asked only at the end */
    public int read(byte[] target, int start, int count) {
        int done = 0;
        while (done < count && readBuffer < readable) {
            int piece = Math.min(count - done, length[readBuffer] - readOffset);
            memory.read(address[readBuffer] + readOffset, target, start + done, piece);
            done += piece;
            advanceRead(piece);
        }
        return done;
    }

    /** Reads on into a part of a segment. @return bytes read, fewer than asked only at the end */
    public long read(MemorySegment target, long start, long count) {
        long done = 0;
        while (done < count && readBuffer < readable) {
            int piece = (int) Math.min(count - done, length[readBuffer] - readOffset);
            memory.read(address[readBuffer] + readOffset, target, start + done, piece);
            done += piece;
            advanceRead(piece);
        }
        return done;
    }

    /** Reads on, as much as a buffer has room for or there is. @return bytes read */
    public int read(ByteBuffer target) {
        int done = (int) read(MemorySegment.ofBuffer(target), 0, target.remaining());
        target.position(target.position() + done);
        return done;
    }

    /** Skips bytes of the readable half. */
    public void skip(long count) {
        long left = count;
        while (left > 0 && readBuffer < readable) {
            int piece = (int) Math.min(left, length[readBuffer] - readOffset);
            left -= piece;
            advanceRead(piece);
        }
    }

    private void advanceRead(int count) {
        readOffset += count;
        if (readOffset == length[readBuffer]) {
            readBuffer++;
            readOffset = 0;
        }
    }

    /** Writes on from an array. @return bytes written, fewer than asked only at the end */
    public int write(byte[] source, int start, int count) {
        int done = 0;
        while (done < count && writeBuffer < buffers) {
            int piece = Math.min(count - done, length[writeBuffer] - writeOffset);
            memory.write(address[writeBuffer] + writeOffset, source, start + done, piece);
            done += piece;
            advanceWrite(piece);
        }
        return done;
    }

    /** Writes on from a part of a segment. @return bytes written, fewer than asked only at the end */
    public long write(MemorySegment source, long start, long count) {
        long done = 0;
        while (done < count && writeBuffer < buffers) {
            int piece = (int) Math.min(count - done, length[writeBuffer] - writeOffset);
            memory.write(address[writeBuffer] + writeOffset, source, start + done, piece);
            done += piece;
            advanceWrite(piece);
        }
        return done;
    }

    /** Writes what remains of a buffer, or as much as there is room for. @return bytes written */
    public int write(ByteBuffer source) {
        int done = (int) write(MemorySegment.ofBuffer(source), 0, source.remaining());
        source.position(source.position() + done);
        return done;
    }

    /** Moves on in the writable half without writing: what is there stays, and counts as written. */
    public void advance(long count) {
        long left = count;
        while (left > 0 && writeBuffer < buffers) {
            int piece = (int) Math.min(left, length[writeBuffer] - writeOffset);
            left -= piece;
            advanceWrite(piece);
        }
    }

    private void advanceWrite(int count) {
        written += count;
        writeOffset += count;
        if (writeOffset == length[writeBuffer]) {
            writeBuffer++;
            writeOffset = 0;
        }
    }

    /** Number of buffers of the readable half. */
    public int readableBuffers() {
        return readable;
    }

    /** Number of buffers of both halves; those from {@link #readableBuffers} on are to be written. */
    public int buffers() {
        return buffers;
    }

    /** Guest address of a buffer. */
    public long address(int index) {
        return address[index];
    }

    /** Length of a buffer in bytes. */
    public int length(int index) {
        return length[index];
    }

    /**
     * A whole buffer as host memory, for I/O without a copy; the streams do not move. After writing into one, call
     * {@link #noteWritten}.
     */
    public MemorySegment buffer(int index) {
        return memory.slice(address[index], length[index]);
    }

    /** Tells the engine that the first {@code count} bytes of a buffer were written through {@link #buffer}. */
    public void noteWritten(int index, long count) {
        memory.noteWritten(address[index], count);
    }
}
