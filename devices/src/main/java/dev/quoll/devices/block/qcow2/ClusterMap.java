package dev.quoll.devices.block.qcow2;

import dev.quoll.devices.block.HostFile;
import java.io.IOException;
import java.util.BitSet;

/**
 * Where each cluster of the disk lies: L1, and the L2 tables it points to. Looking up is safe from several threads under the image's
 * shared lock, all else needs the exclusive one. Changes stay in memory until {@link #write}.
 */
final class ClusterMap {
    private static final long RESERVED_L1 = 0x7f00_0000_0000_01ffL;

    private final HostFile file;
    private final Refcounts refcounts;
    private final int clusterBits;
    private final int l2Bits;
    private final boolean zeroFlag;
    private final TableCache tables;
    private long[] l1;
    private long l1Offset;
    private final BitSet dirtyL1 = new BitSet();

    ClusterMap(HostFile file, Qcow2Header header, Refcounts refcounts) throws IOException {
        this.file = file;
        this.refcounts = refcounts;
        this.clusterBits = header.clusterBits();
        this.l2Bits = clusterBits - 3;
        this.zeroFlag = header.version() == 3;
        this.tables = new TableCache(file, header.clusterSize());
        this.l1Offset = header.l1Offset();
        this.l1 = Tables.read(file, l1Offset, header.l1Entries(), "L1 table");
    }

    long l1Offset() {
        return l1Offset;
    }

    int l1Entries() {
        return l1.length;
    }

    /** Bytes of the disk that one L2 table maps. */
    long tableSpan() {
        return 1L << clusterBits + l2Bits;
    }

    private int l1Index(long offset) {
        return (int) (offset >>> clusterBits + l2Bits);
    }

    /** The entry in its L2 table for a place on the disk. */
    int l2Index(long offset) {
        return (int) (offset >>> clusterBits) & (1 << l2Bits) - 1;
    }

    /** Whether there is an L2 table for a place on the disk. */
    boolean hasTable(long offset) {
        return (l1[l1Index(offset)] & L2Entry.OFFSET) != 0;
    }

    /** The longest stretch of one kind at {@code offset}, up to {@code length} bytes, within one L2 table. */
    Extent at(long offset, long length) throws IOException {
        long most = Math.min(length, tableSpan() - (offset & tableSpan() - 1));
        long tableOffset = tableOffset(l1Index(offset));
        if (tableOffset == 0) {
            return new Extent.Backing(most);
        }
        TableCache.Table table = tables.get(tableOffset);
        int index = l2Index(offset);
        long within = offset & (1L << clusterBits) - 1;
        long entry = entry(table, index);
        if (L2Entry.isCompressed(entry)) {
            return new Extent.Compressed(entry, Math.min(most, (1L << clusterBits) - within));
        }
        long end = (1L << clusterBits) - within;
        long cluster = entry & L2Entry.OFFSET;
        boolean zero = (entry & L2Entry.ZERO) != 0;
        long next = entry;
        while (end < most) {
            next = entry(table, ++index);
            boolean goesOn = zero || cluster == 0
                    ? sameKind(entry, next)
                    : (next & ~L2Entry.OFFSET) == (entry & ~L2Entry.OFFSET) && (next & L2Entry.OFFSET) == cluster + end + within;
            if (!goesOn) {
                break;
            }
            end += 1L << clusterBits;
        }
        long count = Math.min(most, end);
        if (zero) {
            return new Extent.Zero(count);
        }
        return cluster == 0 ? new Extent.Backing(count) : new Extent.Data(cluster + within, count, L2Entry.isWritableInPlace(entry));
    }

    private static boolean sameKind(long entry, long next) {
        return !L2Entry.isCompressed(next) && (next & L2Entry.ZERO) == (entry & L2Entry.ZERO)
                && ((entry & L2Entry.ZERO) != 0 || (next & L2Entry.OFFSET) == 0);
    }

    /** An entry of an L2 table, found to be possible. */
    long entry(TableCache.Table table, int index) throws IOException {
        long entry = table.entry(index);
        if (L2Entry.isCompressed(entry)) {
            long start = L2Entry.compressedOffset(entry, clusterBits);
            if ((entry & L2Entry.COPIED) != 0 || start == 0 || start >= refcounts.end()) {
                throw damaged(table.offset(), index, entry);
            }
            return entry;
        }
        long cluster = entry & L2Entry.OFFSET;
        if ((entry & L2Entry.RESERVED) != 0 || (entry & L2Entry.ZERO) != 0 && !zeroFlag || (cluster & (1L << clusterBits) - 1) != 0
                || cluster >= refcounts.end() && cluster != 0) {
            throw damaged(table.offset(), index, entry);
        }
        return entry;
    }

    private static IOException damaged(long table, int index, long entry) {
        return new IOException("the image is damaged: entry %d of its L2 table at %d is %#x".formatted(index, table, entry));
    }

    private long tableOffset(int index) throws IOException {
        long entry = l1[index];
        long offset = entry & L2Entry.OFFSET;
        if ((entry & RESERVED_L1) != 0 || (offset & (1L << clusterBits) - 1) != 0 || offset >= refcounts.end() && offset != 0) {
            throw new IOException("the image is damaged: entry %d of its L1 table is %#x".formatted(index, entry));
        }
        return offset;
    }

    /** The L2 table for a place on the disk, made or copied from a snapshot's where need be. */
    TableCache.Table tableForWriting(long offset, PendingFrees frees) throws IOException {
        int index = l1Index(offset);
        long old = tableOffset(index);
        if (old != 0 && (l1[index] & L2Entry.COPIED) != 0) {
            return tables.get(old);
        }
        TableCache.Table source = old == 0 ? null : tables.get(old);
        long place = refcounts.allocate(1).offset();
        try {
            file.writeZeroes(place, 1L << clusterBits); // so that a full disk shows now
        } catch (IOException e) {
            refcounts.release(place);
            throw e;
        }
        TableCache.Table table = tables.create(place);
        if (source != null) {
            table.bytes().duplicate().put(source.bytes().duplicate().clear());
            frees.add(old, false);
        }
        l1[index] = place | L2Entry.COPIED;
        dirtyL1.set(index);
        return table;
    }

    void set(TableCache.Table table, int index, long entry) {
        table.bytes().putLong(index * Long.BYTES, entry);
        tables.changed(table);
    }

    boolean isDirty() {
        return tables.isDirty() || !dirtyL1.isEmpty();
    }

    boolean isFull() {
        return tables.isFull();
    }

    /** Writes changed L2 tables and then what points to them. What they point to must be on disk. */
    void write() throws IOException {
        tables.write();
        if (!dirtyL1.isEmpty()) {
            file.force();
            Tables.writeEntries(file, l1Offset, l1, dirtyL1);
        }
    }

    /** Moves L1 to a larger table that is on disk when this returns; the header must be told. Nothing may be changed and unwritten. */
    void growL1(int entries) throws IOException {
        int clusters = (int) ((long) entries * Long.BYTES + (1L << clusterBits) - 1 >> clusterBits);
        long place = refcounts.allocateTogether(clusters);
        long[] larger = new long[(clusters << clusterBits) / Long.BYTES];
        System.arraycopy(l1, 0, larger, 0, l1.length);
        Tables.write(file, place, larger);
        refcounts.write();
        file.force();
        l1 = larger;
        l1Offset = place;
    }
}
