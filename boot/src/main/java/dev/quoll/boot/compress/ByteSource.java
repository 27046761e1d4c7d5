package dev.quoll.boot.compress;

import java.io.EOFException;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** A forward reader over a range of a byte array. Multi-byte values are little-endian unless the name says otherwise. */
final class ByteSource {
    private static final VarHandle INT_LE = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG_LE = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private final int end;
    private int position;

    ByteSource(byte[] bytes, int from, int count) {
        this.bytes = bytes;
        this.position = from;
        this.end = from + count;
    }

    byte[] array() {
        return bytes;
    }

    int position() {
        return position;
    }

    int end() {
        return end;
    }

    int remaining() {
        return end - position;
    }

    int u8() throws IOException {
        return bytes[take(1)] & 0xff;
    }

    int u16() throws IOException {
        int at = take(2);
        return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8;
    }

    int u24() throws IOException {
        int at = take(3);
        return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16;
    }

    int u32() throws IOException {
        return (int) INT_LE.get(bytes, take(4));
    }

    long u64() throws IOException {
        return (long) LONG_LE.get(bytes, take(8));
    }

    int bigEndian16() throws IOException {
        return Short.toUnsignedInt(Short.reverseBytes((short) u16()));
    }

    int bigEndian32() throws IOException {
        return Integer.reverseBytes(u32());
    }

    void skip(int count) throws IOException {
        take(count);
    }

    /** The next {@code count} bytes as a source of their own; this one goes on after them. */
    ByteSource slice(int count) throws IOException {
        return new ByteSource(bytes, take(count), count);
    }

    void copyTo(OutputWindow out, int count) throws IOException {
        out.literals(bytes, take(count), count);
    }

    private int take(int count) throws IOException {
        if (count < 0 || count > end - position) {
            throw new EOFException("it ends in the middle of a value");
        }
        int at = position;
        position += count;
        return at;
    }
}
