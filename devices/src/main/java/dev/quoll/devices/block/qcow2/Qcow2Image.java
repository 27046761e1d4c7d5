package dev.quoll.devices.block.qcow2;

import dev.quoll.devices.block.DiskImage;
import dev.quoll.devices.block.HostFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A qcow2 image of version 2 or 3. Reads, and writes to clusters that are the image's own already, run side by side; what changes the
 * tables runs alone.
 *
 * <p>Changed tables are kept in memory and brought to the file by {@link #flush}, or when they become many, in an order that leaves the
 * file sound whenever the process or the host dies: first data and refcounts, then the L2 tables that refer to them, then L1, and last
 * the counting down of what is no longer referred to. At the worst some clusters are counted and not used, which
 * {@link Qcow2Check} gives back.
 *
 * <p>Threats: the file may be hostile. The header bounds all that is held in memory; a table entry that leads outside the file or has
 * reserved bits set is an error of the request that met it; there is no recursion or loop whose end an entry decides; the backing file
 * is opened by whoever opens the image, by rules of theirs.
 */
public final class Qcow2Image implements DiskImage {
    private final HostFile file;
    private final Qcow2Header header;
    private final DiskImage backing;
    private final Refcounts refcounts;
    private final ClusterMap map;
    private final CompressedClusters compressed;
    private final PendingFrees frees = new PendingFrees();
    private final Lock shared;
    private final Lock exclusive;
    private final ByteBuffer scratch;
    private volatile long size;

    private Qcow2Image(HostFile file, Qcow2Header header, DiskImage backing) throws IOException {
        this.file = file;
        this.header = header;
        this.backing = backing;
        this.size = header.size();
        this.refcounts = new Refcounts(file, header);
        this.map = new ClusterMap(file, header, refcounts);
        this.compressed = new CompressedClusters(file, header);
        ReadWriteLock lock = new ReentrantReadWriteLock();
        this.shared = lock.readLock();
        this.exclusive = lock.writeLock();
        this.scratch = file.readOnly() ? null : ByteBuffer.allocateDirect(header.clusterSize());
    }

    /**
     * Takes over the file and the backing image; both are closed with this one, also when this method fails.
     *
     * @param backing what the header names as its backing file, or null where it names none; it is only read
     * @throws IOException a sentence that names the file
     */
    public static Qcow2Image open(HostFile file, DiskImage backing) throws IOException {
        try {
            Qcow2Header header = readHeader(file);
            if (!file.readOnly()) {
                prepareForWriting(file, header);
            }
            return new Qcow2Image(file, header, backing);
        } catch (IOException e) {
            try (file; backing) {
                throw new IOException("the image %s cannot be used: %s".formatted(file.path(), e.getMessage()), e);
            }
        }
    }

    private static void prepareForWriting(HostFile file, Qcow2Header header) throws IOException {
        if ((header.incompatible() & Qcow2Header.CORRUPT) != 0) {
            throw new IOException("it is marked as damaged; repair it with 'quoll image check --repair', or open it read-only");
        }
        if ((header.incompatible() & Qcow2Header.DIRTY) != 0) {
            throw new IOException("its refcounts were left out of date; repair it with 'quoll image check --repair'");
        }
        if (header.autoclear() != 0) {
            // What these bits speak of, such as bitmaps of changed places, is out of date once somebody writes who does not know them.
            file.write(Qcow2Header.AUTOCLEAR_OFFSET, ByteBuffer.allocate(Long.BYTES));
        }
    }

    /** Whether a file that begins with these four bytes or more says that it is a qcow2 image. */
    public static boolean recognises(ByteBuffer start) {
        return Qcow2Header.recognises(start);
    }

    static Qcow2Header readHeader(HostFile file) throws IOException {
        ByteBuffer start = ByteBuffer.allocate((int) Math.min(file.size(), 1 << Qcow2Header.MAX_CLUSTER_BITS));
        file.readOrZero(0, start);
        return Qcow2Header.parse(start.flip());
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean readOnly() {
        return file.readOnly();
    }

    public Path path() {
        return file.path();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        Objects.checkFromIndexSize(offset, target.remaining(), size);
        int end = target.limit();
        long at = offset;
        shared.lock();
        try {
            while (target.hasRemaining()) {
                Extent extent = map.at(at, target.remaining());
                int count = (int) extent.length();
                target.limit(target.position() + count);
                readExtent(extent, at, target);
                target.limit(end);
                at += count;
            }
        } finally {
            shared.unlock();
            target.limit(end);
        }
    }

    /** Fills the whole of {@code target} from one extent at disk offset {@code at}. */
    private void readExtent(Extent extent, long at, ByteBuffer target) throws IOException {
        switch (extent) {
            case Extent.Data data -> file.readOrZero(data.offset(), target);
            case Extent.Zero _ -> HostFile.zero(target, target.remaining());
            case Extent.Compressed packed -> {
                byte[] cluster = compressed.read(packed.entry());
                target.put(cluster, (int) (at & header.clusterSize() - 1), target.remaining());
            }
            case Extent.Backing _ -> {
                int there = backing == null ? 0 : Math.clamp(backing.size() - at, 0, target.remaining());
                if (there > 0) {
                    int end = target.limit();
                    backing.read(at, target.limit(target.position() + there));
                    target.limit(end);
                }
                HostFile.zero(target, target.remaining());
            }
        }
    }

    @Override
    public void write(long offset, ByteBuffer source) throws IOException {
        requireWritable();
        Objects.checkFromIndexSize(offset, source.remaining(), size);
        int end = source.limit();
        long at = offset;
        try {
            while (source.hasRemaining()) {
                long done = writeInPlace(at, source);
                source.limit(end);
                if (done == 0) {
                    done = writeAnew(at, source);
                    source.limit(end);
                }
                at += done;
            }
        } finally {
            source.limit(end);
        }
    }

    /** Writes as much as lies in clusters of the image's own, which may be nothing. */
    private long writeInPlace(long at, ByteBuffer source) throws IOException {
        shared.lock();
        try {
            long done = 0;
            int end = source.limit();
            while (source.hasRemaining() && map.at(at + done, source.remaining()) instanceof Extent.Data data && data.writable()) {
                requireGuestData(data);
                source.limit(source.position() + (int) data.length());
                file.write(data.offset(), source);
                source.limit(end);
                done += data.length();
            }
            return done;
        } finally {
            shared.unlock();
        }
    }

    /** A damaged table must not make a guest's write hit the image's own structures. */
    private void requireGuestData(Extent.Data data) throws IOException {
        boolean clash = data.offset() < header.clusterSize()
                || overlaps(data, map.l1Offset(), (long) map.l1Entries() * Long.BYTES)
                || overlaps(data, refcounts.tableOffset(), refcounts.tableSize());
        if (clash) {
            throw new IOException("the image %s is damaged: data of the disk lies in its tables, at %d".formatted(path(), data.offset()));
        }
    }

    private static boolean overlaps(Extent.Data data, long offset, long length) {
        return data.offset() < offset + length && offset < data.offset() + data.length();
    }

    /** Writes the beginning of {@code source} to clusters that are new, and says how much that was. */
    private long writeAnew(long at, ByteBuffer source) throws IOException {
        exclusive.lock();
        try {
            settleWhenMuch();
            TableCache.Table table = map.tableForWriting(at, frees);
            int clusterSize = header.clusterSize();
            int index = map.l2Index(at);
            int wanted = clustersToReplace(table, index, (at & clusterSize - 1) + source.remaining());
            if (wanted == 0) {
                return 0; // another thread has been faster: it can be written in place now
            }
            long first = map.entry(table, index);
            boolean reserved = L2Entry.isReservedZero(first);
            Refcounts.Run run = reserved
                    ? new Refcounts.Run(first & L2Entry.OFFSET, 1, false)
                    : refcounts.allocate(wanted);
            long start = at & -clusterSize;
            long end = start + (long) run.clusters() * clusterSize;
            long done = Math.min(at + source.remaining(), end) - at;
            try {
                carryOver(start, at, run.offset(), run.fresh());
                source.limit(source.position() + (int) done);
                file.write(run.offset() + at - start, source);
                carryOver(at + done, end, run.offset() + at + done - start, run.fresh());
            } catch (IOException e) {
                for (int i = 0; i < run.clusters() && !reserved; i++) {
                    refcounts.release(run.offset() + (long) i * clusterSize);
                }
                throw e;
            }
            for (int i = 0; i < run.clusters(); i++) {
                long old = map.entry(table, index + i);
                map.set(table, index + i, run.offset() + (long) i * clusterSize | L2Entry.COPIED);
                if (!reserved) {
                    letGo(old, false);
                }
            }
            return done;
        } finally {
            exclusive.unlock();
        }
    }

    /** How many clusters from an entry on, up to the end of {@code length} bytes, cannot be written in place. */
    private int clustersToReplace(TableCache.Table table, int index, long length) throws IOException {
        int most = (int) Math.min(length + header.clusterSize() - 1 >> header.clusterBits(), header.l2Entries() - index);
        int count = 0;
        while (count < most) {
            long entry = map.entry(table, index + count);
            if (L2Entry.isWritableInPlace(entry) || count > 0 && L2Entry.isReservedZero(entry)) {
                break;
            }
            count++;
        }
        return count;
    }

    /** Brings what the disk has from {@code from} to {@code to}, less than a cluster, to its new place. */
    private void carryOver(long from, long to, long place, boolean fresh) throws IOException {
        for (long at = from; at < to; ) {
            Extent extent = map.at(at, to - at);
            if (!(fresh && readsAsZero(extent, at))) {
                readExtent(extent, at, scratch.clear().limit((int) extent.length()));
                file.write(place + at - from, scratch.flip());
            }
            at += extent.length();
        }
    }

    private boolean readsAsZero(Extent extent, long at) {
        return switch (extent) {
            case Extent.Zero _ -> true;
            case Extent.Backing _ -> backing == null || at >= backing.size();
            case Extent.Data _, Extent.Compressed _ -> false;
        };
    }

    /** Nothing maps the old entry's clusters here any more. */
    private void letGo(long old, boolean giveBack) {
        if (L2Entry.isCompressed(old)) {
            compressed.forget(old);
            long first = L2Entry.compressedOffset(old, header.clusterBits());
            long last = first + L2Entry.compressedSize(old, header.clusterBits()) - 1;
            for (long cluster = first & -header.clusterSize(); cluster <= last; cluster += header.clusterSize()) {
                frees.add(cluster, false);
            }
        } else if ((old & L2Entry.OFFSET) != 0) {
            frees.add(old & L2Entry.OFFSET, giveBack);
        }
    }

    @Override
    public void discard(long offset, long length) throws IOException {
        requireWritable();
        Objects.checkFromIndexSize(offset, length, size);
        forWholeClusters(offset, length, (table, index, entry) -> {
            boolean keep = entry == 0 || backing != null && header.version() == 2;
            if (!keep) {
                map.set(table, index, backing == null ? 0 : L2Entry.ZERO);
                letGo(entry, true);
            }
        }, false);
    }

    @Override
    public void writeZeroes(long offset, long length, boolean mayUnmap) throws IOException {
        requireWritable();
        Objects.checkFromIndexSize(offset, length, size);
        long clusterSize = header.clusterSize();
        long first = Math.min(offset + clusterSize - 1 & -clusterSize, offset + length);
        long last = offset + length == size ? size : Math.max(first, offset + length & -clusterSize);
        writeZeroBytes(offset, first - offset);
        if (header.version() == 2 && (backing != null || !mayUnmap)) {
            writeZeroBytes(first, last - first);
        } else {
            forWholeClusters(first, last - first, (table, index, entry) -> {
                if (!mayUnmap && L2Entry.isWritableInPlace(entry)) {
                    map.set(table, index, entry | L2Entry.ZERO);
                } else if (entry != 0 || backing != null) {
                    map.set(table, index, backing == null ? 0 : L2Entry.ZERO);
                    letGo(entry, true);
                }
            }, backing != null);
        }
        writeZeroBytes(last, offset + length - last);
    }

    private void writeZeroBytes(long offset, long length) throws IOException {
        ByteBuffer zeroes = ByteBuffer.allocateDirect((int) Math.min(length, 1 << 20));
        for (long at = 0; at < length; at += zeroes.limit()) {
            write(offset + at, zeroes.clear().limit((int) Math.min(zeroes.capacity(), length - at)));
        }
    }

    /** Changes one entry; the exclusive lock is held. */
    private interface EntryChange {
        void apply(TableCache.Table table, int index, long entry) throws IOException;
    }

    /**
     * Applies a change to every cluster that lies in the range as a whole.
     *
     * @param everywhere whether also where there is no L2 table, which is made then
     */
    private void forWholeClusters(long offset, long length, EntryChange change, boolean everywhere) throws IOException {
        long clusterSize = header.clusterSize();
        long end = offset + length == size ? size : offset + length & -clusterSize;
        long at = offset + clusterSize - 1 & -clusterSize;
        while (at < end) {
            long tableEnd = Math.min(end, (at & -map.tableSpan()) + map.tableSpan());
            exclusive.lock();
            try {
                settleWhenMuch();
                if (everywhere || map.hasTable(at)) {
                    TableCache.Table table = map.tableForWriting(at, frees);
                    for (long cluster = at; cluster < tableEnd; cluster += clusterSize) {
                        int index = map.l2Index(cluster);
                        change.apply(table, index, map.entry(table, index));
                    }
                }
            } finally {
                exclusive.unlock();
            }
            at = tableEnd;
        }
    }

    @Override
    public void flush() throws IOException {
        if (readOnly()) {
            return;
        }
        file.force(); // the bulk of it, while others go on
        exclusive.lock();
        try {
            settle();
        } finally {
            exclusive.unlock();
        }
    }

    private void settleWhenMuch() throws IOException {
        if (map.isFull() || refcounts.isFull() || frees.isFull()) {
            settle();
        }
    }

    /** Brings all changed tables to the file, in the order that the class promises. */
    private void settle() throws IOException {
        if (!map.isDirty() && !refcounts.isDirty() && frees.isEmpty()) {
            return;
        }
        refcounts.write();
        file.extendTo(refcounts.end());
        file.force();
        map.write();
        file.force();
        frees.apply(refcounts, file, header.clusterBits());
        refcounts.write();
    }

    /**
     * Changes the size of the disk. What is cut off is lost; what is added reads as zeroes.
     *
     * @throws IOException when the image has internal snapshots, or cannot describe that size
     */
    public void resize(long newSize) throws IOException {
        requireWritable();
        if (newSize < 0 || newSize % 512 != 0 || newSize > Qcow2Header.maxSize(header.clusterBits())) {
            throw new IOException("the image %s cannot have %d bytes: a multiple of 512, at most %d, is possible"
                    .formatted(path(), newSize, Qcow2Header.maxSize(header.clusterBits())));
        }
        if (header.snapshots() > 0) {
            throw new IOException("the image %s has internal snapshots, and so its size cannot change".formatted(path()));
        }
        exclusive.lock();
        try {
            if (newSize < size) {
                writeZeroes(newSize, size - newSize, true);
            } else if (backing != null && backing.size() > size) {
                hideBacking(Math.min(newSize, backing.size()));
            }
            settle();
            growL1(newSize);
            file.write(24, ByteBuffer.allocate(Long.BYTES).putLong(0, newSize));
            file.force();
            size = newSize;
        } finally {
            exclusive.unlock();
        }
    }

    /** What the backing file has beyond this disk's end must not come to light when the end moves. */
    private void hideBacking(long to) throws IOException {
        long from = size;
        growL1(to);
        size = to;
        try {
            writeZeroes(from, to - from, true);
        } catch (IOException e) {
            size = from;
            throw e;
        }
    }

    private void growL1(long newSize) throws IOException {
        int entries = Qcow2Header.l1EntriesFor(newSize, header.clusterBits());
        if (entries <= map.l1Entries()) {
            return;
        }
        settle();
        long oldOffset = map.l1Offset();
        int oldClusters = (int) ((long) map.l1Entries() * Long.BYTES + header.clusterSize() - 1 >> header.clusterBits());
        map.growL1(entries);
        file.write(36, ByteBuffer.allocate(12).putInt(0, map.l1Entries()).putLong(4, map.l1Offset()));
        file.force();
        for (int i = 0; i < oldClusters; i++) {
            frees.add(oldOffset + (long) i * header.clusterSize(), false);
        }
        settle();
    }

    private void requireWritable() throws IOException {
        if (readOnly()) {
            throw new IOException("the image %s is open for reading only".formatted(path()));
        }
    }

    @Override
    public void close() throws IOException {
        try (file; backing) {
            if (!readOnly()) {
                flush();
            }
        }
    }
}
