package dev.quoll.devices.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/** A disk in an array, and random requests that it and an image are both given. */
final class RandomDisk {
    private final Random random;
    private final byte[] content;

    RandomDisk(Random random, byte[] content) {
        this.random = random;
        this.content = content;
    }

    byte[] content() {
        return content;
    }

    void step(DiskImage image) throws IOException {
        int length = random.nextInt(8) == 0 ? random.nextInt(content.length / 2) : 1 + random.nextInt(20_000);
        int offset = random.nextInt(content.length);
        if (random.nextInt(4) == 0) {
            offset &= -4096;
            length = length + 4095 & -4096;
        }
        length = Math.min(length, content.length - offset);
        switch (random.nextInt(12)) {
            case 0, 1, 2, 3, 4 -> write(image, offset, length);
            case 5 -> zero(image, offset, length, random.nextBoolean());
            case 6 -> discard(image, offset, length);
            case 7 -> image.flush();
            default -> read(image, offset, length);
        }
    }

    void write(DiskImage image, int offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        image.write(offset, ByteBuffer.wrap(bytes));
        System.arraycopy(bytes, 0, content, offset, length);
    }

    private void zero(DiskImage image, int offset, int length, boolean mayUnmap) throws IOException {
        image.writeZeroes(offset, length, mayUnmap);
        Arrays.fill(content, offset, offset + length, (byte) 0);
    }

    /** Each byte is zero or as before; from now on it is what was found. */
    private void discard(DiskImage image, int offset, int length) throws IOException {
        image.discard(offset, length);
        byte[] after = bytes(image, offset, length);
        for (int i = 0; i < length; i++) {
            if (after[i] != 0) {
                assertThat(after[i]).as("byte %d after a discard of %d from %d", offset + i, length, offset).isEqualTo(content[offset + i]);
            }
        }
        System.arraycopy(after, 0, content, offset, length);
    }

    void read(DiskImage image, int offset, int length) throws IOException {
        byte[] expected = Arrays.copyOfRange(content, offset, offset + length);
        int at = Arrays.mismatch(expected, bytes(image, offset, length));
        assertThat(at).as("first wrong byte of %d from %d", length, offset).isEqualTo(-1);
    }

    void readAll(DiskImage image) throws IOException {
        read(image, 0, content.length);
    }

    static byte[] bytes(DiskImage image, long offset, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        image.read(offset, target);
        assertThat(target.hasRemaining()).isFalse();
        return target.array();
    }
}
