package dev.quoll.devices.block.qcow2;

import dev.quoll.devices.block.HostFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The internal snapshots ("Snapshots" in the specification). They are not made or entered here, but seen and left intact.
 *
 * @param length of the table in bytes
 */
record SnapshotTable(List<Entry> entries, long length) {
    /** One snapshot's own L1 table. */
    record Entry(String name, long l1Offset, int l1Entries) {}

    private static final int FIXED = 40;
    private static final int MAX_TABLE = 64 << 20;
    private static final int MAX_EXTRA = 1024;
    private static final int MAX_L1_ENTRIES = 4 << 20;

    static SnapshotTable read(HostFile file, Qcow2Header header) throws IOException {
        List<Entry> entries = new ArrayList<>();
        long start = header.snapshotsOffset();
        long at = start;
        for (int i = 0; i < header.snapshots(); i++) {
            ByteBuffer fixed = ByteBuffer.allocate(FIXED);
            file.read(at, fixed);
            long l1Offset = fixed.getLong(0);
            int l1Entries = fixed.getInt(8);
            int idLength = fixed.getShort(12) & 0xffff;
            int nameLength = fixed.getShort(14) & 0xffff;
            int extra = fixed.getInt(36);
            if (extra < 0 || extra > MAX_EXTRA || l1Entries < 0 || l1Entries > MAX_L1_ENTRIES || at - start > MAX_TABLE || l1Offset < 0
                    || l1Offset >= 1L << 56) {
                throw new IOException("its table of snapshots is damaged");
            }
            ByteBuffer name = ByteBuffer.allocate(nameLength);
            file.read(at + FIXED + extra + idLength, name);
            entries.add(new Entry(new String(name.array(), StandardCharsets.UTF_8), l1Offset, l1Entries));
            at += FIXED + extra + idLength + nameLength + 7L & ~7L;
        }
        return new SnapshotTable(List.copyOf(entries), at - start);
    }
}
