package dev.quoll.devices.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.quoll.devices.block.qcow2.Qcow2Check;
import dev.quoll.devices.block.qcow2.Qcow2Info;
import dev.quoll.devices.block.qcow2.Qcow2Plan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images with wrong bytes in their header and tables end in an exception of input and output, soon, or work. */
class Qcow2HostileTest {
    private static final int SIZE = 3 << 20;

    @TempDir
    private Path folder;

    @Test
    void damagedImagesEndInAnErrorOrWork() throws Exception {
        damage(new Random().nextLong(), 60);
    }

    @Tag("long")
    @Test
    void damagedImagesEndInAnErrorOrWorkForLong() throws Exception {
        for (int round = 0; round < 20; round++) {
            damage(new Random().nextLong(), 1000);
        }
    }

    private void damage(long seed, int rounds) throws Exception {
        System.out.printf("Qcow2HostileTest seed %d%n", seed);
        Random random = new Random(seed);
        for (int bits : new int[] {9, 12, 16}) {
            byte[] sound = soundImage(random, bits);
            int opened = 0;
            for (int round = 0; round < rounds / 3; round++) {
                byte[] bytes = sound.clone();
                int changes = 1 + random.nextInt(4);
                for (int i = 0; i < changes; i++) {
                    mutate(random, bytes, 1 << bits);
                }
                Path path = Files.write(folder.resolve("image.qcow2"), bytes);
                if (assertTimeoutPreemptively(Duration.ofSeconds(30), () -> use(path, new Random(seed)))) {
                    opened++;
                }
            }
            assertThat(opened).as("images of %d that could be opened, so that more than headers was tried", rounds / 3).isGreaterThan(rounds / 30);
        }
    }

    private byte[] soundImage(Random random, int clusterBits) throws IOException {
        Path path = folder.resolve("sound.qcow2");
        Files.deleteIfExists(path);
        try (HostFile file = HostFile.create(path)) {
            new Qcow2Plan(SIZE).withClusterBits(clusterBits).writeTo(file);
        }
        try (DiskImage image = new ImageSource(path, Optional.empty(), false).open()) {
            RandomDisk disk = new RandomDisk(random, new byte[SIZE]);
            for (int i = 0; i < 10; i++) {
                disk.write(image, random.nextInt(SIZE - 9000), 9000);
            }
        }
        return Files.readAllBytes(path);
    }

    /** Headers and tables are at the beginning; numbers there are of 4 and 8 bytes. */
    private static void mutate(Random random, byte[] bytes, int clusterSize) {
        ByteBuffer image = ByteBuffer.wrap(bytes);
        int at = switch (random.nextInt(4)) {
            case 0 -> random.nextInt(112);
            case 1 -> clusterSize * random.nextInt(Math.min(8, bytes.length / clusterSize)) + 8 * random.nextInt(8);
            default -> random.nextInt(Math.min(bytes.length - 8, 10 * clusterSize)) & -8;
        };
        long value = switch (random.nextInt(6)) {
            case 0 -> random.nextLong();
            case 1 -> (long) clusterSize * random.nextInt(40) | random.nextLong() & 3L << 62;
            case 2 -> -1L;
            case 3 -> 0;
            case 4 -> image.getLong(at) ^ 1L << random.nextInt(64);
            default -> random.nextInt(1 << 20);
        };
        if (random.nextBoolean()) {
            image.putLong(at, value);
        } else {
            image.putInt(at, (int) value);
        }
    }

    /** Whether it could be opened. */
    private static boolean use(Path path, Random random) {
        check(path);
        try (DiskImage image = new ImageSource(path, Optional.of(ImageFormat.QCOW2), false).open()) {
            for (int i = 0; i < 40; i++) {
                request(image, random);
            }
        } catch (IOException e) {
            assertThat(e.getMessage()).isNotBlank();
            return false;
        }
        check(path);
        return true;
    }

    private static void check(Path path) {
        try (HostFile file = HostFile.open(path, false)) {
            Qcow2Info.read(file);
            Qcow2Check.check(file, true);
        } catch (IOException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }

    private static void request(DiskImage image, Random random) {
        long size = Math.min(image.size(), 4 << 20);
        if (size == 0) {
            return;
        }
        long offset = random.nextBoolean() ? random.nextLong(size) : random.nextLong(image.size());
        int length = (int) Math.min(1 + random.nextInt(300_000), image.size() - offset);
        try {
            switch (random.nextInt(5)) {
                case 0, 1 -> image.write(offset, ByteBuffer.allocate(length));
                case 2 -> image.discard(offset, length);
                case 3 -> image.writeZeroes(offset, length, random.nextBoolean());
                default -> image.read(offset, ByteBuffer.allocate(length));
            }
        } catch (IOException e) {
            assertThat(e.getMessage()).isNotBlank();
        }
    }
}
