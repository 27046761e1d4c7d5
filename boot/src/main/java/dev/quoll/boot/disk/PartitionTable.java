package dev.quoll.boot.disk;

import dev.quoll.devices.block.DiskImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The partitions of a disk: by GPT (UEFI 2.10, 5.3), else by the table of a PC's master boot record with its chain of logical
 * partitions. The disk is a guest's and may be hostile: entries that lead outside it are passed over, and chains end.
 */
public final class PartitionTable {
    static final int SECTOR = 512;
    private static final int MBR_ENTRIES = 446;
    private static final int MBR_SIGNATURE = 0xaa55;
    private static final int PROTECTIVE = 0xee;
    private static final int MAX_LOGICAL = 64;

    private PartitionTable() {}

    /** All partitions in the table's order; a disk without a table is one partition of number 0. */
    public static List<Partition> read(DiskImage disk) throws IOException {
        if (disk.size() < 2 * SECTOR) {
            return List.of(whole(disk));
        }
        ByteBuffer mbr = sector(disk, 0);
        boolean signed = (mbr.getShort(510) & 0xffff) == MBR_SIGNATURE;
        List<Partition> found = GuidPartitionTable.read(disk);
        if (found.isEmpty() && signed) {
            found = readMbr(disk, mbr);
        }
        return found.isEmpty() ? List.of(whole(disk)) : List.copyOf(found);
    }

    private static Partition whole(DiskImage disk) {
        return new Partition(0, 0, disk.size(), Partition.NO_TYPE);
    }

    private static List<Partition> readMbr(DiskImage disk, ByteBuffer mbr) throws IOException {
        List<Partition> found = new ArrayList<>();
        long extended = 0;
        for (int i = 0; i < 4; i++) {
            int at = MBR_ENTRIES + 16 * i;
            int type = mbr.get(at + 4) & 0xff;
            long start = Integer.toUnsignedLong(mbr.getInt(at + 8)) * SECTOR;
            if (isExtended(type)) {
                extended = start;
            } else if (type != 0 && type != PROTECTIVE) {
                add(found, disk, i + 1, start, Integer.toUnsignedLong(mbr.getInt(at + 12)) * SECTOR);
            }
        }
        long at = extended;
        for (int number = 5; at != 0 && at <= disk.size() - SECTOR && number < 5 + MAX_LOGICAL; number++) {
            ByteBuffer link = sector(disk, at);
            if ((link.getShort(510) & 0xffff) != MBR_SIGNATURE) {
                break;
            }
            long start = at + Integer.toUnsignedLong(link.getInt(MBR_ENTRIES + 8)) * SECTOR;
            add(found, disk, number, start, Integer.toUnsignedLong(link.getInt(MBR_ENTRIES + 12)) * SECTOR);
            int next = MBR_ENTRIES + 16;
            at = isExtended(link.get(next + 4) & 0xff) ? extended + Integer.toUnsignedLong(link.getInt(next + 8)) * SECTOR : 0;
        }
        return found;
    }

    private static boolean isExtended(int type) {
        return type == 0x05 || type == 0x0f || type == 0x85;
    }

    private static void add(List<Partition> found, DiskImage disk, int number, long start, long length) {
        if (length > 0 && start > 0 && start <= disk.size() - length) {
            found.add(new Partition(number, start, length, Partition.NO_TYPE));
        }
    }

    static ByteBuffer sector(DiskImage disk, long offset) throws IOException {
        return bytes(disk, offset, SECTOR);
    }

    /** Little-endian. */
    static ByteBuffer bytes(DiskImage disk, long offset, int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count);
        disk.read(offset, bytes);
        return bytes.flip().order(ByteOrder.LITTLE_ENDIAN);
    }
}
