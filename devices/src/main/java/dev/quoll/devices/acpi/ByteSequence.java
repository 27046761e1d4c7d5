package dev.quoll.devices.acpi;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Builds little-endian byte strings; each method appends and returns this. */
public final class ByteSequence {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** An empty sequence. */
    public ByteSequence() {}

    public ByteSequence u8(int value) {
        out.write(value);
        return this;
    }

    public ByteSequence u16(int value) {
        return u8(value).u8(value >>> 8);
    }

    public ByteSequence u32(long value) {
        return u16((int) value).u16((int) (value >>> 16));
    }

    public ByteSequence u64(long value) {
        return u32(value).u32(value >>> 32);
    }

    public ByteSequence bytes(byte... values) {
        out.writeBytes(values);
        return this;
    }

    public ByteSequence zeros(int count) {
        return bytes(new byte[count]);
    }

    /** ASCII text, padded with spaces. @throws IllegalArgumentException when it is longer than {@code length} */
    public ByteSequence text(String text, int length) {
        if (text.length() > length) {
            throw new IllegalArgumentException("'" + text + "' is longer than " + length + " bytes");
        }
        return bytes((text + " ".repeat(length - text.length())).getBytes(StandardCharsets.US_ASCII));
    }

    public int length() {
        return out.size();
    }

    public byte[] toBytes() {
        return out.toByteArray();
    }

    /** Makes the bytes from {@code start} to {@code end} - 1 sum up to 0 by setting the byte at {@code at}. */
    public static void setChecksum(byte[] bytes, int start, int end, int at) {
        bytes[at] = 0;
        int sum = 0;
        for (int i = start; i < end; i++) {
            sum += bytes[i];
        }
        bytes[at] = (byte) -sum;
    }
}
