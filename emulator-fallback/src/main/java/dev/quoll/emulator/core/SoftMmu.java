package dev.quoll.emulator.core;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * What the TLB's tags do not decide: misses, faults, accesses over a page border, device memory, pages with decoded
 * code, watched pages; and accesses made with another privilege than the current one.
 */
public abstract class SoftMmu extends Tlb {
    private static final int ALIGNMENT_CHECK = 17;

    final CpuGroup group;
    private final PageTableWalker walker;

    /** Result of {@link #translate}: physical address, and offset in RAM or -1. */
    private long translated;

    private long translatedOffset;

    SoftMmu(Arena arena, PhysicalMemory physical, CpuGroup group) {
        super(arena, physical);
        this.group = group;
        this.walker = new PageTableWalker(physical);
    }

    // What the loop above this class decides.

    /** Raises an exception at this op (or at RIP itself when op is null). */
    public abstract GuestFault fault(Op op, int vector, boolean hasError, int error);

    /** A store is about to change bytes of a page that holds decoded code: drops what this vCPU has decoded from them. */
    abstract void beforeCodeWrite(Op op, int pageIndex, int from, int to);

    /** Whether the block that runs now has been dropped. */
    abstract boolean runsStaleCode();

    /** What to throw for an instruction that has had no effect to run by itself, and the code behind it to be looked up. */
    abstract RestartInstruction restartAt(Op op);

    /** Reads guest-physical space that is not RAM. */
    protected abstract long readDevice(long physicalAddress, int size);

    /** Writes guest-physical space that is not RAM. */
    protected abstract void writeDevice(long physicalAddress, int size, long value);

    /** A data access happens on a watched page. */
    abstract void watchedAccess(long linear, int size, boolean write);

    // Other vCPUs.

    /**
     * Makes this vCPU the only one that runs, from within any instruction that has had no effect yet: whatever was derived
     * from the TLB before may not hold any more. Where another vCPU has meanwhile changed the running block, the
     * instruction starts over and what follows is decoded afresh.
     *
     * @param op the instruction; null between instructions
     * @return what {@link #letOthersRun} has to be called with
     */
    public final boolean stopOthers(Op op) {
        if (group.alone(this)) {
            return false;
        }
        group.stopOthers(this);
        if (op != null && runsStaleCode()) {
            group.letOthersRun();
            throw restartAt(op);
        }
        return true;
    }

    /** Ends what {@link #stopOthers} began. */
    public final void letOthersRun(boolean stopped) {
        if (stopped) {
            group.letOthersRun();
        }
    }

    /**
     * What serializing instructions, port accesses and the delivery of events do to a processor's store buffer (SDM vol. 3,
     * 9.3, 12.10): nothing is read behind them before others see what was written. The others are vCPUs and the threads of
     * devices, so a single vCPU has to do it too.
     */
    public final void drainStores() {
        VarHandle.fullFence();
    }

    // Translation.

    /** Walks, fills the TLB and leaves the result in {@link #translated} and {@link #translatedOffset}. */
    private void translate(Op op, long linear, int accessKind, boolean stack, int which) {
        tlbMisses++;
        long va = linear;
        if ((efer & ControlBits.EFER_LMA) == 0) {
            va &= 0xffffffffL;
        } else if (!canonical(va)) {
            throw fault(op, stack ? 12 : 13, true, 0);
        }
        boolean userAccess = which == USER;
        boolean smap = which == SUPERVISOR && (cr4 & ControlBits.CR4_SMAP) != 0;
        boolean mapped = walker.walk(this, va, accessKind, userAccess, smap);
        if (walker.codeWriteCount != 0) {
            tableWritesToCode(op);
        }
        if (!mapped) {
            cr2 = va;
            forgetFaulting(va);
            throw fault(op, 14, true, walker.error);
        }
        translated = walker.page | va & 0xfff;
        long offset = accessKind == PageTableWalker.WRITE
                ? physical.writableOffsetOf(walker.page)
                : physical.offsetOf(walker.page);
        translatedOffset = offset < 0 ? -1 : offset | va & 0xfff;
        if (offset >= 0) {
            fill(va & PAGE, offset, accessKind, which, walker);
        }
    }

    /** The walk has set accessed or dirty bits in pages that hold decoded code, perhaps the code that runs. */
    private void tableWritesToCode(Op op) {
        RestartInstruction restart = null;
        for (int i = 0; i < walker.codeWriteCount; i++) {
            long offset = walker.codeWrites[i];
            int from = (int) offset & 0xfff;
            group.tellOthers(this, offset, 8);
            try {
                synchronized (group.codeLock()) {
                    beforeCodeWrite(op, (int) (offset >>> 12), from, Math.min(from + 8, 4096));
                }
            } catch (RestartInstruction own) {
                restart = own;
            }
        }
        if (restart != null) {
            throw restart;
        }
    }

    /**
     * Loads the directory pointers of PAE paging as MOV to CR3 does (SDM vol. 3, 4.4.1); false, with the old ones still
     * there, when one of them is present and has a reserved bit set.
     */
    public final boolean loadDirectoryPointers(long table) {
        return walker.loadDirectoryPointers(this, table);
    }

    /** The paging registers have been set from outside: the directory pointers are loaded at their first use. */
    public final void forgetDirectoryPointers() {
        directoryPointersLoaded = false;
    }

    /** Code page of the linear page, or null when it is not RAM; faults as an instruction fetch does. */
    final CodePage fetchPage(long linear) {
        long va = linear;
        if ((efer & ControlBits.EFER_LMA) == 0) {
            va &= 0xffffffffL;
        }
        long entry = entry(va, context);
        if (HostMemory.getLong(stateSegment, entry + EXECUTE_TAG) != (va & PAGE)) {
            translate(null, va, PageTableWalker.EXECUTE, false, context);
            if (translatedOffset < 0) {
                return null;
            }
        }
        noteExecuted(va, context);
        return executePage(va, context);
    }

    /** One byte of an instruction, from RAM or over the bus. */
    final int fetchByte(long linear) {
        translate(null, linear, PageTableWalker.EXECUTE, false, context);
        return (int) readTranslated(1);
    }

    final long slowLoad(Op op, long va, int size, boolean stack) {
        return slowLoad(op, va, size, stack, context);
    }

    final long slowLoad(Op op, long linear, int size, boolean stack, int which) {
        long va = checkOperand(op, linear, size, stack, which);
        int inPage = (int) va & 0xfff;
        if (inPage + size > 4096) {
            // Both pages before the first byte, the lower one's fault first.
            translate(op, va, PageTableWalker.READ, stack, which);
            translate(op, wrapped(op, va + 4096 - inPage), PageTableWalker.READ, stack, which);
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

    /** Linear addresses wrap at 4 GiB outside 64-bit code; what has no op is the processor's own access. */
    final long wrapped(Op op, long linear) {
        return op != null ? linear & linearMask : linear;
    }

    /**
     * What is refused before any page is looked at: non-canonical addresses, operands over the end of a flat segment, and
     * then, on AMD's processors, misaligned ones.
     *
     * @return the address, wrapped
     */
    final long checkOperand(Op op, long linear, int size, boolean stack, int which) {
        long va = wrapped(op, linear);
        if (longModeActive() && !(canonical(va) && canonical(va + size - 1)) || pastFlatLimit(op, va, size, stack)) {
            throw fault(op, stack ? 12 : 13, true, 0);
        }
        if (alignmentChecked && which == USER && (va & size - 1) != 0) {
            throw fault(op, ALIGNMENT_CHECK, true, 0);
        }
        return va;
    }

    /** The limit of 4 GiB that a flat segment has is a limit: an operand does not wrap (SDM vol. 3, 5.3). */
    private boolean pastFlatLimit(Op op, long va, int size, boolean stack) {
        return va + size - 1 > flatLimit && op != null && (stack || !op.checksLimit());
    }

    private boolean longModeActive() {
        return (efer & ControlBits.EFER_LMA) != 0;
    }

    /**
     * Refuses an operand of a vector's length that ends in non-canonical space or past a flat segment's end, before the page
     * it begins in is looked at. Where the TLB has all of it there is nothing to refuse.
     */
    public final void checkCanonical(Op op, long va, int size) {
        long first = va & linearMask;
        if (longModeActive() && !(canonical(first) && canonical(first + size - 1)) || pastFlatLimit(op, first, size, op.stackSegment)) {
            throw fault(op, op.stackSegment ? 12 : 13, true, 0);
        }
    }

    /** Raises #AC for a misaligned operand that is accessed in parts which may be aligned, or too small to tell. */
    public final void checkAlignment(Op op, long va, int alignment) {
        if (alignmentChecked && (va & alignment - 1) != 0 && (!longModeActive() || canonical(va & linearMask))) {
            throw fault(op, ALIGNMENT_CHECK, true, 0);
        }
    }

    private long readTranslated(int size) {
        long offset = translatedOffset;
        if (offset < 0) {
            return readDevice(translated, size);
        }
        return readHost(physical.ramBase + offset, size);
    }

    final long readHost(long host, int size) {
        return switch (size) {
            case 1 -> HostMemory.loadByte(ram, host) & 0xffL;
            case 2 -> HostMemory.loadShort(ram, host) & 0xffffL;
            case 4 -> HostMemory.loadInt(ram, host) & 0xffffffffL;
            default -> HostMemory.loadLong(ram, host);
        };
    }

    /** Whether the last access that left the fast path was to a device. */
    final boolean onDevice() {
        return translatedOffset < 0;
    }

    final void writeHost(long host, int size, long value) {
        switch (size) {
            case 1 -> HostMemory.storeByte(ram, host, (byte) value);
            case 2 -> HostMemory.storeShort(ram, host, (short) value);
            case 4 -> HostMemory.storeInt(ram, host, (int) value);
            default -> HostMemory.storeLong(ram, host, value);
        }
    }

    final void slowStore(Op op, long va, int size, long value, boolean stack) {
        slowStore(op, va, size, value, stack, context);
    }

    private void slowStore(Op op, long linear, int size, long value, boolean stack, int which) {
        long va = checkOperand(op, linear, size, stack, which);
        int inPage = (int) va & 0xfff;
        if (inPage + size > 4096) {
            int first = 4096 - inPage;
            boolean code = checkStore(op, va, first, stack, which);
            code |= checkStore(op, wrapped(op, va + first), size - first, stack, which);
            boolean stopped = code && stopOthers(op);
            try {
                for (int i = 0; i < size; i++) {
                    slowStore(op, va + i, 1, value >>> 8 * i, stack, which);
                }
            } finally {
                letOthersRun(stopped);
            }
            return;
        }
        translate(op, va, PageTableWalker.WRITE, stack, which);
        long offset = translatedOffset;
        if (offset < 0 || !physical.holdsCode((int) (offset >>> 12))) {
            finishStore(va, offset, size, value);
        } else if (!storeToCode(op, va, offset, size, value)) {
            boolean stopped = stopOthers(op);
            try {
                slowStore(op, va, size, value, stack, which);
            } finally {
                letOthersRun(stopped);
            }
        }
    }

    private void finishStore(long va, long offset, int size, long value) {
        if ((dr7 & 0xff) != 0) {
            watchedAccess(va, size, true);
        }
        if (offset < 0) {
            writeDevice(translated, size, value);
        } else {
            writeHost(physical.ramBase + offset, size, value);
        }
    }

    /**
     * A store into a page with code. The look for code and the store are one step for whoever decodes (see
     * {@link CpuGroup}).
     *
     * @return false, with nothing done, when it hits code of another vCPU that may run
     */
    private boolean storeToCode(Op op, long va, long offset, int size, long value) {
        synchronized (group.codeLock()) {
            if (!dropCode(op, offset, size)) {
                return false;
            }
            finishStore(va, offset, size, value);
            return true;
        }
    }

    /** Drops decoded code that a store is about to hit; false when it is another vCPU's and that may run. */
    private boolean dropCode(Op op, long offset, int size) {
        int pageIndex = (int) (offset >>> 12);
        int from = (int) offset & 0xfff;
        if (group.several() && group.othersCover(this, pageIndex, from, from + size)) {
            if (!group.alone(this)) {
                return false;
            }
            group.dropOthersCode(this, pageIndex, from, from + size);
        }
        beforeCodeWrite(op, pageIndex, from, from + size);
        return true;
    }

    /**
     * Everything that can stop a store within one page happens here. It may wait for other vCPUs, so that nothing derived
     * from the TLB before holds any more.
     *
     * @return whether the page holds code
     */
    final boolean checkStore(Op op, long va, int size, boolean stack, int which) {
        translate(op, va, PageTableWalker.WRITE, stack, which);
        long offset = translatedOffset;
        if (offset < 0 || !physical.holdsCode((int) (offset >>> 12))) {
            return false;
        }
        boolean dropped;
        synchronized (group.codeLock()) {
            dropped = dropCode(op, offset, size);
        }
        if (!dropped) {
            boolean stopped = stopOthers(op);
            try {
                checkStore(op, va, size, stack, which);
            } finally {
                letOthersRun(stopped);
            }
        }
        return true;
    }

    /** Makes sure that {@code size} bytes may be written before an instruction with several effects begins. */
    public final void probeWrite(Op op, long va, int size) {
        int done = 0;
        while (done < size) {
            int chunk = Math.min(size - done, 4096 - ((int) (va + done) & 0xfff));
            long at = wrapped(op, va + done);
            if (HostMemory.getLong(stateSegment, entry(at) + WRITE_TAG) != (at & PAGE)) {
                checkStore(op, at, chunk, op != null && op.stackSegment, context);
            }
            done += chunk;
        }
    }

    /** Makes sure that {@code size} bytes may be read. */
    public final void probeRead(Op op, long va, int size) {
        for (long next = va; next < va + size; next = (next & PAGE) + 4096) {
            long at = wrapped(op, next);
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
        return loadAs(stackContext(level), va, size, true);
    }

    /** Writes to the stack of a privilege level. */
    public final void storeStackAt(int level, long va, int size, long value) {
        storeAs(stackContext(level), va, size, value, true);
    }

    /** A stack is accessed explicitly: below CPL 3 EFLAGS.AC counts; at CPL 3 an inner stack is out of its reach. */
    private int stackContext(int level) {
        return level == 3 ? USER : cpl == 3 ? SUPERVISOR : context;
    }

    private long loadAs(int which, long va, int size, boolean stack) {
        long entry = which == context ? entry(va) : entry(va, which);
        if (HostMemory.getLong(stateSegment, entry + READ_TAG) == (va + size - 1 & PAGE)) {
            return readHost(HostMemory.getLong(stateSegment, entry + ADDEND) + va, size);
        }
        return slowLoad(null, va, size, stack, which);
    }

    private void storeAs(int which, long va, int size, long value, boolean stack) {
        long entry = which == context ? entry(va) : entry(va, which);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + size - 1 & PAGE)) {
            writeHost(HostMemory.getLong(stateSegment, entry + ADDEND) + va, size, value);
        } else {
            slowStore(null, va, size, value, stack, which);
        }
    }
}
