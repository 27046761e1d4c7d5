package dev.quoll.boot.disk;

import dev.quoll.devices.block.DiskImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32;

/** The GUID partition table (UEFI 2.10, 5.3): a header and an array of entries at both ends of a disk, with checksums. */
public final class GuidPartitionTable {
    private static final int SECTOR = PartitionTable.SECTOR;
    private static final long SIGNATURE = 0x5452415020494645L; // "EFI PART"
    private static final int REVISION = 0x00010000;
    private static final int HEADER_LENGTH = 92;
    private static final int ENTRY_LENGTH = 128;
    private static final int ENTRIES = 128;
    private static final int ARRAY_SECTORS = ENTRIES * ENTRY_LENGTH / SECTOR;
    private static final int MAX_ARRAY = 1 << 20;

    /** Bytes at the start of a disk that the table takes up, and as many but one sector at its end. */
    public static final long LENGTH = (2L + ARRAY_SECTORS) * SECTOR;

    private GuidPartitionTable() {}

    /** The partitions by the first table that is intact, or none. */
    static List<Partition> read(DiskImage disk) throws IOException {
        List<Partition> first = read(disk, SECTOR);
        return first.isEmpty() ? read(disk, (disk.size() & -SECTOR) - SECTOR) : first;
    }

    private static List<Partition> read(DiskImage disk, long at) throws IOException {
        ByteBuffer header = PartitionTable.sector(disk, at);
        int length = header.getInt(12);
        if (header.getLong(0) != SIGNATURE || length < HEADER_LENGTH || length > SECTOR) {
            return List.of();
        }
        int checksum = header.getInt(16);
        header.putInt(16, 0);
        int count = header.getInt(80);
        int entryLength = header.getInt(84);
        long array = header.getLong(72);
        if (checksum != crc(header, length) || count <= 0 || entryLength < ENTRY_LENGTH || (long) count * entryLength > MAX_ARRAY
                || array < 0 || array > disk.size() / SECTOR || array * SECTOR > disk.size() - (long) count * entryLength) {
            return List.of();
        }
        ByteBuffer entries = PartitionTable.bytes(disk, array * SECTOR, count * entryLength);
        if (crc(entries, entries.limit()) != header.getInt(88)) {
            return List.of();
        }
        List<Partition> found = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            UUID type = guid(entries, i * entryLength);
            long from = entries.getLong(i * entryLength + 32);
            long to = entries.getLong(i * entryLength + 40);
            if (!type.equals(Partition.NO_TYPE) && from > 0 && to >= from && to < disk.size() / SECTOR) {
                found.add(new Partition(i + 1, from * SECTOR, (to - from + 1) * SECTOR, type));
            }
        }
        return found;
    }

    /**
     * Writes both tables and the protective master boot record, whose boot code stays as it is.
     *
     * @param disk of whole sectors, with {@link #LENGTH} bytes before the first partition and behind the last
     * @param partitions with numbers from 1 to 128, each once
     */
    public static void write(DiskImage disk, UUID diskId, List<Named> partitions) throws IOException {
        long sectors = disk.size() / SECTOR;
        ByteBuffer entries = ByteBuffer.allocate(ENTRIES * ENTRY_LENGTH).order(ByteOrder.LITTLE_ENDIAN);
        for (Named named : partitions) {
            Partition partition = named.partition;
            int at = (partition.number() - 1) * ENTRY_LENGTH;
            putGuid(entries, at, partition.type());
            putGuid(entries, at + 16, named.id);
            entries.putLong(at + 32, partition.start() / SECTOR);
            entries.putLong(at + 40, (partition.start() + partition.length()) / SECTOR - 1);
            entries.put(at + 56, named.name.getBytes(StandardCharsets.UTF_16LE));
        }
        disk.write(2L * SECTOR, entries.duplicate());
        disk.write((sectors - 1 - ARRAY_SECTORS) * SECTOR, entries.duplicate());
        disk.write(SECTOR, header(sectors, 1, sectors - 1, 2, diskId, entries));
        disk.write((sectors - 1) * SECTOR, header(sectors, sectors - 1, 1, sectors - 1 - ARRAY_SECTORS, diskId, entries));
        ByteBuffer mbr = PartitionTable.sector(disk, 0);
        ByteBuffer.wrap(mbr.array(), 446, 64).put(new byte[64]);
        mbr.putInt(447, 0x00000200).put(450, (byte) 0xee).putInt(451, 0xffffffff);
        mbr.putInt(454, 1).putInt(458, (int) Math.min(sectors - 1, 0xffffffffL)).putShort(510, (short) 0xaa55);
        disk.write(0, mbr);
    }

    /**
     * A partition to be written.
     *
     * @param name at most 36 characters
     */
    public record Named(Partition partition, UUID id, String name) {}

    private static ByteBuffer header(long sectors, long self, long other, long array, UUID diskId, ByteBuffer entries) {
        ByteBuffer header = ByteBuffer.allocate(SECTOR).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(0, SIGNATURE).putInt(8, REVISION).putInt(12, HEADER_LENGTH).putLong(24, self).putLong(32, other);
        header.putLong(40, 2 + ARRAY_SECTORS).putLong(48, sectors - 2 - ARRAY_SECTORS);
        putGuid(header, 56, diskId);
        header.putLong(72, array).putInt(80, ENTRIES).putInt(84, ENTRY_LENGTH).putInt(88, crc(entries, entries.capacity()));
        return header.putInt(16, crc(header, HEADER_LENGTH));
    }

    private static int crc(ByteBuffer bytes, int count) {
        CRC32 crc = new CRC32();
        crc.update(bytes.array(), 0, count);
        return (int) crc.getValue();
    }

    /** The first three fields are little-endian, the rest is a string of bytes (UEFI 2.10, appendix A). */
    private static UUID guid(ByteBuffer bytes, int at) {
        long high = Integer.toUnsignedLong(bytes.getInt(at)) << 32
                | (bytes.getShort(at + 4) & 0xffffL) << 16 | bytes.getShort(at + 6) & 0xffffL;
        return new UUID(high, Long.reverseBytes(bytes.getLong(at + 8)));
    }

    private static void putGuid(ByteBuffer bytes, int at, UUID id) {
        long high = id.getMostSignificantBits();
        bytes.putInt(at, (int) (high >>> 32)).putShort(at + 4, (short) (high >>> 16)).putShort(at + 6, (short) high);
        bytes.putLong(at + 8, Long.reverseBytes(id.getLeastSignificantBits()));
    }
}
