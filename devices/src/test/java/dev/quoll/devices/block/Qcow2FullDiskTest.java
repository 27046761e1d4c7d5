package dev.quoll.devices.block;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.block.qcow2.Qcow2Check;
import dev.quoll.devices.block.qcow2.Qcow2Image;
import dev.quoll.devices.block.qcow2.Qcow2Plan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The host's disk fills up and is emptied again while a guest writes. */
class Qcow2FullDiskTest {
    private static final int SIZE = 1 << 20;
    private static final int PIECE = 512;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(ints = {9, 12, 16})
    void whatWasWrittenStaysAndTheImageIsSound(int clusterBits) throws Exception {
        long seed = new Random().nextLong();
        System.out.printf("Qcow2FullDiskTest clusters 2^%d, seed %d%n", clusterBits, seed);
        Random random = new Random(seed);
        Path path = folder.resolve("image.qcow2");
        try (HostFile file = HostFile.create(path)) {
            new Qcow2Plan(SIZE).withClusterBits(clusterBits).writeTo(file);
        }
        LoggedChannel channel = new LoggedChannel(FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
        byte[] content = new byte[SIZE];
        int refused = 0;
        try (Qcow2Image image = Qcow2Image.open(HostFile.over(path, channel), null)) {
            for (int step = 0; step < 400; step++) {
                channel.setFull(step % 40 >= 25);
                refused += step(image, random, content) ? 0 : 1;
            }
            channel.setFull(false);
        }
        assertThat(refused).isPositive();
        try (HostFile file = HostFile.open(path, true)) {
            Qcow2Check.Result result = Qcow2Check.check(file, false);
            assertThat(result.reports()).isEmpty();
            assertThat(result.leaks()).isZero();
        }
        try (DiskImage image = ImageSourceTest.open(path)) {
            new RandomDisk(random, content).readAll(image);
        }
        assertThat(Files.size(path)).isLessThan(3 * SIZE);
    }

    /** Whether the image took it. A write that it refuses may be there in part, in whole sectors. */
    private static boolean step(Qcow2Image image, Random random, byte[] content) throws IOException {
        int offset = random.nextInt(SIZE / PIECE - 60) * PIECE;
        int length = PIECE * (1 + random.nextInt(60));
        byte[] bytes = new byte[length];
        boolean flush = random.nextInt(6) == 0;
        try {
            if (flush) {
                image.flush();
                return true;
            } else if (random.nextInt(3) == 0) {
                image.writeZeroes(offset, length, true);
            } else {
                random.nextBytes(bytes);
                image.write(offset, ByteBuffer.wrap(bytes));
            }
            System.arraycopy(bytes, 0, content, offset, length);
            return true;
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
            if (!flush) {
                byte[] found = RandomDisk.bytes(image, offset, length);
                for (int i = 0; i < length; i++) {
                    assertThat(found[i]).isIn(bytes[i], content[offset + i]);
                }
                System.arraycopy(found, 0, content, offset, length);
            }
            return false;
        }
    }
}
