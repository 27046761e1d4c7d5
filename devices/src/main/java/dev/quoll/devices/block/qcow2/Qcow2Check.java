package dev.quoll.devices.block.qcow2;

import dev.quoll.devices.block.HostFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts all references in an image anew and compares them with the refcounts it holds. Each L2 table is read once, however many
 * places refer to it, so the work is bounded by the size of the file.
 */
public final class Qcow2Check {
    private static final int PAGE_BITS = 12;
    private static final int MAX_PAGES = 1 << 15;
    private static final int MAX_REPORTED = 20;

    /**
     * What was found.
     *
     * @param clusters of the disk that have a place in the file
     * @param leaks clusters that are counted more often than they are referred to: room is lost, but no content
     * @param errors what content may be lost by
     * @param reports the first errors, in words
     * @param repaired whether all of it has been put right
     */
    public record Result(long clusters, long leaks, long errors, List<String> reports, boolean repaired) {
        public Result {
            reports = List.copyOf(reports);
        }
    }

    private final HostFile file;
    private final Qcow2Header header;
    private final Refcounts refcounts;
    private final long end;
    private final Map<Long, int[]> pages = new HashMap<>();
    private final Map<Long, Integer> tables = new HashMap<>();
    private final Map<Long, Long> flagRepairs = new HashMap<>();
    private final List<String> reports = new ArrayList<>();
    private long clusters;
    private long leaks;
    private long errors;
    private long unrepairable;

    private Qcow2Check(HostFile file) throws IOException {
        this.file = file;
        this.header = Qcow2Image.readHeader(file);
        if ((header.autoclear() & 1) != 0) {
            throw new IOException("it has bitmaps of changed places, which are not known here");
        }
        this.refcounts = new Refcounts(file, header);
        this.end = refcounts.end();
    }

    /**
     * Checks, and repairs if told so; the file must then be open for writing.
     *
     * @throws IOException when it is no qcow2 image, or one that is damaged beyond checking: a clause, "it ..."
     */
    public static Result check(HostFile file, boolean repair) throws IOException {
        Qcow2Check check = new Qcow2Check(file);
        check.count();
        check.compare(repair);
        boolean repaired = repair && check.unrepairable == 0;
        if (repaired) {
            check.finishRepair();
        }
        return new Result(check.clusters, check.leaks, check.errors, check.reports, repaired);
    }

    private void count() throws IOException {
        refer(0, 1, "the header");
        referStretch(header.refcountTableOffset(), (long) header.refcountTableClusters() << header.clusterBits(), "the refcount table");
        for (long block : refcounts.blockOffsets()) {
            if (block != 0) {
                refer(block, 1, "the refcount table");
            }
        }
        long[] active = Tables.read(file, header.l1Offset(), header.l1Entries(), "L1 table");
        referStretch(header.l1Offset(), (long) active.length * Long.BYTES, "the header");
        countL1(active);
        for (SnapshotTable.Entry snapshot : snapshots()) {
            referStretch(snapshot.l1Offset(), (long) snapshot.l1Entries() * Long.BYTES, "a snapshot");
            countL1(Tables.read(file, snapshot.l1Offset(), snapshot.l1Entries(), "snapshot's L1 table"));
        }
        for (Map.Entry<Long, Integer> table : tables.entrySet()) {
            countL2(table.getKey(), table.getValue());
        }
        checkCopied(active);
    }

    private List<SnapshotTable.Entry> snapshots() throws IOException {
        SnapshotTable table = SnapshotTable.read(file, header);
        if (header.snapshots() > 0) {
            referStretch(header.snapshotsOffset(), table.length(), "the header");
        }
        return table.entries();
    }

    private void countL1(long[] l1) {
        for (long entry : l1) {
            long offset = entry & L2Entry.OFFSET;
            if (offset != 0 && refer(offset, 1, "an L1 table")) {
                tables.merge(offset, 1, Integer::sum);
            }
        }
    }

    private void countL2(long offset, int times) throws IOException {
        ByteBuffer table = readTable(offset);
        for (int i = 0; i < header.l2Entries(); i++) {
            long entry = table.getLong(i * Long.BYTES);
            String who = "entry %d of the L2 table at %d".formatted(i, offset);
            if (L2Entry.isCompressed(entry)) {
                clusters++;
                long first = L2Entry.compressedOffset(entry, header.clusterBits());
                long last = first + L2Entry.compressedSize(entry, header.clusterBits()) - 1;
                for (long at = first & -header.clusterSize(); at <= last; at += header.clusterSize()) {
                    refer(at, times, who);
                }
            } else if ((entry & L2Entry.RESERVED) != 0) {
                fault(who + " has bits set that mean nothing");
                unrepairable++;
            } else if ((entry & L2Entry.OFFSET) != 0) {
                clusters++;
                refer(entry & L2Entry.OFFSET, times, who);
            }
        }
    }

    private ByteBuffer readTable(long offset) throws IOException {
        ByteBuffer table = ByteBuffer.allocate(header.clusterSize());
        file.readOrZero(offset, table);
        return table.flip();
    }

    /** Whether the place is one that can be counted. */
    private boolean refer(long offset, int times, String who) {
        if ((offset & header.clusterSize() - 1) != 0 || offset < 0 || offset >= end) {
            fault("%s refers to the impossible place %d".formatted(who, offset));
            unrepairable++;
            return false;
        }
        long cluster = offset >>> header.clusterBits();
        int[] page = pages.get(cluster >> PAGE_BITS);
        if (page == null) {
            if (pages.size() == MAX_PAGES) {
                fault("the file is too large to be checked");
                unrepairable++;
                return false;
            }
            page = new int[1 << PAGE_BITS];
            pages.put(cluster >> PAGE_BITS, page);
        }
        int index = (int) (cluster & (1 << PAGE_BITS) - 1);
        page[index] = (int) Math.min((long) page[index] + times, Integer.MAX_VALUE);
        return true;
    }

    private void referStretch(long offset, long length, String who) {
        for (long at = offset; at < offset + length; at += header.clusterSize()) {
            refer(at, 1, who);
        }
    }

    private int referred(long offset) {
        int[] page = pages.get(offset >>> header.clusterBits() >> PAGE_BITS);
        return page == null ? 0 : page[(int) (offset >>> header.clusterBits()) & (1 << PAGE_BITS) - 1];
    }

    private void compare(boolean repair) throws IOException {
        for (long at = 0; at < end; at += header.clusterSize()) {
            long held = refcounts.get(at);
            int real = referred(at);
            if (held == real) {
                continue;
            }
            if (held > real || held < 0) {
                leaks++;
            } else {
                fault("the cluster at %d is referred to %d times and counted %d times".formatted(at, real, held));
            }
            if (repair && unrepairable == 0) {
                refcounts.set(at, real);
            }
        }
    }

    /** In the active tables the flag says that the count is one ("COPIED" in the specification); writing relies on it. */
    private void checkCopied(long[] active) throws IOException {
        for (int i = 0; i < active.length; i++) {
            long offset = active[i] & L2Entry.OFFSET;
            if (!tables.containsKey(offset)) {
                continue;
            }
            checkFlag(active[i], header.l1Offset() + (long) i * Long.BYTES);
            ByteBuffer table = readTable(offset);
            for (int index = 0; index < header.l2Entries(); index++) {
                long entry = table.getLong(index * Long.BYTES);
                if (!L2Entry.isCompressed(entry) && (entry & L2Entry.OFFSET) != 0 && referred(entry & L2Entry.OFFSET) > 0) {
                    checkFlag(entry, offset + (long) index * Long.BYTES);
                }
            }
        }
    }

    private void checkFlag(long entry, long place) {
        boolean single = referred(entry & L2Entry.OFFSET) == 1;
        if (single != ((entry & L2Entry.COPIED) != 0)) {
            fault("the entry at %d is wrong about being the only one that refers to its cluster".formatted(place));
            if (flagRepairs.size() < 1 << 20) {
                flagRepairs.put(place, entry ^ L2Entry.COPIED);
            } else {
                unrepairable++;
            }
        }
    }

    private void fault(String words) {
        errors++;
        if (reports.size() < MAX_REPORTED) {
            reports.add(words);
        }
    }

    private void finishRepair() throws IOException {
        refcounts.write();
        file.extendTo(refcounts.end());
        for (Map.Entry<Long, Long> repair : flagRepairs.entrySet()) {
            file.write(repair.getKey(), ByteBuffer.allocate(Long.BYTES).putLong(0, repair.getValue()));
        }
        file.force();
        if (header.version() == 3) {
            long sound = header.incompatible() & ~(Qcow2Header.DIRTY | Qcow2Header.CORRUPT);
            file.write(Qcow2Header.INCOMPATIBLE_OFFSET, ByteBuffer.allocate(Long.BYTES).putLong(0, sound));
            file.force();
        }
    }
}
