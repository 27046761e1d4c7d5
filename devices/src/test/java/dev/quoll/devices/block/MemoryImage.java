package dev.quoll.devices.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A disk in an array that can be told to refuse, as a full or broken host disk does. */
public final class MemoryImage implements DiskImage {
    public final byte[] content;
    final boolean readOnly;
    public volatile String refusal;
    volatile int flushes;
    volatile int discards;

    public MemoryImage(int size, boolean readOnly) {
        content = new byte[size];
        this.readOnly = readOnly;
    }

    public int flushes() {
        return flushes;
    }

    private void check() throws IOException {
        if (refusal != null) {
            throw new IOException(refusal);
        }
    }

    @Override
    public long size() {
        return content.length;
    }

    @Override
    public boolean readOnly() {
        return readOnly;
    }

    @Override
    public synchronized void read(long offset, ByteBuffer target) throws IOException {
        check();
        target.put(content, Math.toIntExact(offset), target.remaining());
    }

    @Override
    public synchronized void write(long offset, ByteBuffer source) throws IOException {
        check();
        source.get(content, Math.toIntExact(offset), source.remaining());
    }

    @Override
    public synchronized void flush() throws IOException {
        check();
        flushes++;
    }

    @Override
    public synchronized void discard(long offset, long length) throws IOException {
        check();
        discards++;
    }

    @Override
    public synchronized void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        check();
        Arrays.fill(content, Math.toIntExact(offset), Math.toIntExact(offset + length), (byte) 0);
    }

    @Override
    public void close() throws IOException {
        flush();
    }
}
