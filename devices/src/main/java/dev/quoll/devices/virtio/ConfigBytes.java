package dev.quoll.devices.virtio;

/** Configuration space as bytes, little endian (section 2.5.3). */
public final class ConfigBytes {
    private ConfigBytes() {}

    /** Reads a field. @param width 1, 2, 4 or 8; {@code offset + width} lies within the bytes */
    public static long read(byte[] bytes, int offset, int width) {
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | bytes[offset + i] & 0xff;
        }
        return value;
    }
}
