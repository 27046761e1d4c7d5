package dev.quoll.devices.block.qcow2;

import dev.quoll.devices.block.HostFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Tables of one cluster each (L2 tables, or refcount blocks), as many of them as fit a bound. Changed ones stay until they are
 * written, which their owner sees to before they fill the cache. Looking up is safe from several threads; changing a table needs the
 * image's exclusive lock.
 */
final class TableCache {
    /** Held in memory for one kind of table: L2 tables for 8 GiB of disk in clusters of 64 KiB. */
    private static final int BYTES = 1 << 20;
    private static final int LEAST = 16;
    private static final int MOST = 2048;

    /** A cluster of the file in memory, big-endian. */
    static final class Table {
        private final long offset;
        private final ByteBuffer bytes;
        private boolean dirty;

        private Table(long offset, int size) {
            this.offset = offset;
            this.bytes = ByteBuffer.allocate(size);
        }

        /** Where it lies in the file. */
        long offset() {
            return offset;
        }

        ByteBuffer bytes() {
            return bytes;
        }

        long entry(int index) {
            return bytes.getLong(index * Long.BYTES);
        }
    }

    private final HostFile file;
    private final int tableSize;
    private final int capacity;
    private final LinkedHashMap<Long, Table> tables = new LinkedHashMap<>(64, 0.75f, true);
    private final TreeMap<Long, Table> dirty = new TreeMap<>();

    TableCache(HostFile file, int tableSize) {
        this.file = file;
        this.tableSize = tableSize;
        this.capacity = Math.clamp(BYTES / tableSize, LEAST, MOST);
    }

    synchronized Table get(long offset) throws IOException {
        Table table = tables.get(offset);
        if (table == null) {
            makeRoom();
            table = new Table(offset, tableSize);
            file.read(offset, table.bytes.clear());
            table.bytes.clear();
            tables.put(offset, table);
        }
        return table;
    }

    /** A table that is all zeroes whatever the file has there. It is changed, as {@link #changed} would make it. */
    synchronized Table create(long offset) {
        makeRoom();
        Table table = new Table(offset, tableSize);
        tables.put(offset, table);
        changed(table);
        return table;
    }

    synchronized void changed(Table table) {
        if (!table.dirty) {
            table.dirty = true;
            dirty.put(table.offset, table);
        }
    }

    /** The table is no longer one, and need not be written. */
    synchronized void forget(long offset) {
        tables.remove(offset);
        dirty.remove(offset);
    }

    synchronized boolean isDirty() {
        return !dirty.isEmpty();
    }

    /** Whether so much is changed that it should be written now. */
    synchronized boolean isFull() {
        return dirty.size() > capacity / 2;
    }

    /** Writes what is changed. What could not be written stays changed. */
    synchronized void write() throws IOException {
        Collection<Table> open = dirty.values();
        for (Iterator<Table> i = open.iterator(); i.hasNext(); ) {
            Table table = i.next();
            file.write(table.offset, table.bytes.duplicate().clear());
            table.dirty = false;
            i.remove();
        }
    }

    private void makeRoom() {
        if (tables.size() < capacity) {
            return;
        }
        for (Iterator<Map.Entry<Long, Table>> i = tables.entrySet().iterator(); i.hasNext(); ) {
            if (!i.next().getValue().dirty) {
                i.remove();
                return;
            }
        }
    }
}
