package dev.quoll.boot.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.block.ImageSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders that mke2fs has put into file systems are found in them again. */
class Ext4Test {
    private static final String MKE2FS = "/sbin/mke2fs";

    @TempDir
    private Path folder;

    @BeforeEach
    void tools() {
        assumeTrue(Files.isExecutable(Path.of(MKE2FS)), MKE2FS + " is not there (Debian: e2fsprogs)");
    }

    static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output;
    }

    static DiskImage open(Path path) throws IOException {
        return new ImageSource(path, Optional.empty(), true).open();
    }

    private static Ext4 filesOn(DiskImage disk) throws IOException {
        return Ext4.in(disk, PartitionTable.read(disk).getFirst()).orElseThrow();
    }

    /** Files of many sizes, some with holes, a folder of many entries, and links. */
    private Map<String, byte[]> makeTree(Path tree, Random random) throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        Path many = Files.createDirectories(tree.resolve("some/folder/many"));
        for (int i = 0; i < 600; i++) {
            files.put("/some/folder/many/a file with a rather long name, number " + i, ("content " + i).getBytes(StandardCharsets.UTF_8));
        }
        for (int size : new int[] {0, 1, 59, 60, 1023, 1024, 4096, 4097, 50_000, 300_000, 5_000_000}) {
            byte[] content = new byte[size];
            for (int at = 0; at < size; at += 40_000) {
                if (random.nextInt(3) > 0) {
                    byte[] piece = new byte[Math.min(40_000, size - at)];
                    random.nextBytes(piece);
                    System.arraycopy(piece, 0, content, at, piece.length);
                }
            }
            files.put("/some/size-" + size, content);
        }
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Files.write(tree.resolve(file.getKey().substring(1)), file.getValue());
        }
        Files.createSymbolicLink(tree.resolve("short"), Path.of("some/size-4097"));
        Files.createSymbolicLink(tree.resolve("absolute"), Path.of("/some/folder/../size-59"));
        Files.createSymbolicLink(tree.resolve("long"), Path.of("some/" + "folder/../".repeat(20) + "size-1024"));
        Files.createSymbolicLink(tree.resolve("loop"), Path.of("loop"));
        Files.createSymbolicLink(many.resolve("up"), Path.of("../../size-60"));
        return files;
    }

    @ParameterizedTest
    @ValueSource(strings = {"-t ext4", "-t ext4 -b 1024", "-t ext4 -O ^64bit,^metadata_csum,dir_index", "-t ext3", "-t ext2 -b 1024", "-t ext2 -I 128",
        "-t ext4 -O large_dir,metadata_csum_seed,ea_inode"})
    void findsEveryFile(String options) throws Exception {
        Random random = new Random(7);
        Path tree = Files.createDirectory(folder.resolve("tree"));
        Map<String, byte[]> files = makeTree(tree, random);
        Path image = folder.resolve("disk.img");
        List<String> command = new ArrayList<>(List.of(MKE2FS, "-q", "-F", "-U", "01234567-89ab-cdef-0123-456789abcdef"));
        command.addAll(List.of(options.split(" ")));
        command.addAll(List.of("-d", tree.toString(), image.toString(), "40M"));
        run(command.toArray(String[]::new));
        try (DiskImage disk = open(image)) {
            Ext4 found = filesOn(disk);
            assertThat(found.id()).hasToString("01234567-89ab-cdef-0123-456789abcdef");
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                assertThat(found.read(file.getKey(), 1 << 24)).as(file.getKey()).hasValue(file.getValue());
            }
            assertThat(found.list("/some/folder/many")).hasSize(603).contains("up", "..");
            assertThat(found.read("/short", 1 << 20)).hasValue(files.get("/some/size-4097"));
            assertThat(found.read("/absolute", 1 << 20)).hasValue(files.get("/some/size-59"));
            assertThat(found.read("/long", 1 << 20)).hasValue(files.get("/some/size-1024"));
            assertThat(found.read("/some/folder/many/up", 1 << 20)).hasValue(files.get("/some/size-60"));
            for (String none : List.of("/loop", "/none", "/some", "/short/x", "/some/none/x", "")) {
                assertThat(found.read(none, 1 << 20)).as(none).isEmpty();
            }
            assertThat(found.list("/none")).isEmpty();
        }
    }

    @Test
    void damagedFileSystemsEndInAnErrorOrWork() throws Exception {
        long seed = new Random().nextLong();
        System.out.printf("Ext4Test seed %d%n", seed);
        Random random = new Random(seed);
        Path tree = Files.createDirectory(folder.resolve("tree"));
        List<String> names = new ArrayList<>(makeTree(tree, random).keySet());
        names.addAll(List.of("/short", "/long", "/loop"));
        for (String type : List.of("ext4", "ext2")) {
            Path image = folder.resolve(type + ".img");
            run(MKE2FS, "-q", "-F", "-t", type, "-b", "1024", "-O", "^has_journal", "-d", tree.toString(), image.toString(), "12M");
            byte[] sound = Files.readAllBytes(image);
            for (int round = 0; round < 150; round++) {
                byte[] bytes = sound.clone();
                for (int i = 0; i < 1 + random.nextInt(200); i++) {
                    int at = round % 3 == 0 ? 1024 + random.nextInt(264) : random.nextInt(1 << 20);
                    bytes[at] = (byte) random.nextInt();
                }
                Path damaged = Files.write(folder.resolve("damaged.img"), bytes);
                assertTimeoutPreemptively(Duration.ofSeconds(20), () -> tryAll(damaged, names));
            }
        }
    }

    private static void tryAll(Path path, List<String> names) {
        for (String name : names.subList(names.size() - 20, names.size())) {
            try (DiskImage disk = open(path)) {
                for (Partition partition : PartitionTable.read(disk)) {
                    Optional<Ext4> files = Ext4.in(disk, partition);
                    if (files.isPresent()) {
                        files.get().read(name, 1 << 24);
                    }
                }
                BootFiles.on(disk);
            } catch (IOException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
        }
    }

    @Test
    void findsTheKernelThatDebianWouldBoot() throws Exception {
        Path tree = Files.createDirectories(folder.resolve("tree/boot")).getParent();
        for (String version : List.of("6.1.0-9-amd64", "6.1.0-10-amd64")) {
            Files.writeString(tree.resolve("boot/vmlinuz-" + version), "kernel " + version);
            Files.writeString(tree.resolve("boot/initrd.img-" + version), "initrd " + version);
        }
        BootFiles found = boot(tree);
        assertThat(found.kernelPath()).isEqualTo("/boot/vmlinuz-6.1.0-10-amd64");
        assertThat(found.initrd()).hasValue("initrd 6.1.0-10-amd64".getBytes(StandardCharsets.UTF_8));
        assertThat(found.root()).isEqualTo("root=UUID=01234567-89ab-cdef-0123-456789abcdef");

        Files.createSymbolicLink(tree.resolve("vmlinuz"), Path.of("boot/vmlinuz-6.1.0-9-amd64"));
        Files.createSymbolicLink(tree.resolve("initrd.img"), Path.of("boot/initrd.img-6.1.0-9-amd64"));
        Files.createDirectories(tree.resolve("boot/grub"));
        Files.writeString(tree.resolve("boot/grub/grub.cfg"), "menuentry 'x' {\n\tlinux\t/vmlinuz root=/dev/vda3 ro\n}\n");
        found = boot(tree);
        assertThat(found.kernel()).isEqualTo("kernel 6.1.0-9-amd64".getBytes(StandardCharsets.UTF_8));
        assertThat(found.initrd()).hasValue("initrd 6.1.0-9-amd64".getBytes(StandardCharsets.UTF_8));
        assertThat(found.root()).isEqualTo("root=/dev/vda3");
    }

    private BootFiles boot(Path tree) throws Exception {
        Path image = folder.resolve("disk.img");
        run(MKE2FS, "-q", "-F", "-t", "ext4", "-U", "01234567-89ab-cdef-0123-456789abcdef", "-d", tree.toString(), image.toString(), "8M");
        try (DiskImage disk = open(image)) {
            return BootFiles.on(disk).orElseThrow();
        }
    }

    @Test
    void versionsAreOrderedByNumber() {
        List<String> sorted = List.of("vmlinuz-5.10.0-9", "vmlinuz-6.1.0-9-amd64", "vmlinuz-6.1.0-10-amd64", "vmlinuz-6.10", "vmlinuz-lts");
        assertThat(Stream.concat(sorted.reversed().stream(), sorted.stream()).distinct().sorted(BootFiles.BY_VERSION).toList()).isEqualTo(sorted);
    }
}
