package dev.quoll.boot.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.boot.initramfs.KernelModule;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** The kit against packages made here, with two shell scripts in the place of apt. */
class DownloadKitTest {
    @TempDir
    Path folder;

    private Path cache;
    private Path lists;
    private final List<String> steps = new ArrayList<>();

    @BeforeEach
    void makeApt() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "there is no /bin/sh to play apt's part");
        cache = folder.resolve("cache");
        lists = Files.createDirectory(folder.resolve("lists"));
    }

    private DownloadKit kit() {
        Apt apt = new Apt(
                List.of("/bin/sh", "-c", "cat '" + lists + "'/$0.show 2>/dev/null || exit 100"),
                List.of("/bin/sh", "-c", "echo asked >>'" + folder + "/asked'; cp '" + lists + "'/${0%%=*}.deb . || { echo 'E: no network' >&2; exit 100; }"));
        return new DownloadKit(cache, apt, (step, done, total) -> steps.add(step));
    }

    private void publish(String name, String dependency, byte[] deb) throws Exception {
        Files.write(lists.resolve(name + ".deb"), deb);
        String sha = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(deb));
        Files.writeString(lists.resolve(name + ".show"), """
                Package: %s
                Version: 1:2.3-4
                Depends: %s
                Size: %d
                SHA256: %s

                """.formatted(name, dependency, deb.length, sha));
    }

    private static byte[] tar(Map<String, byte[]> files) throws IOException {
        ByteArrayOutputStream tar = new ByteArrayOutputStream();
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            byte[] name = file.getKey().getBytes(StandardCharsets.UTF_8);
            if (name.length > 99) {
                tar.write(header("././@LongLink", 'L', name.length + 1));
                tar.write(padded(Arrays.copyOf(name, name.length + 1)));
            }
            tar.write(header(new String(name, 0, Math.min(99, name.length), StandardCharsets.UTF_8), '0', file.getValue().length));
            tar.write(padded(file.getValue()));
        }
        tar.write(new byte[1024]);
        return tar.toByteArray();
    }

    private static byte[] header(String name, char type, int size) {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 100, "0000644");
        put(header, 124, "%011o".formatted(size));
        header[156] = (byte) type;
        put(header, 257, "ustar  ");
        return header;
    }

    private static void put(byte[] header, int at, String text) {
        System.arraycopy(text.getBytes(StandardCharsets.UTF_8), 0, header, at, text.length());
    }

    private static byte[] padded(byte[] content) {
        return Arrays.copyOf(content, content.length + 511 & ~511);
    }

    private static byte[] deb(String member, byte[] data) throws IOException {
        ByteArrayOutputStream deb = new ByteArrayOutputStream();
        deb.write("!<arch>\n".getBytes(StandardCharsets.US_ASCII));
        for (Map.Entry<String, byte[]> m : new TreeMap<>(Map.of("a-first", new byte[] {'2', '.', '0'}, member, data)).entrySet()) {
            deb.write("%-16s%-12d%-6d%-6d%-8s%-10d`\n".formatted(m.getKey(), 0, 0, 0, "100644", m.getValue().length).getBytes(StandardCharsets.US_ASCII));
            deb.write(m.getValue());
            deb.write(new byte[m.getValue().length & 1]);
        }
        return deb.toByteArray();
    }

    private static byte[] xz(byte[] plain) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream xz = new XZOutputStream(packed, new LZMA2Options(1))) {
            xz.write(plain);
        }
        return packed.toByteArray();
    }

    /** An object file with nothing but a .modinfo section. */
    private static byte[] module(String name, String dependencies) {
        byte[] info = ("name=" + name + "\0depends=" + dependencies + "\0alias=virtio:d1v*\0").getBytes(StandardCharsets.US_ASCII);
        ByteBuffer elf = ByteBuffer.allocate(64 + 128 + 16 + info.length).order(ByteOrder.LITTLE_ENDIAN);
        elf.putInt(0, 0x464c457f).put(4, (byte) 2).putLong(40, 64).putShort(58, (short) 64).putShort(60, (short) 2);
        elf.putLong(64 + 24, 192).putInt(64, 9);
        elf.putLong(128 + 24, 208).putLong(128 + 32, info.length);
        elf.put(192, ".modinfo\0".getBytes(StandardCharsets.US_ASCII)).put(208, info);
        return elf.array();
    }

    private static byte[] kernelPackage() throws IOException {
        String modules = "./lib/modules/6.1-test/kernel/drivers/" + "deep/".repeat(20);
        return deb("data.tar.xz", xz(tar(new TreeMap<>(Map.of(
                "./boot/vmlinuz-6.1-test", "kernel".getBytes(),
                "./boot/config-6.1-test", "CONFIG_X=y".getBytes(),
                modules + "virtio_blk.ko", module("virtio_blk", "virtio"),
                modules + "virtio.ko.xz", xz(module("virtio", "virtio_ring")),
                modules + "virtio-ring.ko", module("virtio_ring", ""),
                modules + "unwanted.ko", module("unwanted", ""))))));
    }

    @Test
    void fetchesAKernelThroughItsMetaPackageOnce() throws Exception {
        publish("linux-image-cloud-amd64", "linux-image-6.1-test (= 1), other", new byte[0]);
        publish("linux-image-6.1-test", "kmod", kernelPackage());
        KernelFiles kernel = kit().kernel(KernelFlavour.CLOUD);
        assertThat(kernel.packageName()).isEqualTo("linux-image-6.1-test");
        assertThat(kernel.version()).isEqualTo("1:2.3-4");
        assertThat(kernel.release()).isEqualTo("6.1-test");
        assertThat(kernel.kernel()).hasContent("kernel").startsWith(cache);
        assertThat(kernel.initrd()).isEmpty();
        assertThat(kernel.modules()).extracting(KernelModule::name).containsExactly("virtio", "virtio_blk", "virtio_ring");
        assertThat(kernel.modules().get(1).dependencies()).containsExactly("virtio");
        assertThat(steps).contains("Downloading linux-image-6.1-test", "Unpacking linux-image-6.1-test");
        try (var left = Files.list(cache)) {
            assertThat(left).extracting(p -> p.getFileName().toString()).containsExactly("linux-image-cloud-amd64." + KernelPackage.EDITION);
        }

        Files.delete(lists.resolve("linux-image-cloud-amd64.show"));
        assertThat(kit().kernel(KernelFlavour.CLOUD)).isEqualTo(kernel);
        assertThat(folder.resolve("asked")).hasContent("asked");
    }

    @Test
    void installersBringTheirOwnRamdisk() throws Exception {
        publish("debian-installer-12-netboot-i386", "", deb("data.tar", tar(Map.of(
                "./usr/lib/debian-installer/images/12/i386/text/debian-installer/i386/linux", new byte[] {1},
                "./usr/lib/debian-installer/images/12/i386/text/debian-installer/i386/initrd.gz", new byte[] {2}))));
        KernelFiles kernel = kit().kernel(KernelFlavour.INSTALLER_I386);
        assertThat(kernel.kernel()).hasBinaryContent(new byte[] {1});
        assertThat(kit().initramfs(kernel)).isEqualTo(new byte[] {2});
    }

    @Test
    void findsBusyboxInEitherPlace() throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(tar(Map.of("./usr/bin/busybox", new byte[] {7})));
        }
        publish("busybox-static", "", deb("data.tar.gz", packed.toByteArray()));
        assertThat(kit().busybox()).hasBinaryContent(new byte[] {7});
    }

    @Test
    void aWrongChecksumIsThrownAway() throws Exception {
        publish("linux-image-cloud-amd64", "", kernelPackage());
        byte[] forged = kernelPackage();
        forged[forged.length - 30] ^= 1;
        Files.write(lists.resolve("linux-image-cloud-amd64.deb"), forged);
        assertFails(kit(), "does not have the checksum");
        try (var left = Files.list(cache)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void corruptPackagesAreRefusedInOneSentence() throws Exception {
        publish("linux-image-cloud-amd64", "", "nonsense".repeat(20).getBytes());
        assertFails(kit(), "it is not a Debian package");
        publish("linux-image-cloud-amd64", "", Arrays.copyOf(kernelPackage(), 300));
        assertFails(kit(), "could not be unpacked");
        publish("linux-image-cloud-amd64", "", deb("data.tar", tar(Map.of("./boot/other", new byte[1]))));
        assertFails(kit(), "there is no kernel in it");
        publish("linux-image-cloud-amd64", "", deb("data.tar.lzo", new byte[10]));
        assertFails(kit(), "packed in an unknown way");
    }

    @Test
    void saysWhatToDoWithoutApt() throws Exception {
        assertFails(kit(), "run 'apt-get update' as root, or name files of your own with --kernel and --initrd");
        DownloadKit without = new DownloadKit(cache, new Apt(List.of("/nowhere/apt-cache"), List.of("/nowhere/apt-get")), Progress.NONE);
        assertFails(without, "There is no /nowhere/apt-cache here");
        publish("linux-image-cloud-amd64", "", kernelPackage());
        Files.delete(lists.resolve("linux-image-cloud-amd64.deb"));
        assertFails(kit(), "could not download linux-image-cloud-amd64 (no network)");
        assertThatThrownBy(() -> kit().kernel("../../etc")).isInstanceOf(KitException.class).hasMessageContaining("not the name");
    }

    private static void assertFails(DownloadKit kit, String words) {
        assertThatThrownBy(() -> kit.kernel(KernelFlavour.CLOUD))
                .isInstanceOf(KitException.class)
                .hasMessageContaining(words)
                .hasMessageMatching("(?s)[A-Za-z].*\\.");
    }
}
