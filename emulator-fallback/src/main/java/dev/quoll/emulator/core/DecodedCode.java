package dev.quoll.emulator.core;

import java.util.Arrays;

/**
 * One vCPU's decoded blocks by RAM page, within a budget: a guest may execute every byte of its RAM in every mode, which
 * takes far more of the host's memory than it has been given. When the budget is spent the owner drops everything; what
 * still runs is decoded again.
 */
final class DecodedCode {
    /** What a page costs beside its blocks, in ops. */
    private static final int PAGE_COST = 4;
    /** Heap bytes for each op of the budget: ops, blocks and tables take about 100, so some tenths of the heap at most. */
    private static final int HEAP_SHARE = 512;

    private static final int ROW = 1024;

    /** Pages by number: {@link #ROW} of them a row, rows made when needed. */
    private final CodePage[][] rows;

    private long budget;
    private long spent;

    /**
     * @param pages pages of the RAM mapping
     * @param cpus vCPUs that share the heap
     */
    DecodedCode(int pages, int cpus) {
        rows = new CodePage[pages / ROW + 1][];
        budget = Runtime.getRuntime().maxMemory() / HEAP_SHARE / cpus;
    }

    /** Sets the most ops held. */
    void limitTo(long ops) {
        budget = ops;
    }

    /** The page, made when there is none. */
    CodePage page(int pageIndex) {
        CodePage[] row = rows[pageIndex / ROW];
        if (row == null) {
            row = rows[pageIndex / ROW] = new CodePage[ROW];
        }
        CodePage page = row[pageIndex % ROW];
        if (page == null) {
            page = row[pageIndex % ROW] = new CodePage(pageIndex);
            spent += PAGE_COST;
        }
        return page;
    }

    /** The page, or null when nothing was ever decoded from it. */
    CodePage existing(int pageIndex) {
        CodePage[] row = rows[pageIndex / ROW];
        return row == null ? null : row[pageIndex % ROW];
    }

    /** Accounts for a block. Blocks that are dropped one by one stay in the account until all are. */
    void add(Block block) {
        block.page.add(block);
        spent += block.count + 1;
    }

    /** Whether everything has to be dropped before more is decoded. */
    boolean full() {
        return spent > budget;
    }

    /** Drops everything, pages included; nobody may keep one. */
    void clear(PhysicalMemory physical) {
        for (CodePage[] row : rows) {
            if (row != null) {
                for (CodePage page : row) {
                    if (page != null) {
                        page.clear();
                        page.release(physical);
                    }
                }
            }
        }
        Arrays.fill(rows, null);
        spent = 0;
    }
}
