package dev.quoll.emulator.core;

import java.util.ArrayList;
import java.util.List;

/**
 * One vCPU's decoded blocks of one physical page: a small open-addressed table keyed by offset and mode. Belongs to the
 * vCPU's thread.
 */
final class CodePage {
    /** Page number in the RAM mapping. */
    final int pageIndex;
    /** Whether this vCPU counts as a holder of the page's code; then no store to the page goes unseen. */
    private boolean held;
    /** Bit n: some block has bytes in the 64-byte chunk n, so a store there must look closer. */
    private long chunks;

    private Block[] table = new Block[16];
    private int used;
    /** Counts the times that some block was dropped. */
    private int changes;
    /** Regions of blocks in this page that went out of date. */
    private int regionsLost;
    /** Blocks of the page before that end in this one. */
    private final List<Block> tails = new ArrayList<>(0);

    CodePage(int pageIndex) {
        this.pageIndex = pageIndex;
    }

    boolean held() {
        return held;
    }

    /** Counts this vCPU as a holder; it has just become one in {@link PhysicalMemory}. */
    void hold() {
        held = true;
    }

    /** Takes it back, when no block is left. */
    void release(PhysicalMemory physical) {
        if (held) {
            held = false;
            physical.dropCodeHolder(pageIndex);
        }
    }

    Block find(int ip, int mode) {
        Block[] blocks = table;
        int mask = blocks.length - 1;
        for (int i = hash(ip, mode) & mask; ; i = i + 1 & mask) {
            Block block = blocks[i];
            if (block == null) {
                return null;
            }
            if (block.ip == ip && block.mode == mode) {
                return block.stale ? null : block;
            }
        }
    }

    void add(Block block) {
        if (used * 2 >= table.length) {
            Block[] old = table;
            table = new Block[old.length * 2];
            used = 0;
            for (Block each : old) {
                if (each != null && !each.stale) {
                    place(each);
                }
            }
        }
        place(block);
        cover(block.ip, block.end);
    }

    /** Notes a block of the page before whose last instruction ends in this page. */
    void addTail(Block block) {
        // A guest that maps one second page behind many first ones would make this grow for ever.
        tails.removeIf(each -> each.stale);
        tails.add(block);
        cover(0, block.end - 4096);
    }

    /** Marks bytes as code of this page; {@code to} may lie in the next page and is cut. */
    void cover(int from, int to) {
        chunks |= chunkMask(from, Math.min(to, 4096));
    }

    private void place(Block block) {
        int mask = table.length - 1;
        int i = hash(block.ip, block.mode) & mask;
        while (table[i] != null && (table[i].ip != block.ip || table[i].mode != block.mode)) {
            i = i + 1 & mask;
        }
        if (table[i] == null) {
            used++;
        } else if (table[i] != block) {
            // Out of the table means out of sight of stores: nobody may go on with the block that was here.
            table[i].invalidate();
            changes++;
        }
        table[i] = block;
    }

    int changes() {
        return changes;
    }

    int regionsLost() {
        return regionsLost;
    }

    void loseRegion() {
        regionsLost++;
    }

    private static int hash(int ip, int mode) {
        return ip * 0x9e3779b1 >>> 8 ^ mode;
    }

    private static long chunkMask(int from, int to) {
        int first = from >> 6;
        int last = to - 1 >> 6;
        return -1L >>> 63 - (last - first) << first;
    }

    /** Whether a store to these bytes may touch code. */
    boolean covers(int from, int to) {
        return (chunks & chunkMask(from, to)) != 0;
    }

    /** Whether the running block has bytes in this range. */
    static boolean overlaps(Block block, CodePage page, int from, int to) {
        return block.page == page && block.ip < to && block.end > from
                || block.secondPage == page && block.end - 4096 > from;
    }

    /** Drops all blocks with bytes in the range; returns whether any block is left. */
    boolean invalidate(int from, int to) {
        if (!touches(from, to)) {
            // Data beside code, in one chunk with it: no need to build the table anew.
            return used != 0 || !tails.isEmpty();
        }
        changes++;
        Block[] old = table;
        table = new Block[old.length];
        used = 0;
        chunks = 0;
        for (Block block : old) {
            if (block == null || block.stale) {
                continue;
            }
            if (overlaps(block, this, from, to)) {
                block.invalidate();
            } else {
                place(block);
                cover(block.ip, block.end);
            }
        }
        tails.removeIf(block -> {
            if (!block.stale && overlaps(block, this, from, to)) {
                block.invalidate();
            }
            return block.stale;
        });
        for (Block block : tails) {
            cover(0, block.end - 4096);
        }
        if (used == 0 && table.length > 16) {
            table = new Block[16];
        }
        return used != 0 || !tails.isEmpty();
    }

    private boolean touches(int from, int to) {
        for (Block block : table) {
            if (block != null && !block.stale && overlaps(block, this, from, to)) {
                return true;
            }
        }
        for (Block block : tails) {
            if (!block.stale && overlaps(block, this, from, to)) {
                return true;
            }
        }
        return false;
    }

    /** Drops everything. */
    void clear() {
        invalidate(0, 4096);
    }
}
