package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Flags;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The soft TLB of one vCPU.
 *
 * <p>An entry is 32 bytes off-heap: tags for read, write and execute, and an addend. A tag is the page's linear address
 * when the access is permitted without further ado, else -1, which no page address equals; host address = linear address
 * + addend. One compare covers tag and page crossing, because the tag is compared with the page of the access's last
 * byte. What needs care (device memory, clean pages, pages that hold decoded code, watched pages) simply has no tag, so
 * that it takes the slow path.
 *
 * <p>There are three contexts, so that a change of privilege flushes nothing: supervisor, user, and supervisor with
 * EFLAGS.AC set while SMAP is on.
 */
public abstract class Tlb extends LazyFlags {
    static final int READ_TAG = 0;
    static final int WRITE_TAG = 8;
    static final int EXECUTE_TAG = 16;
    static final int ADDEND = 24;

    static final long PAGE = -4096L;
    private static final long INDEX_MASK = (long) (StateLayout.TLB_ENTRIES - 1) << StateLayout.TLB_ENTRY_SHIFT;
    private static final int INDEX_SHIFT = 12 - StateLayout.TLB_ENTRY_SHIFT;

    static final int SUPERVISOR = 0;
    static final int USER = 1;
    static final int SUPERVISOR_AC = 2;

    /** Guest-physical space, shared with the other vCPUs. */
    public final PhysicalMemory physical;
    final MemorySegment ram;
    /** First entry of the context in use. */
    long tlb;

    /** The context in use. */
    int context;
    /** Misaligned accesses to data raise #AC: CPL 3, CR0.AM and EFLAGS.AC are set (SDM vol. 3, 6.15). */
    boolean alignmentChecked;
    /** The bits of a linear address that the running code can form: all, or 31:0 outside 64-bit code. */
    long linearMask = 0xffffffffL;
    /** 64 less the width of linear addresses. */
    int signShift = 16;

    /** Entries filled with pages that are not global since the last flush, per context; a flush visits only these. */
    private final short[][] filled = new short[StateLayout.TLB_CONTEXTS][StateLayout.TLB_ENTRIES];

    private final int[] filledCount = new int[StateLayout.TLB_CONTEXTS];
    /** Bloom bits of large pages that have pieces in the TLB: numbers of 2 MiB, 4 MiB and 1 GiB pages alike. */
    private final long[] largePages = new long[16];
    /** Code pages of the execute tags, in step with the off-heap entries. */
    final CodePage[][] executePages = new CodePage[StateLayout.TLB_CONTEXTS][StateLayout.TLB_ENTRIES];
    /** Changes with everything that can make a RIP lead elsewhere: flushes, and CS outside 64-bit code. */
    int executeGeneration;

    /** Counters for statistics. */
    long tlbMisses;

    long tlbFlushes;

    Tlb(Arena arena, PhysicalMemory physical) {
        super(arena);
        this.physical = physical;
        this.ram = physical.ram;
        for (int i = 0; i < StateLayout.TLB_ENTRIES; i++) {
            clear(state + StateLayout.EMPTY_TLB + ((long) i << StateLayout.TLB_ENTRY_SHIFT));
        }
        selectContext();
        flushAll();
    }

    /** The decoded blocks of a RAM page, made when there are none. */
    abstract CodePage codePage(int pageIndex);

    /** Whether an armed data breakpoint lies in this page, so that no access to it may take the fast path. */
    abstract boolean watchedPage(long linearPage);

    // Contexts and flushes.

    /** Chooses the TLB context for CPL, CR0.AM, CR4.SMAP and EFLAGS.AC; call after any of them changes. */
    public final void selectContext() {
        context = cpl == 3
                ? USER
                : (cr4 & ControlBits.CR4_SMAP) != 0 && flag(Flags.AC)
                        ? SUPERVISOR_AC
                        : SUPERVISOR;
        // Alignment is looked at on the slow path only, so whoever wants it checked takes that always.
        alignmentChecked = cpl == 3 && (cr0 & ControlBits.CR0_AM) != 0 && flag(Flags.AC);
        tlb = alignmentChecked ? state + StateLayout.EMPTY_TLB : contextBase(context);
    }

    /** Whether the unused upper bits of a linear address repeat its sign (SDM vol. 1, 3.3.7.1). */
    public final boolean canonical(long linear) {
        return linear << signShift >> signShift == linear;
    }

    private long contextBase(int which) {
        return state + StateLayout.TLB + (long) which * StateLayout.TLB_CONTEXT_BYTES;
    }

    /** Address of the entry that a linear address would have in the context in use. */
    final long entry(long va) {
        return tlb + (va >>> INDEX_SHIFT & INDEX_MASK);
    }

    /** As {@link #entry(long)}, in another context. */
    final long entry(long va, int which) {
        return contextBase(which) + (va >>> INDEX_SHIFT & INDEX_MASK);
    }

    /** Forgets every translation, global ones included. */
    public final void flushAll() {
        tlbFlushes++;
        executeGeneration++;
        for (int which = 0; which < StateLayout.TLB_CONTEXTS; which++) {
            long base = contextBase(which);
            for (int i = 0; i < StateLayout.TLB_ENTRIES; i++) {
                clear(base + ((long) i << StateLayout.TLB_ENTRY_SHIFT));
            }
            filledCount[which] = 0;
        }
        Arrays.fill(largePages, 0);
    }

    /** Forgets translations that are not global: MOV to CR3 (SDM vol. 3, 4.10.4.1). */
    public final void flushNonGlobal() {
        tlbFlushes++;
        executeGeneration++;
        for (int which = 0; which < StateLayout.TLB_CONTEXTS; which++) {
            long base = contextBase(which);
            short[] indices = filled[which];
            for (int i = filledCount[which] - 1; i >= 0; i--) {
                clear(base + ((long) indices[i] << StateLayout.TLB_ENTRY_SHIFT));
            }
            filledCount[which] = 0;
        }
    }

    /** INVLPG: forgets the page, global or not, and every piece of a large page around it. */
    public final void flushPage(long va) {
        executeGeneration++;
        long page = va & PAGE;
        boolean large = hasPieces(va >>> 21) || hasPieces(va >>> 22) || hasPieces(va >>> 30);
        for (int which = 0; which < StateLayout.TLB_CONTEXTS; which++) {
            long base = contextBase(which);
            if (!large) {
                long entry = entry(va, which);
                if (holds(entry, page, PAGE)) {
                    clear(entry);
                }
                continue;
            }
            // A piece of a 1 GiB page elsewhere in its gigabyte counts as well.
            for (int i = 0; i < StateLayout.TLB_ENTRIES; i++) {
                long entry = base + ((long) i << StateLayout.TLB_ENTRY_SHIFT);
                if (holds(entry, va & -(1L << 30), -(1L << 30))) {
                    clear(entry);
                }
            }
        }
    }

    private boolean hasPieces(long pageNumber) {
        return (largePages[(int) (pageNumber >>> 6) & 15] & 1L << pageNumber) != 0;
    }

    private boolean holds(long entry, long page, long mask) {
        for (int tag = READ_TAG; tag <= EXECUTE_TAG; tag += 8) {
            long value = HostMemory.getLong(stateSegment, entry + tag);
            if (value != -1 && (value & mask) == page) {
                return true;
            }
        }
        return false;
    }

    /** Code pages have been dropped: fetches look them up anew. */
    final void dropExecutePages() {
        executeGeneration++;
        for (int which = 0; which < StateLayout.TLB_CONTEXTS; which++) {
            long base = contextBase(which);
            for (int i = 0; i < StateLayout.TLB_ENTRIES; i++) {
                HostMemory.putLong(stateSegment, base + ((long) i << StateLayout.TLB_ENTRY_SHIFT) + EXECUTE_TAG, -1);
            }
            Arrays.fill(executePages[which], null);
        }
    }

    private void clear(long entry) {
        HostMemory.putLong(stateSegment, entry + READ_TAG, -1);
        HostMemory.putLong(stateSegment, entry + WRITE_TAG, -1);
        HostMemory.putLong(stateSegment, entry + EXECUTE_TAG, -1);
    }

    /** A RAM page has come to hold code: stores to it must be seen from now on. */
    final void protectCode(int pageIndex) {
        long host = physical.ramBase + ((long) pageIndex << 12);
        for (int which = 0; which < StateLayout.TLB_CONTEXTS; which++) {
            long base = contextBase(which);
            for (int i = 0; i < StateLayout.TLB_ENTRIES; i++) {
                long entry = base + ((long) i << StateLayout.TLB_ENTRY_SHIFT);
                long tag = HostMemory.getLong(stateSegment, entry + WRITE_TAG);
                if (tag != -1 && HostMemory.getLong(stateSegment, entry + ADDEND) + tag == host) {
                    HostMemory.putLong(stateSegment, entry + WRITE_TAG, -1);
                }
            }
        }
    }

    /**
     * Enters what a walk has found.
     *
     * @param page linear address of the page
     * @param offset of the page in the RAM mapping
     */
    final void fill(long page, long offset, int accessKind, int which, PageTableWalker walk) {
        boolean watched = watchedPage(page);
        int index = (int) (page >>> 12) & StateLayout.TLB_ENTRIES - 1;
        long entry = contextBase(which) + ((long) index << StateLayout.TLB_ENTRY_SHIFT);
        long addend = physical.ramBase + offset - page;
        if (!holds(entry, page, PAGE) || HostMemory.getLong(stateSegment, entry + ADDEND) != addend) {
            clear(entry);
            if (!walk.global) {
                int count = filledCount[which];
                if (count == StateLayout.TLB_ENTRIES) {
                    rebuildFilled(which);
                    count = filledCount[which];
                }
                filled[which][count] = (short) index;
                filledCount[which] = count + 1;
            }
        }
        HostMemory.putLong(stateSegment, entry + ADDEND, addend);
        if (walk.shift > 12) {
            long pageNumber = page >>> walk.shift;
            largePages[(int) (pageNumber >>> 6) & 15] |= 1L << pageNumber;
        }
        if (accessKind == PageTableWalker.EXECUTE) {
            HostMemory.putLong(stateSegment, entry + EXECUTE_TAG, page);
            executePages[which][index] = codePage((int) (offset >>> 12));
            return;
        }
        if (!watched) {
            HostMemory.putLong(stateSegment, entry + READ_TAG, page);
            if (accessKind == PageTableWalker.WRITE && !physical.holdsCode((int) (offset >>> 12))) {
                HostMemory.putLong(stateSegment, entry + WRITE_TAG, page);
            }
        }
    }

    /** The log is full: drop what it names and start over. */
    private void rebuildFilled(int which) {
        long base = contextBase(which);
        short[] indices = filled[which];
        for (int i = 0; i < filledCount[which]; i++) {
            clear(base + ((long) indices[i] << StateLayout.TLB_ENTRY_SHIFT));
        }
        filledCount[which] = 0;
        executeGeneration++;
    }
}
