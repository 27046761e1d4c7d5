package dev.quoll.devices.block;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The content of a disk, in whatever format. Offsets and lengths are in bytes, of any alignment, and lie within {@link #size}; else
 * {@link IndexOutOfBoundsException}. Methods may be called from several threads at once; two requests that overlap in time and place
 * have no order between them.
 *
 * <p>What was written is found again by every later read, and survives the death of the process once {@link #flush} has returned.
 * Without it, a write may be lost when the host dies, but never what was flushed before, nor the format's own structures. An
 * {@link IOException} says in one sentence what the host refused; the rest of the image stays usable.
 */
public interface DiskImage extends AutoCloseable {
    /** Size of the disk as the guest sees it, in bytes. */
    long size();

    boolean readOnly();

    /** Fills the remaining room of {@code target}. */
    void read(long offset, ByteBuffer target) throws IOException;

    /** Writes all that remains of {@code source}. */
    void write(long offset, ByteBuffer source) throws IOException;

    /** Returns when all writes that have returned before are on stable storage. */
    void flush() throws IOException;

    /** The content of the range is no longer needed: it reads as zeroes or as before, and its room may be given back. */
    void discard(long offset, long length) throws IOException;

    /**
     * The range reads as zeroes from now on.
     *
     * @param mayUnmap whether its room may be given back
     */
    void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException;

    /** Flushes and closes; no other call may be under way. */
    @Override
    void close() throws IOException;
}
