package dev.quoll.devices.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.devices.block.qcow2.Qcow2Check;
import dev.quoll.devices.block.qcow2.Qcow2Image;
import dev.quoll.devices.block.qcow2.Qcow2Info;
import dev.quoll.devices.block.qcow2.Qcow2Plan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that QEMU's programs made, and images that they go on with. */
class Qcow2QemuTest {
    private static final int SIZE = 3 << 20;

    @TempDir
    private Path folder;

    private final Random random = new Random(20);

    @BeforeEach
    void qemu() {
        QemuImg.assumeInstalled();
    }

    private static DiskImage open(Path path) throws IOException {
        return new ImageSource(path, Optional.empty(), false).open();
    }

    /** Compressible and not, and holes. */
    private byte[] content() {
        byte[] content = new byte[SIZE];
        for (int at = 0; at < SIZE; at += 10_000) {
            int count = Math.min(10_000, SIZE - at);
            switch (random.nextInt(3)) {
                case 0 -> {
                    byte[] bytes = new byte[count];
                    random.nextBytes(bytes);
                    System.arraycopy(bytes, 0, content, at, count);
                }
                case 1 -> Arrays.fill(content, at, at + count, (byte) at);
                default -> { }
            }
        }
        return content;
    }

    @ParameterizedTest
    @ValueSource(strings = {"compat=0.10", "cluster_size=512", "preallocation=metadata"})
    void readsAndWritesWhatQemuMakes(String options) throws Exception {
        convertAndGoOn(options, 30);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(strings = {
        "compat=0.10", "compat=1.1", "cluster_size=512", "cluster_size=2M", "refcount_bits=1", "refcount_bits=64", "lazy_refcounts=on",
        "preallocation=metadata", "preallocation=falloc", "preallocation=full,cluster_size=4k"
    })
    void readsAndWritesWhatQemuMakesForLong(String options) throws Exception {
        convertAndGoOn(options, 500);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=512", "compat=0.10,cluster_size=4k"})
    void readsAndReplacesCompressedClusters(String options) throws Exception {
        convertAndGoOn(options, 30, "-c");
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=512", "cluster_size=64k", "compat=0.10,cluster_size=4k"})
    void readsAndReplacesCompressedClustersForLong(String options) throws Exception {
        convertAndGoOn(options, 500, "-c");
    }

    private void convertAndGoOn(String options, int steps, String... switches) throws Exception {
        byte[] content = content();
        Path raw = Files.write(folder.resolve("raw"), content);
        Path path = folder.resolve("image.qcow2");
        List<Object> words = new ArrayList<>(List.of("convert"));
        words.addAll(List.of(switches));
        words.addAll(List.of("-f", "raw", "-O", "qcow2", "-o", options, raw, path));
        QemuImg.succeed(words.toArray());
        goOn(path, content, steps);
    }

    private void goOn(Path path, byte[] content) throws Exception {
        goOn(path, content, 20);
    }

    private void goOn(Path path, byte[] content, int steps) throws Exception {
        RandomDisk disk = new RandomDisk(random, content);
        try (DiskImage image = open(path)) {
            disk.readAll(image);
            for (int i = 0; i < steps; i++) {
                disk.step(image);
            }
        }
        QemuImg.check(path);
        assertThat(Arrays.mismatch(QemuImg.content(path, folder.resolve("scratch")), content)).isEqualTo(-1);
    }

    @Test
    void snapshotsWithinStayAsTheyWere() throws Exception {
        byte[] content = content();
        Path raw = Files.write(folder.resolve("raw"), content);
        Path path = folder.resolve("image.qcow2");
        QemuImg.succeed("convert", "-f", "raw", "-O", "qcow2", "-o", "cluster_size=4k", raw, path);
        byte[] first = content.clone();
        QemuImg.succeed("snapshot", "-c", "first", path);
        goOn(path, content);
        byte[] second = content.clone();
        QemuImg.succeed("snapshot", "-c", "second", path);
        goOn(path, content);
        try (HostFile file = HostFile.open(path, true)) {
            assertThat(Qcow2Info.read(file).snapshots()).containsExactly("first", "second");
            Qcow2Check.Result result = Qcow2Check.check(file, false);
            assertThat(result.reports()).isEmpty();
            assertThat(result.leaks()).isZero();
        }
        QemuImg.succeed("snapshot", "-a", "first", path);
        assertThat(Arrays.mismatch(QemuImg.content(path, folder.resolve("scratch")), first)).isEqualTo(-1);
        QemuImg.succeed("snapshot", "-a", "second", path);
        assertThat(Arrays.mismatch(QemuImg.content(path, folder.resolve("scratch")), second)).isEqualTo(-1);
        QemuImg.check(path);
    }

    @Test
    void chainsOfThreeWithRelativeNames() throws Exception {
        byte[] content = content();
        Path raw = Files.write(folder.resolve("base.img"), content);
        Path sub = Files.createDirectory(folder.resolve("sub"));
        Path middle = sub.resolve("middle.qcow2");
        Path top = sub.resolve("top.qcow2");
        QemuImg.succeed("create", "-f", "qcow2", "-F", "raw", "-b", "../base.img", middle, SIZE);
        QemuImg.succeed("create", "-f", "qcow2", "-F", "qcow2", "-b", "middle.qcow2", "-o", "cluster_size=512", top, SIZE + 512);
        byte[] longer = Arrays.copyOf(content, SIZE + 512);
        goOn(top, longer);
        assertThat(raw).hasBinaryContent(content);
    }

    @Test
    void qemuWritesOnInOurImages() throws Exception {
        Path path = folder.resolve("image.qcow2");
        try (HostFile file = HostFile.create(path)) {
            new Qcow2Plan(SIZE).withClusterBits(9).writeTo(file);
        }
        byte[] content = new byte[SIZE];
        goOn(path, content);
        QemuImg.Result result = QemuImg.execute("qemu-io", "-f", "qcow2", "-c", "write -P 0x5a 12345 1000000", path);
        assertThat(result.status()).as(result.output()).isZero();
        Arrays.fill(content, 12345, 1_012_345, (byte) 0x5a);
        goOn(path, content);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "extended_l2=on | extended L2 entries",
        "data_file=data.raw | an external data file",
        "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 | encrypted"
    })
    void saysWhichFeatureIsNotSupported(String options, String words) throws Exception {
        Path path = folder.resolve("image.qcow2");
        QemuImg.succeed("create", "--object", "secret,id=s,data=secret", "-f", "qcow2", "-o",
                options.replace("data.raw", folder.resolve("data.raw").toString()), path, "1M");
        assertThatThrownBy(() -> open(path)).isInstanceOf(IOException.class).hasMessageContaining(words).hasMessageContaining("image.qcow2");
    }

    @ParameterizedTest
    @ValueSource(longs = {512, 1 << 20, (3 << 20) + 512, 5L << 30, 1L << 42})
    void sizesChange(long size) throws Exception {
        Path path = folder.resolve("image.qcow2");
        try (HostFile file = HostFile.create(path)) {
            new Qcow2Plan(SIZE).withClusterBits(size > 1L << 32 ? 16 : 9).writeTo(file);
        }
        byte[] content = new byte[SIZE];
        RandomDisk disk = new RandomDisk(random, content);
        try (Qcow2Image image = (Qcow2Image) open(path)) {
            disk.write(image, 0, SIZE);
            image.resize(size);
            assertThat(image.size()).isEqualTo(size);
            image.resize(Math.max(size, SIZE));
            byte[] after = Arrays.copyOf(Arrays.copyOf(content, (int) Math.min(size, SIZE)), SIZE);
            new RandomDisk(random, after).readAll(image);
            image.write(image.size() - 1, ByteBuffer.allocate(1).put(0, (byte) 1));
        }
        QemuImg.check(path);
        assertThat(QemuImg.run("info", path).output()).contains("(%d bytes)".formatted(Math.max(size, SIZE)));
    }

    @Test
    void noProgramsMeetOnOneImage() throws Exception {
        Path path = folder.resolve("image.qcow2");
        try (HostFile file = HostFile.create(path)) {
            new Qcow2Plan(SIZE).writeTo(file);
        }
        try (DiskImage image = open(path)) {
            assertThatThrownBy(() -> open(path)).hasMessage("the image %s is in use by another machine or tool", path);
            assertThatThrownBy(() -> new ImageSource(path, Optional.empty(), true).open())
                    .hasMessage("the image %s is being written by another machine or tool", path);
            assertThat(QemuImg.run("info", path).output()).contains("lock");
            assertThat(QemuImg.execute("qemu-io", "-c", "write 0 1k", path).output()).contains("lock");
            image.flush();
        }
        try (DiskImage first = new ImageSource(path, Optional.empty(), true).open();
                DiskImage second = new ImageSource(path, Optional.empty(), true).open()) {
            assertThat(first.size()).isEqualTo(second.size());
            assertThat(QemuImg.run("info", path).status()).isZero();
            assertThat(QemuImg.execute("qemu-io", "-c", "write 0 1k", path).output()).contains("lock");
        }
        QemuImg.succeed("info", path);
    }

    @Test
    void dirtyAndDamagedImagesWaitForARepair() throws Exception {
        Path path = folder.resolve("image.qcow2");
        QemuImg.succeed("create", "-f", "qcow2", "-o", "lazy_refcounts=on", path, SIZE);
        // qemu-io that is killed leaves the dirty bit and refcounts of zero behind.
        QemuImg.execute("sh", "-c", "qemu-io -c 'write 0 1M' -c 'abort' " + path);
        assertThatThrownBy(() -> open(path)).hasMessageContaining("quoll image check --repair");
        byte[] content = new byte[SIZE];
        try (DiskImage image = new ImageSource(path, Optional.empty(), true).open()) {
            content = RandomDisk.bytes(image, 0, SIZE);
        }
        assertThat(content[77]).isEqualTo((byte) 0xcd);
        try (HostFile file = HostFile.open(path, false)) {
            assertThat(Qcow2Check.check(file, true).repaired()).isTrue();
        }
        QemuImg.check(path);
        goOn(path, content);
    }
}
