package dev.quoll.boot.debian;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A FAT16 volume with one file in nested folders: an EFI system partition for one boot loader. Source: Microsoft's FAT specification of
 * 2000, and UEFI 2.10, 13.3.
 */
final class FatVolume {
    private static final int SECTOR = 512;
    private static final int CLUSTER = 4 * SECTOR;
    private static final int ROOT_ENTRIES = 512;
    private static final int ENTRY = 32;
    private static final int FOLDER = 0x10;
    private static final int ARCHIVE = 0x20;
    private static final int VOLUME_LABEL = 0x08;
    private static final String LABEL = "EFI";
    /** The first of January 2026, so that equal files make equal volumes. */
    private static final int DATE = 46 << 9 | 1 << 5 | 1;

    private final ByteBuffer volume;
    private final int sectors;
    private final int fatSectors;
    private int nextCluster = 2;

    private FatVolume(int size) {
        volume = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        sectors = size / SECTOR;
        fatSectors = (sectors / (CLUSTER / SECTOR) + 2) * 2 / SECTOR + 1;
    }

    /**
     * Makes the volume.
     *
     * @param size in bytes, a multiple of the sector's, from 9 MiB (fewer clusters would make it FAT12) to 32 MiB
     * @param path folders and file, in capitals and of at most eight letters and three
     */
    static byte[] of(int size, List<String> path, byte[] content) {
        FatVolume fat = new FatVolume(size);
        fat.bootSector();
        fat.link(0, 0xfff8);
        fat.link(1, 0xffff);
        int parent = 0;
        int entries = fat.rootOffset();
        fat.entry(entries, LABEL, VOLUME_LABEL, 0, 0);
        entries += ENTRY;
        for (String folder : path.subList(0, path.size() - 1)) {
            int cluster = fat.chain(CLUSTER);
            fat.entry(entries, folder, FOLDER, cluster, 0);
            entries = fat.offset(cluster);
            fat.entry(entries, ".", FOLDER, cluster, 0);
            fat.entry(entries + ENTRY, "..", FOLDER, parent, 0);
            entries += 2 * ENTRY;
            parent = cluster;
        }
        // An empty file has no cluster at all.
        int cluster = content.length == 0 ? 0 : fat.chain(content.length);
        fat.entry(entries, path.getLast(), ARCHIVE, cluster, content.length);
        if (content.length > 0) {
            fat.volume.put(fat.offset(cluster), content);
        }
        return fat.volume.array();
    }

    private void bootSector() {
        volume.put(0, new byte[] {(byte) 0xeb, 0x3c, (byte) 0x90}).put(3, "QUOLL   ".getBytes(StandardCharsets.US_ASCII));
        volume.putShort(11, (short) SECTOR).put(13, (byte) (CLUSTER / SECTOR)).putShort(14, (short) 1).put(16, (byte) 2);
        volume.putShort(17, (short) ROOT_ENTRIES).put(21, (byte) 0xf8).putShort(22, (short) fatSectors);
        volume.putShort(24, (short) 32).putShort(26, (short) 64);
        if (sectors < 1 << 16) {
            volume.putShort(19, (short) sectors);
        } else {
            volume.putInt(32, sectors);
        }
        volume.put(36, (byte) 0x80).put(38, (byte) 0x29).putInt(39, 0x51554f4c);
        volume.put(43, "%-11s%-8s".formatted(LABEL, "FAT16").getBytes(StandardCharsets.US_ASCII)).putShort(510, (short) 0xaa55);
    }

    private int rootOffset() {
        return (1 + 2 * fatSectors) * SECTOR;
    }

    private int offset(int cluster) {
        return rootOffset() + ROOT_ENTRIES * ENTRY + (cluster - 2) * CLUSTER;
    }

    private void link(int cluster, int next) {
        for (int fat = 0; fat < 2; fat++) {
            volume.putShort((1 + fat * fatSectors) * SECTOR + 2 * cluster, (short) next);
        }
    }

    /** Takes the clusters for so many bytes, at least 1, which lie side by side. */
    private int chain(int length) {
        int first = nextCluster;
        nextCluster += Math.ceilDiv(length, CLUSTER);
        if (offset(nextCluster) > volume.capacity()) {
            throw new IllegalArgumentException("%d bytes do not fit into the volume".formatted(length));
        }
        for (int cluster = first; cluster < nextCluster; cluster++) {
            link(cluster, cluster + 1 < nextCluster ? cluster + 1 : 0xffff);
        }
        return first;
    }

    private void entry(int at, String name, int attributes, int cluster, int length) {
        List<String> parts = new ArrayList<>(name.startsWith(".") ? List.of(name) : List.of(name.split("\\.")));
        parts.add("");
        volume.put(at, "%-8s%-3s".formatted(parts.get(0), parts.get(1)).getBytes(StandardCharsets.US_ASCII));
        volume.put(at + 11, (byte) attributes).putShort(at + 24, (short) DATE).putShort(at + 16, (short) DATE);
        volume.putShort(at + 26, (short) cluster).putInt(at + 28, length);
    }
}
