package dev.quoll.emulator.core;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Linear-address access for one vCPU: a soft TLB over {@link PageTableWalker}.
 *
 * <p>A TLB entry is 32 bytes off-heap: tags for read, write and execute, and an addend. A tag is the page's linear
 * address when the access is permitted without further ado, else -1, which no page address equals; host address = linear
 * address + addend. One compare covers tag and page crossing, because the tag is compared with the page of the access's
 * last byte. What needs care (device memory, clean pages, pages that hold decoded code, watched pages) simply has no tag,
 * so that it takes the slow path.
 *
 * <p>There are three contexts, so that a change of privilege flushes nothing: supervisor, user, and supervisor with
 * EFLAGS.AC set while SMAP is on.
 */
public abstract class SoftMmu extends LazyFlags {
    static final int READ_TAG = 0;
    static final int WRITE_TAG = 8;
    static final int EXECUTE_TAG = 16;
    static final int ADDEND = 24;

    static final long PAGE = -4096L;
    private static final long INDEX_MASK = (long) (StateLayout.TLB_ENTRIES - 1) << StateLayout.TLB_ENTRY_SHIFT;
    private static final int INDEX_SHIFT = 12 - StateLayout.TLB_ENTRY_SHIFT;
    private static final long NO_HOST = -1;

    static final int SUPERVISOR = 0;
    static final int USER = 1;
    static final int SUPERVISOR_AC = 2;

    public final PhysicalMemory physical;
    final MemorySegment ram;
    private final PageTableWalker walker;
    /** First entry of the context in use. */
    private long tlb;

    private int context;

    /** Host address of the running read-modify-write, or {@link #NO_HOST}. */
    private long updateHost = NO_HOST;

    private long updateAddress;
    private Op updateOp;

    /** Result of {@link #translate}: physical address, and offset in RAM or -1. */
    private long translated;

    private long translatedOffset;

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

    SoftMmu(Arena arena, PhysicalMemory physical) {
        super(arena);
        this.physical = physical;
        this.ram = physical.ram;
        this.walker = new PageTableWalker(physical);
        selectContext();
        flushAll();
    }

    // What the loop above this class decides.

    /** Raises an exception at this op (or at RIP itself when op is null). */
    public abstract GuestFault fault(Op op, int vector, boolean hasError, int error);

    /** A store is about to change bytes of a page that holds decoded code. */
    abstract void beforeCodeWrite(Op op, int pageIndex, int from, int to);

    /** The decoded blocks of a RAM page, made when there are none. */
    abstract CodePage codePage(int pageIndex);

    /** Reads guest-physical space that is not RAM. */
    protected abstract long readDevice(long physicalAddress, int size);

    /** Writes guest-physical space that is not RAM. */
    protected abstract void writeDevice(long physicalAddress, int size, long value);

    /** Whether an armed data breakpoint lies in this page, so that no access to it may take the fast path. */
    abstract boolean watchedPage(long linearPage);

    /** A data access happens on a watched page. */
    abstract void watchedAccess(long linear, int size, boolean write);

    // Contexts and flushes.

    /** Chooses the TLB context for CPL, CR4.SMAP and EFLAGS.AC; call after any of them changes. */
    public final void selectContext() {
        context = cpl == 3
                ? USER
                : (cr4 & ControlBits.CR4_SMAP) != 0 && flag(dev.quoll.emulator.isa.Flags.AC)
                        ? SUPERVISOR_AC
                        : SUPERVISOR;
        tlb = contextBase(context);
    }

    private long contextBase(int which) {
        return state + StateLayout.TLB + (long) which * StateLayout.TLB_CONTEXT_BYTES;
    }

    private long entry(long va) {
        return tlb + (va >>> INDEX_SHIFT & INDEX_MASK);
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
                long entry = base + (va >>> INDEX_SHIFT & INDEX_MASK);
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

    // Translation.

    /** Walks, fills the TLB and leaves the result in {@link #translated} and {@link #translatedOffset}. */
    private void translate(Op op, long linear, int accessKind, boolean stack, int which) {
        tlbMisses++;
        long va = linear;
        if ((efer & ControlBits.EFER_LMA) == 0) {
            va &= 0xffffffffL;
        } else if (va << 16 >> 16 != va) {
            throw fault(op, stack ? 12 : 13, true, 0);
        }
        boolean userAccess = which == USER;
        boolean smap = which == SUPERVISOR && (cr4 & ControlBits.CR4_SMAP) != 0;
        if (!walker.walk(this, va, accessKind, userAccess, smap)) {
            cr2 = va;
            throw fault(op, 14, true, walker.error);
        }
        translated = walker.page | va & 0xfff;
        long offset = physical.offsetOf(walker.page);
        translatedOffset = offset < 0 ? -1 : offset | va & 0xfff;
        if (offset >= 0) {
            fill(va & PAGE, offset, accessKind, which);
        }
    }

    private void fill(long page, long offset, int accessKind, int which) {
        boolean watched = watchedPage(page);
        int index = (int) (page >>> 12) & StateLayout.TLB_ENTRIES - 1;
        long entry = contextBase(which) + ((long) index << StateLayout.TLB_ENTRY_SHIFT);
        long addend = physical.ramBase + offset - page;
        if (!holds(entry, page, PAGE) || HostMemory.getLong(stateSegment, entry + ADDEND) != addend) {
            clear(entry);
            if (!walker.global) {
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
        if (walker.shift > 12) {
            long pageNumber = page >>> walker.shift;
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

    /** Code page of the linear page, for the lookup; faults as an instruction fetch does. */
    final CodePage fetchPage(long linear) {
        long va = linear;
        if ((efer & ControlBits.EFER_LMA) == 0) {
            va &= 0xffffffffL;
        }
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + EXECUTE_TAG) != (va & PAGE)) {
            translate(null, va, PageTableWalker.EXECUTE, false, context);
            if (translatedOffset < 0) {
                throw new EmulationFailure(
                        "instruction fetch from guest-physical 0x%x, which is not RAM (linear 0x%x)"
                                .formatted(translated, va));
            }
        }
        return executePages[context][(int) (va >>> 12) & StateLayout.TLB_ENTRIES - 1];
    }

    private long slowLoad(Op op, long va, int size, boolean stack) {
        return slowLoad(op, va, size, stack, context);
    }

    private long slowLoad(Op op, long va, int size, boolean stack, int which) {
        int inPage = (int) va & 0xfff;
        if (inPage + size > 4096) {
            int first = 4096 - inPage;
            translate(op, va + first, PageTableWalker.READ, stack, which, va);
            long low = slowLoad(op, va, 1, stack, which);
            for (int i = 1; i < size; i++) {
                low |= slowLoad(op, va + i, 1, stack, which) << 8 * i;
            }
            return low;
        }
        translate(op, va, PageTableWalker.READ, stack, which);
        if ((dr7 & 0xff) != 0) {
            watchedAccess(va, size, false);
        }
        return readTranslated(size);
    }

    /** Checks the first page before the second, so that the fault of the lower address wins. */
    private void translate(Op op, long second, int accessKind, boolean stack, int which, long first) {
        translate(op, first, accessKind, stack, which);
        translate(op, second, accessKind, stack, which);
    }

    private long readTranslated(int size) {
        long offset = translatedOffset;
        if (offset < 0) {
            return readDevice(translated, size);
        }
        return readHost(physical.ramBase + offset, size);
    }

    private long readHost(long host, int size) {
        return switch (size) {
            case 1 -> HostMemory.getByte(ram, host) & 0xffL;
            case 2 -> HostMemory.getShort(ram, host) & 0xffffL;
            case 4 -> HostMemory.getInt(ram, host) & 0xffffffffL;
            default -> HostMemory.getLong(ram, host);
        };
    }

    private void writeHost(long host, int size, long value) {
        switch (size) {
            case 1 -> HostMemory.putByte(ram, host, (byte) value);
            case 2 -> HostMemory.putShort(ram, host, (short) value);
            case 4 -> HostMemory.putInt(ram, host, (int) value);
            default -> HostMemory.putLong(ram, host, value);
        }
    }

    private void slowStore(Op op, long va, int size, long value, boolean stack) {
        slowStore(op, va, size, value, stack, context);
    }

    private void slowStore(Op op, long va, int size, long value, boolean stack, int which) {
        int inPage = (int) va & 0xfff;
        if (inPage + size > 4096) {
            int first = 4096 - inPage;
            checkStore(op, va, first, stack, which);
            checkStore(op, va + first, size - first, stack, which);
            for (int i = 0; i < size; i++) {
                slowStore(op, va + i, 1, value >>> 8 * i, stack, which);
            }
            return;
        }
        checkStore(op, va, size, stack, which);
        if ((dr7 & 0xff) != 0) {
            watchedAccess(va, size, true);
        }
        long offset = translatedOffset;
        if (offset < 0) {
            writeDevice(translated, size, value);
            return;
        }
        writeHost(physical.ramBase + offset, size, value);
    }

    /** Everything that can stop a store within one page happens here. */
    private void checkStore(Op op, long va, int size, boolean stack, int which) {
        translate(op, va, PageTableWalker.WRITE, stack, which);
        long offset = translatedOffset;
        if (offset >= 0 && physical.holdsCode((int) (offset >>> 12))) {
            int from = (int) offset & 0xfff;
            beforeCodeWrite(op, (int) (offset >>> 12), from, from + size);
        }
    }

    private long slowLoadForWrite(Op op, long va, int size) {
        int inPage = (int) va & 0xfff;
        int first = Math.min(size, 4096 - inPage);
        checkStore(op, va, first, op.stackSegment, context);
        if (first < size) {
            checkStore(op, va + first, size - first, op.stackSegment, context);
        }
        long value = slowLoad(op, va, size, op.stackSegment);
        updateHost = NO_HOST;
        updateAddress = va;
        updateOp = op;
        return value;
    }

    /** Makes sure that {@code size} bytes may be written before an instruction with several effects begins. */
    public final void probeWrite(Op op, long va, int size) {
        int done = 0;
        while (done < size) {
            int chunk = Math.min(size - done, 4096 - ((int) (va + done) & 0xfff));
            if (HostMemory.getLong(stateSegment, entry(va + done) + WRITE_TAG) != (va + done & PAGE)) {
                checkStore(op, va + done, chunk, op != null && op.stackSegment, context);
            }
            done += chunk;
        }
    }

    /** Makes sure that {@code size} bytes may be read. */
    public final void probeRead(Op op, long va, int size) {
        for (long at = va; at < va + size; at = (at & PAGE) + 4096) {
            if (HostMemory.getLong(stateSegment, entry(at) + READ_TAG) != (at & PAGE)) {
                translate(op, at, PageTableWalker.READ, op != null && op.stackSegment, context);
            }
        }
    }

    /**
     * Host address of a linear address when a plain read may go there directly, else -1: for bulk string operations,
     * valid up to the end of the page.
     */
    public final long readableHost(long va) {
        long entry = entry(va);
        return HostMemory.getLong(stateSegment, entry + READ_TAG) == (va & PAGE)
                ? HostMemory.getLong(stateSegment, entry + ADDEND) + va
                : -1;
    }

    /** As {@link #readableHost}, for writes. */
    public final long writableHost(long va) {
        long entry = entry(va);
        return HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va & PAGE)
                ? HostMemory.getLong(stateSegment, entry + ADDEND) + va
                : -1;
    }

    /** The segment that host addresses of {@link #readableHost} belong to. */
    public final MemorySegment ram() {
        return ram;
    }

    // Implicit supervisor accesses (descriptor tables, TSS, interrupt stacks): CPL and AC do not matter.

    /** Reads 1, 2, 4 or 8 bytes with supervisor rights, zero-extended. */
    public final long loadSystem(long va, int size) {
        return loadAs(SUPERVISOR, va, size, false);
    }

    /** Writes with supervisor rights. */
    public final void storeSystem(long va, int size, long value) {
        storeAs(SUPERVISOR, va, size, value, false);
    }

    // Stacks of a privilege level that is not the current one: interrupt delivery and gates.

    /** Reads 1, 2, 4 or 8 bytes of the stack of a privilege level, zero-extended. */
    public final long loadStackAt(int level, long va, int size) {
        return loadAs(level == 3 ? USER : SUPERVISOR, va, size, true);
    }

    /** Writes to the stack of a privilege level. */
    public final void storeStackAt(int level, long va, int size, long value) {
        storeAs(level == 3 ? USER : SUPERVISOR, va, size, value, true);
    }

    private long loadAs(int which, long va, int size, boolean stack) {
        long entry = contextBase(which) + (va >>> INDEX_SHIFT & INDEX_MASK);
        if (HostMemory.getLong(stateSegment, entry + READ_TAG) == (va + size - 1 & PAGE)) {
            return readHost(HostMemory.getLong(stateSegment, entry + ADDEND) + va, size);
        }
        return slowLoad(null, va, size, stack, which);
    }

    private void storeAs(int which, long va, int size, long value, boolean stack) {
        long entry = contextBase(which) + (va >>> INDEX_SHIFT & INDEX_MASK);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + size - 1 & PAGE)) {
            writeHost(HostMemory.getLong(stateSegment, entry + ADDEND) + va, size, value);
        } else {
            slowStore(null, va, size, value, stack, which);
        }
    }

    // Stack accesses in 64-bit code: #SS instead of #GP for non-canonical addresses.

    public final long loadStack64(Op op, long va) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + READ_TAG) == (va + 7 & PAGE)) {
            return HostMemory.getLong(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va);
        }
        return slowLoad(op, va, 8, true);
    }

    public final void storeStack64(Op op, long va, long value) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + 7 & PAGE)) {
            HostMemory.putLong(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va, value);
        } else {
            slowStore(op, va, 8, value, true);
        }
    }

    /** Stack access of any size, for everything but the 64-bit fast path; zero-extended. */
    public final long loadStack(Op op, long va, int size) {
        long entry = entry(va);
        return HostMemory.getLong(stateSegment, entry + READ_TAG) == (va + size - 1 & PAGE)
                ? readHost(HostMemory.getLong(stateSegment, entry + ADDEND) + va, size)
                : slowLoad(op, va, size, true);
    }

    public final void storeStack(Op op, long va, int size, long value) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + size - 1 & PAGE)) {
            writeHost(HostMemory.getLong(stateSegment, entry + ADDEND) + va, size, value);
        } else {
            slowStore(op, va, size, value, true);
        }
    }

    // Plain accesses by size. The four sizes are spelled out because each is a hot path of its own.

    /** Reads 1 byte at a linear address, zero-extended. */
    public final int load8(Op op, long va) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + READ_TAG) == (va & PAGE)) {
            return HostMemory.getByte(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va) & 0xff;
        }
        return (int) slowLoad(op, va, 1, op.stackSegment);
    }

    /** Writes 1 byte at a linear address. */
    public final void store8(Op op, long va, int value) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va & PAGE)) {
            HostMemory.putByte(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va, (byte) value);
        } else {
            slowStore(op, va, 1, value, op.stackSegment);
        }
    }

    /** First half of a read-modify-write: checks write access before any side effect, then reads. */
    public final int loadForWrite8(Op op, long va) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va & PAGE)) {
            long host = HostMemory.getLong(stateSegment, entry + ADDEND) + va;
            updateHost = host;
            updateAddress = va;
            updateOp = op;
            return HostMemory.getByte(ram, host) & 0xff;
        }
        return (int) slowLoadForWrite(op, va, 1);
    }

    /** Second half: writes what the last {@link #loadForWrite8} read from. */
    public final void storeBack8(int value) {
        long host = updateHost;
        if (host != NO_HOST) {
            HostMemory.putByte(ram, host, (byte) value);
        } else {
            slowStore(updateOp, updateAddress, 1, value, updateOp.stackSegment);
        }
    }

    /** Reads 2 bytes at a linear address, zero-extended. */
    public final int load16(Op op, long va) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + READ_TAG) == (va + 1 & PAGE)) {
            return HostMemory.getShort(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va) & 0xffff;
        }
        return (int) slowLoad(op, va, 2, op.stackSegment);
    }

    /** Writes 2 bytes at a linear address. */
    public final void store16(Op op, long va, int value) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + 1 & PAGE)) {
            HostMemory.putShort(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va, (short) value);
        } else {
            slowStore(op, va, 2, value, op.stackSegment);
        }
    }

    /** First half of a read-modify-write: checks write access before any side effect, then reads. */
    public final int loadForWrite16(Op op, long va) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + 1 & PAGE)) {
            long host = HostMemory.getLong(stateSegment, entry + ADDEND) + va;
            updateHost = host;
            updateAddress = va;
            updateOp = op;
            return HostMemory.getShort(ram, host) & 0xffff;
        }
        return (int) slowLoadForWrite(op, va, 2);
    }

    /** Second half: writes what the last {@link #loadForWrite16} read from. */
    public final void storeBack16(int value) {
        long host = updateHost;
        if (host != NO_HOST) {
            HostMemory.putShort(ram, host, (short) value);
        } else {
            slowStore(updateOp, updateAddress, 2, value, updateOp.stackSegment);
        }
    }

    /** Reads 4 bytes at a linear address. */
    public final int load32(Op op, long va) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + READ_TAG) == (va + 3 & PAGE)) {
            return HostMemory.getInt(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va);
        }
        return (int) slowLoad(op, va, 4, op.stackSegment);
    }

    /** Writes 4 bytes at a linear address. */
    public final void store32(Op op, long va, int value) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + 3 & PAGE)) {
            HostMemory.putInt(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va, value);
        } else {
            slowStore(op, va, 4, value, op.stackSegment);
        }
    }

    /** First half of a read-modify-write: checks write access before any side effect, then reads. */
    public final int loadForWrite32(Op op, long va) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + 3 & PAGE)) {
            long host = HostMemory.getLong(stateSegment, entry + ADDEND) + va;
            updateHost = host;
            updateAddress = va;
            updateOp = op;
            return HostMemory.getInt(ram, host);
        }
        return (int) slowLoadForWrite(op, va, 4);
    }

    /** Second half: writes what the last {@link #loadForWrite32} read from. */
    public final void storeBack32(int value) {
        long host = updateHost;
        if (host != NO_HOST) {
            HostMemory.putInt(ram, host, value);
        } else {
            slowStore(updateOp, updateAddress, 4, value, updateOp.stackSegment);
        }
    }

    /** Reads 8 bytes at a linear address. */
    public final long load64(Op op, long va) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + READ_TAG) == (va + 7 & PAGE)) {
            return HostMemory.getLong(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va);
        }
        return slowLoad(op, va, 8, op.stackSegment);
    }

    /** Writes 8 bytes at a linear address. */
    public final void store64(Op op, long va, long value) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + 7 & PAGE)) {
            HostMemory.putLong(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va, value);
        } else {
            slowStore(op, va, 8, value, op.stackSegment);
        }
    }

    /** First half of a read-modify-write: checks write access before any side effect, then reads. */
    public final long loadForWrite64(Op op, long va) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + 7 & PAGE)) {
            long host = HostMemory.getLong(stateSegment, entry + ADDEND) + va;
            updateHost = host;
            updateAddress = va;
            updateOp = op;
            return HostMemory.getLong(ram, host);
        }
        return slowLoadForWrite(op, va, 8);
    }

    /** Second half: writes what the last {@link #loadForWrite64} read from. */
    public final void storeBack64(long value) {
        long host = updateHost;
        if (host != NO_HOST) {
            HostMemory.putLong(ram, host, value);
        } else {
            slowStore(updateOp, updateAddress, 8, value, updateOp.stackSegment);
        }
    }


    /** Reads 1, 2, 4 or 8 bytes, zero-extended, where the size is not a constant. */
    public final long loadSized(Op op, long va, int size) {
        return switch (size) {
            case 1 -> load8(op, va);
            case 2 -> load16(op, va);
            case 4 -> load32(op, va) & 0xffffffffL;
            default -> load64(op, va);
        };
    }

    /** Writes the low 1, 2, 4 or 8 bytes. */
    public final void storeSized(Op op, long va, int size, long value) {
        switch (size) {
            case 1 -> store8(op, va, (int) value);
            case 2 -> store16(op, va, (int) value);
            case 4 -> store32(op, va, (int) value);
            default -> store64(op, va, value);
        }
    }

    /**
     * Second half of a LOCKed read-modify-write: writes only if memory still holds {@code expected}; on false the
     * caller starts over with loadForWrite. Atomic against all vCPUs when the operand is aligned RAM without code.
     */
    public final boolean compareAndStoreBack(int size, long expected, long value) {
        long host = updateHost;
        if (host == NO_HOST || (host & size - 1) != 0) {
            // Device memory, a code page, or a split access: locked accesses of this kind exclude one another. Plain
            // stores of another vCPU would not be held off, which is one reason why the engine runs a single one.
            synchronized (physical) {
                long now = slowLoad(updateOp, updateAddress, size, updateOp.stackSegment);
                if (now != (size == 8 ? expected : expected & (1L << 8 * size) - 1)) {
                    return false;
                }
                slowStore(updateOp, updateAddress, size, value, updateOp.stackSegment);
                return true;
            }
        }
        return switch (size) {
            case 8 -> HostMemory.compareAndSetLong(ram, host, expected, value);
            case 4 -> HostMemory.compareAndSetInt(ram, host, (int) expected, (int) value);
            default -> compareAndSetPart(host, size, (int) expected, (int) value);
        };
    }

    /** Bytes and words: by the aligned dword around them, the widest unit the JVM has atomics for below 8 bytes. */
    private boolean compareAndSetPart(long host, int size, int expected, int value) {
        long aligned = host & ~3L;
        int shift = (int) (host & 3) * 8;
        int mask = (1 << 8 * size) - 1 << shift;
        int old = HostMemory.getInt(ram, aligned);
        if ((old & mask) != (expected << shift & mask)) {
            return false;
        }
        return HostMemory.compareAndSetInt(ram, aligned, old, old & ~mask | value << shift & mask);
    }
}
