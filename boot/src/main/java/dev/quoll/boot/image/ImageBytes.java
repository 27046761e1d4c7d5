package dev.quoll.boot.image;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** A kernel file's bytes with checked little-endian access: whatever lies outside is an {@link ImageException}. */
record ImageBytes(byte[] array) {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    int size() {
        return array.length;
    }

    boolean has(long offset, long count) {
        return offset >= 0 && count >= 0 && offset <= array.length && count <= array.length - offset;
    }

    int u8(long offset) throws ImageException {
        return array[check(offset, 1)] & 0xff;
    }

    int u16(long offset) throws ImageException {
        return (short) SHORT.get(array, check(offset, 2)) & 0xffff;
    }

    int i32(long offset) throws ImageException {
        return (int) INT.get(array, check(offset, 4));
    }

    long u32(long offset) throws ImageException {
        return Integer.toUnsignedLong(i32(offset));
    }

    long u64(long offset) throws ImageException {
        return (long) LONG.get(array, check(offset, 8));
    }

    private int check(long offset, int count) throws ImageException {
        if (!has(offset, count)) {
            throw truncated("its headers");
        }
        return (int) offset;
    }

    ImageException truncated(String where) {
        return new ImageException("The kernel image is truncated: the file's %d bytes end within %s.".formatted(size(), where));
    }
}
