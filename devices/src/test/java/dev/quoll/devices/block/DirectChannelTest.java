package dev.quoll.devices.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectChannelTest {
    private static final int SIZE = 1 << 20;

    /** Requests of every alignment, so that both ways into the file are taken, and see each other's writes. */
    @Test
    void bothWaysAreInStep() throws IOException {
        // Not a temporary folder: those are often in memory, where there is no direct I/O.
        Path file = Files.createTempFile(Path.of("target"), "direct", ".raw");
        long seed = System.nanoTime();
        System.out.println("DirectChannelTest seed " + seed);
        Random random = new Random(seed);
        byte[] expected = new byte[SIZE];
        try {
            Files.write(file, expected);
            try (DiskImage image = openOrSkip(file)) {
                ByteBuffer room = ByteBuffer.allocateDirect(1 << 17).alignedSlice(4096);
                for (int i = 0; i < 500; i++) {
                    int unit = random.nextBoolean() ? 4096 : 512;
                    int length = unit * random.nextInt(1, 1 + (1 << 16) / unit);
                    int offset = unit * random.nextInt((SIZE - length) / unit + 1);
                    room.clear().limit(length);
                    byte[] data = new byte[length];
                    if (random.nextBoolean()) {
                        random.nextBytes(data);
                        room.put(0, data);
                        image.write(offset, room);
                        System.arraycopy(data, 0, expected, offset, length);
                    } else {
                        image.read(offset, room);
                        room.get(0, data);
                        assertThat(Arrays.equals(data, 0, length, expected, offset, offset + length))
                                .as("seed %d: %d bytes at %d", seed, length, offset)
                                .isTrue();
                    }
                }
            }
            assertThat(Files.readAllBytes(file)).isEqualTo(expected);
        } finally {
            Files.delete(file);
        }
    }

    private static DiskImage openOrSkip(Path file) throws IOException {
        try {
            return new ImageSource(file, Optional.of(ImageFormat.RAW), false, true).open();
        } catch (IOException e) {
            assumeTrue(!e.getMessage().contains("does not offer"), e.getMessage());
            throw e;
        }
    }

    @Test
    void aMissingFileIsTold(@TempDir Path folder) {
        ImageSource missing = new ImageSource(folder.resolve("none.raw"), Optional.empty(), false, true);
        assertThatThrownBy(missing::open).isInstanceOf(IOException.class).hasMessageContaining("no such file");
    }
}
