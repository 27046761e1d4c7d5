package dev.quoll.devices.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/** A part of another disk. */
record DiskWindow(DiskImage whole, long start, long size) implements DiskImage {
    private long at(long offset, long length) {
        return start + Objects.checkFromIndexSize(offset, length, size);
    }

    @Override
    public boolean readOnly() {
        return whole.readOnly();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        whole.read(at(offset, target.remaining()), target);
    }

    @Override
    public void write(long offset, ByteBuffer source) throws IOException {
        whole.write(at(offset, source.remaining()), source);
    }

    @Override
    public void flush() throws IOException {
        whole.flush();
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        whole.discard(at(offset, length), length);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        whole.writeZeroes(at(offset, length), length, mayUnmap);
    }

    @Override
    public void close() {
        // whoever opened the whole closes it
    }
}
