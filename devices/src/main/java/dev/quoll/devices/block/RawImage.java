package dev.quoll.devices.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/** A disk whose bytes are those of a file or block device of the host, in order. Holes in the file read as zeroes and take no room. */
public final class RawImage implements DiskImage {
    private final HostFile file;
    private volatile long size;

    /** Takes over the file, which is closed with the image. The disk is as large as the file is now. */
    public RawImage(HostFile file) throws IOException {
        this.file = file;
        this.size = file.size();
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return file.readOnly();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        Objects.checkFromIndexSize(offset, target.remaining(), size);
        file.read(offset, target);
    }

    @Override
    public void write(long offset, ByteBuffer source) throws IOException {
        requireWritable();
        Objects.checkFromIndexSize(offset, source.remaining(), size);
        file.write(offset, source);
    }

    @Override
    public void flush() throws IOException {
        if (!readOnly()) {
            file.force();
        }
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        requireWritable();
        Objects.checkFromIndexSize(offset, length, size);
        file.punchHole(offset, length);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        requireWritable();
        Objects.checkFromIndexSize(offset, length, size);
        if (!mayUnmap || !file.punchHole(offset, length)) {
            file.writeZeroes(offset, length);
        }
    }

    /** Changes the size of disk and file. What is cut off is lost; what is added reads as zeroes and takes no room. */
    public void resize(long newSize) throws IOException {
        requireWritable();
        if (newSize < size) {
            file.truncate(newSize);
        } else {
            file.extendTo(newSize);
        }
        size = newSize;
    }

    private void requireWritable() throws IOException {
        if (readOnly()) {
            throw new IOException("the image %s is open for reading only".formatted(file.path()));
        }
    }

    @Override
    public void close() throws IOException {
        try (file) {
            flush();
        }
    }
}
