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
 * <p>There are contexts, so that a change of privilege flushes nothing: one for the supervisor, and for each of a few
 * address spaces (PCIDs) one for the user and one for the supervisor with EFLAGS.AC set while SMAP is on, in which the
 * kernel reaches the user's memory. What the supervisor's context holds is mostly global; the rest of it goes with every
 * change of the address space (SDM vol. 3, 4.10.1 lets a processor keep as little as it likes).
 */
public abstract class Tlb extends LazyFlags {
    static final int READ_TAG = 0;
    static final int WRITE_TAG = 8;
    static final int EXECUTE_TAG = 16;
    static final int ADDEND = 24;

    static final long PAGE = -4096L;
    private static final long INDEX_MASK = (long) (StateLayout.TLB_ENTRIES - 1) << StateLayout.TLB_ENTRY_SHIFT;
    private static final int PCID = 0xfff;
    private static final int INDEX_SHIFT = 12 - StateLayout.TLB_ENTRY_SHIFT;

    // Kinds of context. Those of USER and SUPERVISOR_AC exist in each address space.
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
    /** Last linear address an operand may have where segments are flat and nothing else checks limits. */
    long flatLimit = Long.MAX_VALUE;
    /** 64 less the width of linear addresses. */
    int signShift = 16;

    /** Places filled with pages that are not global since the last flush, per context; a flush visits only these. */
    private final short[][] filled = new short[StateLayout.TLB_CONTEXTS][StateLayout.TLB_ENTRIES];

    private final int[] filledCount = new int[StateLayout.TLB_CONTEXTS];
    /** Whether a place is among {@link #filled}. */
    private final boolean[][] logged = new boolean[StateLayout.TLB_CONTEXTS][StateLayout.TLB_ENTRIES];
    /** Whether an entry came from a global page. */
    private final boolean[][] global = new boolean[StateLayout.TLB_CONTEXTS][StateLayout.TLB_ENTRIES];
    /** Whether anything has been entered into a context since it was last cleared as a whole. */
    private final boolean[] touched = new boolean[StateLayout.TLB_CONTEXTS];

    /** The address space in use. */
    private int space;
    /** PCIDs of the address spaces, -1 for a free one. */
    private final int[] spacePcid = new int[StateLayout.TLB_SPACES];
    /** The one to be given up next. */
    private int victim;
    /** Widths of the offset in large pages: 2 MiB, 4 MiB, 1 GiB. */
    private static final int[] LARGE_SHIFTS = {21, 22, 30};

    /**
     * Bloom bits of the numbers of large pages that have pieces in the TLB, for each size its own: a kernel's mapping of all RAM must not
     * make every INVLPG of a small page look through the whole TLB.
     */
    private final long[][] largePages = new long[LARGE_SHIFTS.length][64];
    /** Code pages of the execute tags, in step with the off-heap entries. */
    private final CodePage[][] executePages = new CodePage[StateLayout.TLB_CONTEXTS][StateLayout.TLB_ENTRIES];
    /** Differs whenever a RIP may lead elsewhere: after flushes, and with CS outside 64-bit code. */
    long executeGeneration;

    /** Bloom bits of pages that RIPs have been found in since {@link #executeGeneration} changed for all. */
    private final long[] executedPages = new long[64];

    /** The same by the gigabyte, for large pages. */
    private long executedGigabytes;

    private long lastGeneration;
    private long supervisorGeneration;
    private final long[] userGeneration = new long[StateLayout.TLB_SPACES];
    /** The supervisor has executed from a page that is not global, so a change of the address space concerns its code. */
    private boolean nonGlobalSupervisorCode;

    /** Counters for statistics. */
    long tlbMisses;

    long tlbFlushes;

    Tlb(Arena arena, PhysicalMemory physical) {
        super(arena);
        this.physical = physical;
        this.ram = physical.ram;
        for (int index = 0; index <= StateLayout.TLB_CONTEXTS; index++) {
            // The one behind the last is the empty one.
            long base = contextBase(index);
            for (int i = 0; i < StateLayout.TLB_ENTRIES; i++) {
                clear(base + ((long) i << StateLayout.TLB_ENTRY_SHIFT));
            }
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
        tlb = alignmentChecked ? state + StateLayout.EMPTY_TLB : contextBase(contextIndex(context));
        executeGeneration = cpl == 3 ? userGeneration[space] : supervisorGeneration;
    }

    /** Whether the unused upper bits of a linear address repeat its sign (SDM vol. 1, 3.3.7.1). */
    public final boolean canonical(long linear) {
        return linear << signShift >> signShift == linear;
    }

    private int contextIndex(int which) {
        return which == SUPERVISOR ? SUPERVISOR : which + 2 * space;
    }

    private long contextBase(int index) {
        return state + StateLayout.TLB + (long) index * StateLayout.TLB_CONTEXT_BYTES;
    }

    /** Address of the entry that a linear address would have in the context in use. */
    final long entry(long va) {
        return tlb + (va >>> INDEX_SHIFT & INDEX_MASK);
    }

    /** As {@link #entry(long)}, in another context. */
    final long entry(long va, int which) {
        return contextBase(contextIndex(which)) + (va >>> INDEX_SHIFT & INDEX_MASK);
    }

    /** Code may lie elsewhere now, whoever executes it. */
    final void renewGenerations() {
        supervisorGeneration = ++lastGeneration;
        nonGlobalSupervisorCode = false;
        Arrays.fill(executedPages, 0);
        executedGigabytes = 0;
        for (int each = 0; each < StateLayout.TLB_SPACES; each++) {
            userGeneration[each] = ++lastGeneration;
        }
        executeGeneration = cpl == 3 ? userGeneration[space] : supervisorGeneration;
    }

    /**
     * Takes note of an instruction fetch through a page in the TLB: a later change of address space must make the jump cache
     * look again, unless the page is global.
     */
    final void noteExecuted(long va, int which) {
        executedPages[(int) (va >>> 18) & 63] |= 1L << (va >>> 12);
        executedGigabytes |= 1L << (va >>> 30);
        nonGlobalSupervisorCode |=
                which != USER && !global[contextIndex(which)][(int) (va >>> 12) & StateLayout.TLB_ENTRIES - 1];
    }

    /** Forgets every translation, global ones included. */
    public final void flushAll() {
        tlbFlushes++;
        renewGenerations();
        for (int index = 0; index < StateLayout.TLB_CONTEXTS; index++) {
            if (touched[index]) {
                clearContext(index);
            }
        }
        for (long[] each : largePages) {
            Arrays.fill(each, 0);
        }
        Arrays.fill(spacePcid, -1);
        spacePcid[space] = currentPcid();
    }

    private void clearContext(int index) {
        long base = contextBase(index);
        for (int i = 0; i < StateLayout.TLB_ENTRIES; i++) {
            clear(base + ((long) i << StateLayout.TLB_ENTRY_SHIFT));
        }
        filledCount[index] = 0;
        Arrays.fill(logged[index], false);
        touched[index] = false;
    }

    private int currentPcid() {
        return (cr4 & ControlBits.CR4_PCIDE) != 0 ? (int) cr3 & PCID : 0;
    }

    /** Forgets the current address space's translations that are not global: MOV to CR3 (SDM vol. 3, 4.10.4.1). */
    public final void flushNonGlobal() {
        tlbFlushes++;
        dropNonGlobalOfSupervisor();
        dropNonGlobalOfSpace(space);
        selectContext();
    }

    /** Forgets all translations that are not global: INVPCID of type 3. */
    public final void flushNonGlobalOfAllSpaces() {
        flushNonGlobal();
        for (int each = 0; each < StateLayout.TLB_SPACES; each++) {
            dropNonGlobalOfSpace(each);
        }
        selectContext();
    }

    /** INVPCID of type 1. */
    public final void flushSpace(int pcid) {
        int which = spaceOf(pcid);
        if (which == space) {
            flushNonGlobal();
        } else if (which >= 0) {
            dropNonGlobalOfSpace(which);
        }
    }

    /**
     * MOV to CR3 while CR4.PCIDE is set.
     *
     * @param keep bit 63 of the value: what is known of the address space may stay
     */
    public final void switchSpace(int pcid, boolean keep) {
        tlbFlushes++;
        int next = spaceOf(pcid);
        if (next != space || !keep) {
            dropNonGlobalOfSupervisor();
        }
        if (next < 0) {
            victim = (victim + 1) % StateLayout.TLB_SPACES;
            next = victim;
            spacePcid[next] = pcid;
            dropNonGlobalOfSpace(next);
        } else if (!keep) {
            dropNonGlobalOfSpace(next);
        }
        space = next;
        selectContext();
    }

    private int spaceOf(int pcid) {
        for (int each = 0; each < StateLayout.TLB_SPACES; each++) {
            if (spacePcid[each] == pcid) {
                return each;
            }
        }
        return -1;
    }

    private void dropNonGlobalOfSupervisor() {
        dropNonGlobal(SUPERVISOR);
        if (nonGlobalSupervisorCode) {
            nonGlobalSupervisorCode = false;
            supervisorGeneration = ++lastGeneration;
        }
    }

    private void dropNonGlobalOfSpace(int which) {
        dropNonGlobal(USER + 2 * which);
        dropNonGlobal(SUPERVISOR_AC + 2 * which);
        userGeneration[which] = ++lastGeneration;
    }

    private void dropNonGlobal(int index) {
        long base = contextBase(index);
        short[] indices = filled[index];
        for (int i = filledCount[index] - 1; i >= 0; i--) {
            clear(base + ((long) indices[i] << StateLayout.TLB_ENTRY_SHIFT));
            logged[index][indices[i]] = false;
        }
        filledCount[index] = 0;
    }

    /** INVLPG: forgets the page, global or not, and every piece of a large page around it; in all address spaces. */
    public final void flushPage(long va) {
        boolean large = inLargePage(va);
        boolean executed = large
                ? (executedGigabytes & 1L << (va >>> 30)) != 0
                : (executedPages[(int) (va >>> 18) & 63] & 1L << (va >>> 12)) != 0;
        if (executed) {
            renewGenerations();
        }
        for (int index = 0; index < StateLayout.TLB_CONTEXTS; index++) {
            if (touched[index]) {
                dropPage(index, va);
            }
        }
    }

    /**
     * A page fault: forgets what accesses to the page from the current address space would use (SDM vol. 3, 4.10.4.1), so
     * that an entry the tables no longer have serves no further access. Of other address spaces that is what is global.
     */
    final void forgetFaulting(long va) {
        int place = (int) (va >>> 12) & StateLayout.TLB_ENTRIES - 1;
        for (int index = 0; index < StateLayout.TLB_CONTEXTS; index++) {
            boolean own = index == SUPERVISOR || index == contextIndex(USER) || index == contextIndex(SUPERVISOR_AC);
            long entry = contextBase(index) + ((long) place << StateLayout.TLB_ENTRY_SHIFT);
            if ((own || global[index][place]) && holds(entry, va & PAGE, PAGE)) {
                if (HostMemory.getLong(stateSegment, entry + EXECUTE_TAG) != -1) {
                    renewGenerations();
                }
                clear(entry);
            }
        }
    }

    private void dropPage(int index, long va) {
        boolean large = inLargePage(va);
        long base = contextBase(index);
        if (!large) {
            long entry = base + (va >>> INDEX_SHIFT & INDEX_MASK);
            if (holds(entry, va & PAGE, PAGE)) {
                clear(entry);
            }
            return;
        }
        // A piece of a 1 GiB page elsewhere in its gigabyte counts as well.
        for (int i = 0; i < StateLayout.TLB_ENTRIES; i++) {
            long entry = base + ((long) i << StateLayout.TLB_ENTRY_SHIFT);
            if (holds(entry, va & -(1L << 30), -(1L << 30))) {
                clear(entry);
            }
        }
    }

    /** Whether an address may be in a large page with pieces in the TLB. */
    private boolean inLargePage(long va) {
        for (int kind = 0; kind < LARGE_SHIFTS.length; kind++) {
            long number = va >>> LARGE_SHIFTS[kind];
            if ((largePages[kind][(int) (number >>> 6) & 63] & 1L << number) != 0) {
                return true;
            }
        }
        return false;
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
        renewGenerations();
        for (int index = 0; index < StateLayout.TLB_CONTEXTS; index++) {
            long base = contextBase(index);
            for (int i = 0; i < StateLayout.TLB_ENTRIES && touched[index]; i++) {
                HostMemory.putLong(stateSegment, base + ((long) i << StateLayout.TLB_ENTRY_SHIFT) + EXECUTE_TAG, -1);
            }
            Arrays.fill(executePages[index], null);
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
        for (int index = 0; index < StateLayout.TLB_CONTEXTS; index++) {
            long base = contextBase(index);
            for (int i = 0; i < StateLayout.TLB_ENTRIES && touched[index]; i++) {
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
        if (accessKind == PageTableWalker.WRITE) {
            physical.noteWrite((int) (offset >>> 12));
        }
        boolean watched = watchedPage(page);
        int index = contextIndex(which);
        int place = (int) (page >>> 12) & StateLayout.TLB_ENTRIES - 1;
        long entry = contextBase(index) + ((long) place << StateLayout.TLB_ENTRY_SHIFT);
        long addend = physical.ramBase + offset - page;
        touched[index] = true;
        boolean known = holds(entry, page, PAGE)
                && HostMemory.getLong(stateSegment, entry + ADDEND) == addend
                && global[index][place] == walk.global;
        if (!known) {
            clear(entry);
            global[index][place] = walk.global;
            if (!walk.global) {
                logNonGlobal(index, place);
            }
        }
        HostMemory.putLong(stateSegment, entry + ADDEND, addend);
        if (walk.shift > 12) {
            long number = page >>> walk.shift;
            largePages[Arrays.binarySearch(LARGE_SHIFTS, walk.shift)][(int) (number >>> 6) & 63] |= 1L << number;
        }
        if (accessKind == PageTableWalker.EXECUTE) {
            HostMemory.putLong(stateSegment, entry + EXECUTE_TAG, page);
            executePages[index][place] = codePage((int) (offset >>> 12));
            return;
        }
        if (!watched) {
            HostMemory.putLong(stateSegment, entry + READ_TAG, page);
            if (accessKind == PageTableWalker.WRITE && !physical.holdsCode((int) (offset >>> 12))) {
                HostMemory.putLong(stateSegment, entry + WRITE_TAG, page);
            }
        }
    }

    private void logNonGlobal(int index, int place) {
        // Each place once, so that conflicts of a long-lived address space do not fill the log.
        if (!logged[index][place]) {
            logged[index][place] = true;
            filled[index][filledCount[index]++] = (short) place;
        }
    }

    /** The code page that an execute tag stands for. */
    final CodePage executePage(long va, int which) {
        return executePages[contextIndex(which)][(int) (va >>> 12) & StateLayout.TLB_ENTRIES - 1];
    }
}
