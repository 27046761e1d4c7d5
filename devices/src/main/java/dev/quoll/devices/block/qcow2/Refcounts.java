package dev.quoll.devices.block.qcow2;

import dev.quoll.devices.block.HostFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;

/**
 * How often each cluster of the file is referred to, and by that the allocator: a table points to blocks of counts ("Host cluster
 * management" in the specification). All methods need the image's exclusive lock. Counts change in memory; {@link #write} brings them
 * to the file, blocks before the table that points to them.
 */
final class Refcounts {
    /**
     * A stretch of clusters of the file.
     *
     * @param fresh whether none of them was ever written, so that they are zero
     */
    record Run(long offset, int clusters, boolean fresh) {}

    private final HostFile file;
    private final int clusterBits;
    private final RefcountField field;
    private final int blockEntries;
    private final TableCache blocks;
    private long[] table;
    private long tableOffset;
    private final BitSet dirtyEntries = new BitSet();
    /** No cluster below this one is free. */
    private long firstFree;
    /** No cluster from this one on has ever been in use. */
    private volatile long end;

    Refcounts(HostFile file, Qcow2Header header) throws IOException {
        this.file = file;
        this.clusterBits = header.clusterBits();
        this.field = new RefcountField(header.refcountOrder());
        this.blockEntries = field.entriesIn(header.clusterSize());
        this.blocks = new TableCache(file, header.clusterSize());
        this.tableOffset = header.refcountTableOffset();
        this.table = Tables.read(file, tableOffset, (header.refcountTableClusters() << clusterBits) / Long.BYTES, "refcount table");
        this.end = file.size() + (1L << clusterBits) - 1 >> clusterBits;
        checkTable();
    }

    /** With this, the work that a table can cause is bounded by the size of the file. */
    private void checkTable() throws IOException {
        Set<Long> seen = new HashSet<>();
        for (long entry : table) {
            if (entry != 0 && ((entry & (1L << clusterBits) - 1) != 0 || entry < 0 || entry >> clusterBits >= end || !seen.add(entry))) {
                throw new IOException("its refcount table points to an impossible place, %d".formatted(entry));
            }
        }
    }

    long tableOffset() {
        return tableOffset;
    }

    /** In bytes. */
    long tableSize() {
        return (long) table.length * Long.BYTES;
    }

    /** Places of the blocks, 0 where there is none. */
    long[] blockOffsets() {
        return table.clone();
    }

    /** The first cluster that has never been in use, as an offset; safe from any thread. */
    long end() {
        return end << clusterBits;
    }

    /** Clusters that the present table can count. */
    private long coverage() {
        return (long) table.length * blockEntries;
    }

    long get(long offset) throws IOException {
        long cluster = offset >>> clusterBits;
        if (cluster >= coverage() || table[(int) (cluster / blockEntries)] == 0) {
            return 0;
        }
        return field.get(block(cluster).bytes(), (int) (cluster % blockEntries));
    }

    /** For repairs. The cluster must be one that the table can count. */
    void set(long offset, long count) throws IOException {
        long cluster = offset >>> clusterBits;
        if (count < 0 || count > field.max()) {
            throw new IOException("a cluster is referred to %d times, more than can be counted".formatted(count));
        }
        if (cluster >= coverage()) {
            throw new IOException("the cluster at %d lies beyond what the refcount table can count".formatted(offset));
        }
        if (table[(int) (cluster / blockEntries)] == 0) {
            // The cluster itself may well be in use, so that the block goes behind all that is.
            long place = end++;
            placeBlock((int) (cluster / blockEntries), place);
            set(place << clusterBits, 1);
        }
        put(cluster, count);
        if (count == 0) {
            firstFree = Math.min(firstFree, cluster);
        }
    }

    /**
     * Takes free clusters that lie side by side and counts each once.
     *
     * @return as many as wanted, or fewer, but at least one
     */
    Run allocate(int wanted) throws IOException {
        long first = nextFree();
        int count = 1;
        while (count < wanted && canTake(first + count)) {
            count++;
        }
        for (long cluster = first; cluster < first + count; cluster++) {
            put(cluster, 1);
        }
        boolean fresh = first >= end;
        firstFree = first + count;
        end = Math.max(end, firstFree);
        return new Run(first << clusterBits, count, fresh);
    }

    /** Takes clusters that lie side by side, all of them, from where none was ever used; for tables. */
    long allocateTogether(int wanted) throws IOException {
        while (coverage() < end + wanted + blocksFor(end, wanted)) {
            grow();
        }
        long first = end;
        int extra = blocksFor(first, wanted);
        long nextBlock = first + wanted;
        for (long index = first / blockEntries; index <= (first + wanted + extra - 1) / blockEntries; index++) {
            if (table[(int) index] == 0) {
                placeBlock((int) index, nextBlock++);
            }
        }
        for (long cluster = first; cluster < nextBlock; cluster++) {
            put(cluster, 1);
        }
        end = nextBlock;
        return first << clusterBits;
    }

    /**
     * Counts one reference less.
     *
     * @return whether the cluster is free now
     */
    boolean release(long offset) throws IOException {
        long cluster = offset >>> clusterBits;
        long count = get(offset);
        if (count == 0) {
            throw new IOException("the cluster at %d was in use and counted as free".formatted(offset));
        }
        put(cluster, count - 1);
        if (count == 1) {
            firstFree = Math.min(firstFree, cluster);
        }
        return count == 1;
    }

    private long nextFree() throws IOException {
        long cluster = firstFree;
        while (true) {
            while (cluster >= coverage()) {
                grow();
            }
            if (table[(int) (cluster / blockEntries)] == 0) {
                addBlock(cluster);
            }
            if (count(cluster) == 0) {
                return cluster;
            }
            cluster++;
        }
    }

    private boolean canTake(long cluster) throws IOException {
        return cluster < coverage() && table[(int) (cluster / blockEntries)] != 0 && count(cluster) == 0;
    }

    private long count(long cluster) throws IOException {
        return field.get(block(cluster).bytes(), (int) (cluster % blockEntries));
    }

    private void put(long cluster, long count) throws IOException {
        TableCache.Table block = block(cluster);
        field.set(block.bytes(), (int) (cluster % blockEntries), count);
        blocks.changed(block);
    }

    private TableCache.Table block(long cluster) throws IOException {
        return blocks.get(table[(int) (cluster / blockEntries)]);
    }

    /** Where there is no block, all that it would count is free: the block goes to a cluster that it counts itself. */
    private void addBlock(long cluster) throws IOException {
        placeBlock((int) (cluster / blockEntries), cluster);
        put(cluster, 1);
        end = Math.max(end, cluster + 1);
    }

    private void placeBlock(int index, long cluster) throws IOException {
        long offset = cluster << clusterBits;
        file.writeZeroes(offset, 1L << clusterBits); // so that a full disk shows now, while nothing depends on it
        blocks.create(offset);
        table[index] = offset;
        dirtyEntries.set(index);
    }

    /**
     * Moves to a table of at least twice the size. It and the blocks that count it lie behind all that the old one could count. The
     * header changes when all else is on disk.
     */
    private void grow() throws IOException {
        int clusterSize = 1 << clusterBits;
        long base = Math.max(coverage(), end);
        long least = base / blockEntries + 1;
        int clusters = Math.toIntExact(Math.max(2 * tableSize(), (least + 2) * Long.BYTES) + clusterSize - 1 >> clusterBits);
        while ((long) clusters * (clusterSize / Long.BYTES) * blockEntries < base + clusters + blocksFor(base, clusters)) {
            clusters++;
        }
        long[] larger = Arrays.copyOf(table, clusters * (clusterSize / Long.BYTES));
        int extra = blocksFor(base, clusters);
        ByteBuffer[] fresh = new ByteBuffer[extra];
        long firstBlock = base / blockEntries;
        for (int i = 0; i < extra; i++) {
            fresh[i] = ByteBuffer.allocate(clusterSize);
            larger[(int) firstBlock + i] = base + clusters + i << clusterBits;
        }
        for (long cluster = base; cluster < base + clusters + extra; cluster++) {
            field.set(fresh[(int) (cluster / blockEntries - firstBlock)], (int) (cluster % blockEntries), 1);
        }
        write();
        for (int i = 0; i < extra; i++) {
            file.write(larger[(int) firstBlock + i], fresh[i]);
        }
        Tables.write(file, base << clusterBits, larger);
        file.force();
        ByteBuffer pointer = ByteBuffer.allocate(12).putLong(base << clusterBits).putInt(clusters).flip();
        file.write(48, pointer);
        file.force();
        long oldOffset = tableOffset;
        int oldClusters = (int) (tableSize() >> clusterBits);
        table = larger;
        tableOffset = base << clusterBits;
        end = base + clusters + extra;
        for (int i = 0; i < oldClusters; i++) {
            release(oldOffset + ((long) i << clusterBits));
        }
    }

    /** Blocks that count the clusters of a table at {@code base}, and themselves. */
    private int blocksFor(long base, int clusters) {
        int count = 0;
        while (true) {
            long last = base + clusters + count - 1;
            int needed = (int) (last / blockEntries - base / blockEntries + 1);
            if (needed <= count) {
                return count;
            }
            count = needed;
        }
    }

    boolean isDirty() {
        return blocks.isDirty() || !dirtyEntries.isEmpty();
    }

    boolean isFull() {
        return blocks.isFull();
    }

    /** Writes changed blocks, then, where there are new ones, waits for the disk and writes the table's entries. */
    void write() throws IOException {
        blocks.write();
        if (!dirtyEntries.isEmpty()) {
            file.force();
            Tables.writeEntries(file, tableOffset, table, dirtyEntries);
        }
    }
}
