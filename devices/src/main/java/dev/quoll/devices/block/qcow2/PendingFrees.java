package dev.quoll.devices.block.qcow2;

import dev.quoll.devices.block.HostFile;
import java.io.IOException;
import java.util.Arrays;

/**
 * Clusters that nothing in memory refers to any more, but tables on disk may. They are counted down, and may be used again, only after
 * those tables are written: a crash in between leaves them counted once too often, which harms nobody.
 */
final class PendingFrees {
    private static final int ENOUGH = 1 << 16;
    private static final long GIVE_BACK = 1;

    /** Offsets, with a mark for those whose room the host is to have back. */
    private long[] entries = new long[64];
    private int count;

    void add(long offset, boolean giveBack) {
        if (count == entries.length) {
            entries = Arrays.copyOf(entries, 2 * count);
        }
        entries[count++] = offset | (giveBack ? GIVE_BACK : 0);
    }

    boolean isEmpty() {
        return count == 0;
    }

    boolean isFull() {
        return count >= ENOUGH;
    }

    /** Counts them down. Clusters that lie side by side go back to the host in one stretch. */
    void apply(Refcounts refcounts, HostFile file, int clusterBits) throws IOException {
        long[] sorted = Arrays.copyOf(entries, count);
        Arrays.sort(sorted);
        count = 0;
        long holeStart = 0;
        long holeEnd = 0;
        for (long entry : sorted) {
            long offset = entry & -(1L << clusterBits);
            boolean free = refcounts.release(offset);
            if (free && (entry & GIVE_BACK) != 0) {
                if (offset != holeEnd) {
                    file.punchHole(holeStart, holeEnd - holeStart);
                    holeStart = offset;
                }
                holeEnd = offset + (1L << clusterBits);
            }
        }
        file.punchHole(holeStart, holeEnd - holeStart);
    }
}
