package dev.quoll.boot.compress;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A Zstandard bit stream, read from its last bit to its first. The highest set bit of the last byte only marks the end.
 * Bits before the stream's beginning read as zero and make {@link #remaining()} negative (RFC 8878, 4.1).
 */
final class BackwardBits {
    private static final VarHandle LONG_LE = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private final int start;
    private int remaining;

    BackwardBits(ByteSource range) throws IOException {
        int count = range.remaining();
        bytes = range.array();
        start = range.position();
        int last = count == 0 ? 0 : bytes[start + count - 1] & 0xff;
        if (last == 0 || count > Integer.MAX_VALUE / 8) {
            throw new IOException("a Zstandard bit stream has no end mark");
        }
        remaining = (count - 1) * 8 + 31 - Integer.numberOfLeadingZeros(last);
    }

    int remaining() {
        return remaining;
    }

    /** @param count 0 to 31 */
    int read(int count) {
        int value = peek(count);
        remaining -= count;
        return value;
    }

    void skip(int count) {
        remaining -= count;
    }

    /** The next {@code count} (0 to 31) bits without taking them. */
    int peek(int count) {
        int from = remaining - count;
        if (from < 0) {
            return remaining <= 0 ? 0 : (int) load(0, remaining) << -from;
        }
        return (int) load(from, count);
    }

    private long load(int from, int count) {
        int at = start + (from >>> 3);
        long word;
        if (at <= bytes.length - 8) {
            word = (long) LONG_LE.get(bytes, at);
        } else {
            word = 0;
            for (int i = bytes.length - 1; i >= at; i--) {
                word = word << 8 | bytes[i] & 0xff;
            }
        }
        return word >>> (from & 7) & (1L << count) - 1;
    }
}
