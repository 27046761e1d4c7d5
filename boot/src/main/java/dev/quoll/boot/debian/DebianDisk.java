package dev.quoll.boot.debian;

import dev.quoll.boot.disk.Ext4;
import dev.quoll.boot.disk.GuidPartitionTable;
import dev.quoll.boot.disk.Partition;
import dev.quoll.boot.kit.KitException;
import dev.quoll.boot.kit.Progress;
import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.block.ImageFormat;
import dev.quoll.devices.block.ImageSource;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A disk with Debian on it: a partition for the root file system, and for firmware that boots from disks two small ones with GRUB. The
 * numbers are those of Debian's own images for clouds: 1 the root at the end of the disk, where it can grow, 14 for BIOS, 15 for UEFI.
 */
public final class DebianDisk {
    private static final int MIB = 1 << 20;
    private static final int BIOS_START = MIB;
    private static final int BIOS_LENGTH = MIB;
    private static final int ESP_START = 2 * MIB;
    private static final int ESP_LENGTH = 14 * MIB;
    private static final int ROOT_START = 16 * MIB;
    private static final int MAX_LOADER = 12 * MIB;

    private static final int SECTOR = 512;
    /** Of GRUB's boot.img, what belongs in a master boot record: the rest is the partition table's. */
    private static final int BOOT_CODE = 440;
    /** In boot.img: the sector that core.img begins at (GRUB's boot.S, "kernel_sector"). */
    private static final int BOOT_KERNEL_SECTOR = 0x5c;
    /** In core.img's first sector: the list of the others (diskboot.S, "firstlist"): sector, count, segment. */
    private static final int CORE_BLOCK_LIST = 0x1f4;

    private DebianDisk() {}

    /**
     * Makes the disk as a sparse raw image.
     *
     * @param work an empty folder for this alone, on a file system with room for twice the system
     * @param cache a folder that keeps packages from one time to the next
     * @return the image, within {@code work}
     * @throws KitException when a tool is not there or fails; one sentence for the user
     */
    public static Path make(DebianPlan plan, Path work, Path cache, Progress progress) throws IOException, InterruptedException {
        UUID root = UUID.randomUUID();
        Bootstrap bootstrap = new Bootstrap(plan, work, cache, progress);
        Path archive = bootstrap.system(root);
        Path image = work.resolve("disk.raw");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(plan.size());
        }
        long length = plan.size() - ROOT_START - MIB;
        bootstrap.fileSystem(archive, image, ROOT_START, length, root);
        Files.delete(archive);
        progress.report("Writing boot loaders", 0, 0);
        makeBootable(image, length);
        return image;
    }

    /** Adds partition tables and boot loaders to a disk with a root file system. */
    static void makeBootable(Path image, long length) throws IOException {
        try (DiskImage disk = new ImageSource(image, Optional.of(ImageFormat.RAW), false).open()) {
            Partition rootPartition = new Partition(1, ROOT_START, length, Partition.LINUX_ROOT_X86_64);
            Ext4 files = Ext4.in(disk, rootPartition).orElseThrow(() -> new IOException("mke2fs made no file system"));
            installGrub(disk, loader(files, "boot.img"), loader(files, "core.img"));
            disk.write(ESP_START, ByteBuffer.wrap(
                    FatVolume.of(ESP_LENGTH, List.of("EFI", "BOOT", "BOOTX64.EFI"), loader(files, "bootx64.efi"))));
            GuidPartitionTable.write(disk, UUID.randomUUID(), List.of(
                    named(rootPartition, "root"),
                    named(new Partition(14, BIOS_START, BIOS_LENGTH, Partition.BIOS_BOOT), "bios"),
                    named(new Partition(15, ESP_START, ESP_LENGTH, Partition.EFI_SYSTEM), "efi")));
        }
    }

    private static GuidPartitionTable.Named named(Partition partition, String name) {
        return new GuidPartitionTable.Named(partition, UUID.randomUUID(), name);
    }

    private static byte[] loader(Ext4 files, String name) throws IOException {
        return files.read("/boot/grub/quoll/" + name, MAX_LOADER)
                .orElseThrow(() -> new IOException("the new system has no boot loader " + name));
    }

    /** What grub-bios-setup does for a core image in a partition of its own, without needing the disk to be a device of the host. */
    private static void installGrub(DiskImage disk, byte[] boot, byte[] core) throws IOException {
        if (boot.length != SECTOR || core.length <= SECTOR || core.length > BIOS_LENGTH) {
            throw new IOException("GRUB's images have impossible sizes");
        }
        long start = BIOS_START / SECTOR;
        ByteBuffer.wrap(boot).order(ByteOrder.LITTLE_ENDIAN).putLong(BOOT_KERNEL_SECTOR, start);
        ByteBuffer.wrap(core).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(CORE_BLOCK_LIST, start + 1)
                .putShort(CORE_BLOCK_LIST + 8, (short) (Math.ceilDiv(core.length, SECTOR) - 1));
        disk.write(0, ByteBuffer.wrap(boot, 0, BOOT_CODE));
        disk.write(BIOS_START, ByteBuffer.wrap(core));
    }
}
