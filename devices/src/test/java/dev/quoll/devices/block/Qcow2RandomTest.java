package dev.quoll.devices.block;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.block.qcow2.Qcow2Check;
import dev.quoll.devices.block.qcow2.Qcow2Plan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of all shapes under random requests, against an array in memory and against qemu-img. */
class Qcow2RandomTest {
    @TempDir
    private Path folder;

    record Shape(int version, int clusterBits, int refcountOrder, boolean backing) {
        Qcow2Plan plan(long size) {
            return new Qcow2Plan(size, version, clusterBits, refcountOrder,
                    backing ? Optional.of("below.qcow2") : Optional.empty(), backing ? Optional.of("qcow2") : Optional.empty());
        }
    }

    static Stream<Shape> shapes() {
        return Stream.of(new Shape(3, 9, 4, false), new Shape(3, 9, 6, true), new Shape(2, 9, 4, true), new Shape(2, 16, 4, false),
                new Shape(3, 16, 4, true), new Shape(3, 12, 0, false), new Shape(3, 12, 1, true), new Shape(3, 11, 2, false),
                new Shape(3, 14, 3, true), new Shape(3, 13, 5, false), new Shape(3, 21, 4, true));
    }

    /** Without clusters of 2 MiB, which cost more than all the others together. */
    static Stream<Shape> smallShapes() {
        return shapes().filter(shape -> shape.clusterBits <= 16);
    }

    @ParameterizedTest
    @MethodSource("smallShapes")
    void behavesLikeADisk(Shape shape) throws Exception {
        run(shape, new Random().nextLong(), 2, 40);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void behavesLikeADiskForLong(int round) throws Exception {
        for (Shape shape : shapes().toList()) {
            run(shape, new Random().nextLong(), 3, 2000);
        }
    }

    private void run(Shape shape, long seed, int sessions, int steps) throws Exception {
        System.out.printf("Qcow2RandomTest %s seed %d%n", shape, seed);
        Random random = new Random(seed);
        byte[] content = new byte[512 * (1 + random.nextInt(6000))];
        if (shape.backing) {
            makeBelow(random, content);
        }
        Path path = folder.resolve("image.qcow2");
        Files.deleteIfExists(path);
        try (HostFile file = HostFile.create(path)) {
            shape.plan(content.length).writeTo(file);
        }
        RandomDisk disk = new RandomDisk(random, content);
        for (int session = 0; session < sessions; session++) {
            try (DiskImage image = open(path)) {
                disk.readAll(image);
                for (int step = 0; step < steps; step++) {
                    disk.step(image);
                }
                disk.readAll(image);
            }
            assertSound(path, content);
        }
    }

    /** Shorter or longer than the disk above it. */
    private void makeBelow(Random random, byte[] content) throws IOException {
        Path path = folder.resolve("below.qcow2");
        Files.deleteIfExists(path);
        int size = 512 * (1 + random.nextInt(6000));
        try (HostFile file = HostFile.create(path)) {
            new Qcow2Plan(size).withClusterBits(9 + random.nextInt(8)).writeTo(file);
        }
        byte[] below = new byte[size];
        RandomDisk disk = new RandomDisk(random, below);
        try (DiskImage image = open(path)) {
            for (int step = 0; step < 30; step++) {
                disk.step(image);
            }
        }
        System.arraycopy(below, 0, content, 0, Math.min(size, content.length));
    }

    private DiskImage open(Path path) throws IOException {
        return new ImageSource(path, Optional.of(ImageFormat.QCOW2), false).open();
    }

    private void assertSound(Path path, byte[] content) throws Exception {
        try (HostFile file = HostFile.open(path, true)) {
            Qcow2Check.Result result = Qcow2Check.check(file, false);
            assertThat(result.reports()).isEmpty();
            assertThat(result.leaks()).isZero();
        }
        if (QemuImg.isInstalled()) {
            QemuImg.check(path);
            assertThat(Arrays.mismatch(QemuImg.content(path, folder.resolve("raw")), content)).isEqualTo(-1);
        }
    }

    /** Threads that each have a part of the disk, so that what they find is certain. */
    @ParameterizedTest
    @ValueSource(ints = {9, 12, 16})
    void threadsDoNotDisturbEachOther(int clusterBits) throws Exception {
        int threads = 4;
        int part = 700_000;
        Path path = folder.resolve("image.qcow2");
        try (HostFile file = HostFile.create(path)) {
            new Qcow2Plan(threads * 700_416L).withClusterBits(clusterBits).writeTo(file);
        }
        long seed = new Random().nextLong();
        System.out.printf("Qcow2RandomTest threads, clusters 2^%d, seed %d%n", clusterBits, seed);
        byte[] whole = new byte[threads * 700_416];
        try (DiskImage image = open(path)) {
            List<Throwable> failures = new CopyOnWriteArrayList<>();
            List<RandomDisk> disks = IntStream.range(0, threads)
                    .mapToObj(i -> new RandomDisk(new Random(seed + i), new byte[part]))
                    .toList();
            List<Thread> running = IntStream.range(0, threads).mapToObj(i -> Thread.ofPlatform().start(() -> {
                DiskImage window = new DiskWindow(image, (long) i * 700_416, part);
                try {
                    for (int step = 0; step < 60; step++) {
                        disks.get(i).step(window);
                    }
                } catch (Throwable e) {
                    failures.add(e);
                }
            })).toList();
            for (Thread thread : running) {
                thread.join();
            }
            assertThat(failures).isEmpty();
            for (int i = 0; i < threads; i++) {
                System.arraycopy(disks.get(i).content(), 0, whole, i * 700_416, part);
            }
        }
        assertSound(path, whole);
    }
}
