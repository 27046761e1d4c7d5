package dev.quoll.boot.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.block.ImageSource;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartitionTableTest {
    private static final int MIB = 1 << 20;

    @TempDir
    private Path folder;

    private Path disk(String script) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/sbin/sfdisk")), "sfdisk is not there (Debian: fdisk)");
        Path path = folder.resolve("disk.img");
        try (var file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(64 * MIB);
        }
        Ext4Test.run("sh", "-c", "printf '%s' | /sbin/sfdisk -q %s".formatted(script, path));
        return path;
    }

    @Test
    void readsWhatSfdiskWrites() throws Exception {
        String type = Partition.LINUX_ROOT_X86_64.toString();
        try (DiskImage disk = Ext4Test.open(disk("label: gpt\\n2: start=2048, size=4096, type=" + type + "\\n5: size=10MiB\\n"))) {
            List<Partition> found = PartitionTable.read(disk);
            assertThat(found.get(0)).isEqualTo(new Partition(2, MIB, 2 * MIB, Partition.LINUX_ROOT_X86_64));
            assertThat(found.get(1).number()).isEqualTo(5);
            assertThat(found.get(1).length()).isEqualTo(10 * MIB);
            assertThat(found).hasSize(2);
        }
    }

    @Test
    void readsMasterBootRecordsWithLogicalPartitions() throws Exception {
        String script = "label: dos\\n1: start=2048, size=4096\\n2: start=8192, type=5\\n5: size=2048\\n6: size=6144\\n";
        try (DiskImage disk = Ext4Test.open(disk(script))) {
            List<Partition> found = PartitionTable.read(disk);
            assertThat(found.stream().map(Partition::number)).containsExactly(1, 5, 6);
            assertThat(found.stream().map(Partition::length)).containsExactly(2L * MIB, (long) MIB, 3L * MIB);
            assertThat(found.get(1).start()).isEqualTo(10240 * 512);
        }
    }

    @Test
    void sfdiskFindsNoFaultInWhatIsWritten() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/sbin/sfdisk")), "sfdisk is not there (Debian: fdisk)");
        Path path = Files.write(folder.resolve("disk.img"), new byte[8 * MIB]);
        UUID id = new UUID(0x0123456789abcdefL, 0xfedcba9876543210L);
        List<Partition> partitions = List.of(
                new Partition(1, 2 * MIB, 5 * MIB, Partition.LINUX_ROOT_X86_64), new Partition(14, MIB, MIB, Partition.BIOS_BOOT));
        try (DiskImage disk = new ImageSource(path, Optional.empty(), false).open()) {
            GuidPartitionTable.write(disk, id, partitions.stream()
                    .map(partition -> new GuidPartitionTable.Named(partition, new UUID(5, partition.number()), "part " + partition.number()))
                    .toList());
            assertThat(PartitionTable.read(disk)).isEqualTo(partitions);
            disk.write(512, ByteBuffer.allocate(512));
            assertThat(PartitionTable.read(disk)).as("by the second table").isEqualTo(partitions);
            disk.write(disk.size() - 512, ByteBuffer.allocate(512));
            assertThat(PartitionTable.read(disk)).containsExactly(new Partition(0, 0, 8 * MIB, Partition.NO_TYPE));
            GuidPartitionTable.write(disk, id, List.of(
                    new GuidPartitionTable.Named(partitions.getFirst(), new UUID(5, 1), "root"),
                    new GuidPartitionTable.Named(partitions.getLast(), new UUID(5, 14), "boot")));
        }
        assertThat(Ext4Test.run("/sbin/sfdisk", "--verify", path.toString())).contains("No errors detected");
        assertThat(Ext4Test.run("/sbin/sfdisk", "-d", path.toString()).toLowerCase())
                .contains("label-id: " + id).contains("name=\"root\"").contains(Partition.BIOS_BOOT.toString());
        assumeTrue(Files.isExecutable(Path.of("/sbin/sgdisk")), "sgdisk is not there (Debian: gdisk)");
        assertThat(Ext4Test.run("/sbin/sgdisk", "--verify", path.toString())).contains("No problems found");
    }

    @Test
    void hostileTablesEnd() throws Exception {
        Random random = new Random(3);
        byte[] bytes = new byte[MIB];
        for (int round = 0; round < 200; round++) {
            random.nextBytes(bytes);
            bytes[510] = 0x55;
            bytes[511] = (byte) 0xaa;
            bytes[450] = 5;
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(454, random.nextInt(2000));
            Path path = Files.write(folder.resolve("disk.img"), bytes);
            try (DiskImage disk = Ext4Test.open(path)) {
                for (Partition partition : PartitionTable.read(disk)) {
                    assertThat(partition.start() + partition.length()).isBetween(1L, (long) MIB);
                }
            }
        }
    }
}
