package dev.quoll.boot.compress;

import java.io.IOException;
import java.util.Arrays;

/**
 * What a decoder has produced so far, which is also the window that its matches copy from. Grows with what is really
 * produced, never with what a header promises, and refuses to pass its limit.
 */
final class OutputWindow {
    private final int limit;
    private byte[] bytes;
    private int size;

    /** @param limit most bytes that may be produced; one more is an {@link IOException} */
    OutputWindow(int limit) {
        this.limit = limit;
        this.bytes = new byte[Math.min(limit, 1 << 16)];
    }

    int size() {
        return size;
    }

    byte[] bytes() {
        return bytes;
    }

    byte[] toByteArray() {
        return size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
    }

    void literals(byte[] source, int from, int count) throws IOException {
        reserve(count);
        System.arraycopy(source, from, bytes, size, count);
        size += count;
    }

    void repeat(byte value, int count) throws IOException {
        reserve(count);
        Arrays.fill(bytes, size, size + count, value);
        size += count;
    }

    /** Copies {@code count} bytes from {@code distance} bytes back; the two ranges may overlap, which repeats the pattern. */
    void match(int distance, int count) throws IOException {
        if (distance <= 0 || distance > size) {
            throw new IOException("a match reaches " + Integer.toUnsignedString(distance) + " bytes back with only " + size + " produced");
        }
        reserve(count);
        int from = size - distance;
        int left = count;
        // Each round can copy all that lies between source and target, which doubles when the two overlap.
        while (left > 0) {
            int chunk = Math.min(left, size - from);
            System.arraycopy(bytes, from, bytes, size, chunk);
            size += chunk;
            left -= chunk;
        }
    }

    private void reserve(int count) throws IOException {
        if (count < 0 || count > limit - size) {
            throw new IOException("it holds more than the " + limit + " bytes it was said to hold");
        }
        if (count > bytes.length - size) {
            long wanted = Math.max((long) bytes.length * 2, (long) size + count);
            bytes = Arrays.copyOf(bytes, (int) Math.min(wanted, limit));
        }
    }
}
