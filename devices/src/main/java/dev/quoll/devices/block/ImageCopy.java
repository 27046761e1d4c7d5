package dev.quoll.devices.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Copies the content of one disk to another, new one, leaving out what is zero. */
public final class ImageCopy {
    private static final int CHUNK = 1 << 20;
    /** What is looked at as a whole: a cluster of qcow2's usual size would hide small holes, a page costs too many requests. */
    private static final int PIECE = 1 << 14;

    /** Hears how far a copy has come, in bytes of the disk. */
    @FunctionalInterface
    public interface Listener {
        void at(long done, long total);
    }

    private ImageCopy() {}

    /**
     * Copies all of {@code from} and flushes.
     *
     * @param to at least as large, and zero all over
     */
    public static void copy(DiskImage from, DiskImage to, Listener listener) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.nativeOrder());
        long size = from.size();
        for (long at = 0; at < size; at += CHUNK) {
            int count = (int) Math.min(CHUNK, size - at);
            from.read(at, chunk.clear().limit(count));
            writePieces(to, at, chunk, count);
            listener.at(at + count, size);
        }
        to.flush();
    }

    /** Pieces that are not zero and lie side by side are one write. */
    private static void writePieces(DiskImage to, long at, ByteBuffer chunk, int count) throws IOException {
        int start = 0;
        while (start < count) {
            int end = start;
            while (end < count && !isZero(chunk, end, Math.min(count, end + PIECE))) {
                end = Math.min(count, end + PIECE);
            }
            if (end > start) {
                to.write(at + start, chunk.limit(end).position(start));
                chunk.clear();
            }
            start = Math.min(count, end + PIECE);
        }
    }

    private static boolean isZero(ByteBuffer bytes, int from, int to) {
        int at = from;
        for (; at + Long.BYTES <= to; at += Long.BYTES) {
            if (bytes.getLong(at) != 0) {
                return false;
            }
        }
        for (; at < to; at++) {
            if (bytes.get(at) != 0) {
                return false;
            }
        }
        return true;
    }
}
