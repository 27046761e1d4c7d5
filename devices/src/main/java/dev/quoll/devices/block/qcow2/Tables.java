package dev.quoll.devices.block.qcow2;

import dev.quoll.devices.block.HostFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/** Tables of big-endian numbers that are held in memory whole: L1 and the refcount table. */
final class Tables {
    private static final int CHUNK = 1 << 16;

    private Tables() {}

    /** The header has bounded {@code entries}; a table must also lie within the file, so that a small file costs little. */
    static long[] read(HostFile file, long offset, int entries, String what) throws IOException {
        if (offset > file.size() - (long) entries * Long.BYTES) {
            throw new IOException("its %s reaches beyond the end of the file".formatted(what));
        }
        long[] table = new long[entries];
        for (int at = 0; at < entries; at += CHUNK) {
            int count = Math.min(CHUNK, entries - at);
            ByteBuffer bytes = ByteBuffer.allocate(count * Long.BYTES);
            file.read(offset + (long) at * Long.BYTES, bytes);
            bytes.flip().asLongBuffer().get(table, at, count);
        }
        return table;
    }

    static void write(HostFile file, long offset, long[] table) throws IOException {
        for (int at = 0; at < table.length; at += CHUNK) {
            int count = Math.min(CHUNK, table.length - at);
            ByteBuffer bytes = ByteBuffer.allocate(count * Long.BYTES);
            bytes.asLongBuffer().put(table, at, count);
            file.write(offset + (long) at * Long.BYTES, bytes);
        }
    }

    /** Writes single entries, which no crash can tear, and clears their marks. */
    static void writeEntries(HostFile file, long offset, long[] table, BitSet dirty) throws IOException {
        ByteBuffer entry = ByteBuffer.allocate(Long.BYTES);
        for (int i = dirty.nextSetBit(0); i >= 0; i = dirty.nextSetBit(i + 1)) {
            file.write(offset + (long) i * Long.BYTES, entry.clear().putLong(0, table[i]));
            dirty.clear(i);
        }
    }
}
