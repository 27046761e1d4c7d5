package dev.quoll.emulator.core;

import dev.quoll.bindings.code.WideExchange;
import java.lang.foreign.Arena;

/**
 * Memory as instructions access it: by linear address and with the current privilege, the fast path of each size spelled
 * out.
 */
public abstract class LinearMemory extends SoftMmu {
    private static final long NO_HOST = -1;

    /** Host address of the running read-modify-write, or {@link #NO_HOST}. */
    private long updateHost = NO_HOST;

    private long updateAddress;
    private Op updateOp;
    /** Some of it is on a device. */
    private boolean updateDevice;

    LinearMemory(Arena arena, PhysicalMemory physical, CpuGroup group) {
        super(arena, physical, group);
    }

    // Accesses in two steps, for translated code: the host address first, where it is at hand, then as many accesses as one likes.

    /** Host address for reading 1 to 8 bytes, or -1 where the TLB lacks the page or the bytes reach into the next. */
    public final long readable(long va, int size) {
        long entry = entry(va);
        return HostMemory.getLong(stateSegment, entry + READ_TAG) == (va + size - 1 & PAGE)
                ? HostMemory.getLong(stateSegment, entry + ADDEND) + va
                : NO_HOST;
    }

    /** As {@link #readable}, for reading and writing. */
    public final long writable(long va, int size) {
        long entry = entry(va);
        return HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + size - 1 & PAGE)
                ? HostMemory.getLong(stateSegment, entry + ADDEND) + va
                : NO_HOST;
    }

    /** Reads 1, 2, 4 or 8 bytes, sign-extended, at an address that {@link #readable} or {@link #writable} has given. */
    public final long loadAt(long host, int size) {
        return switch (size) {
            case 1 -> HostMemory.loadByte(ram, host);
            case 2 -> HostMemory.loadShort(ram, host);
            case 4 -> HostMemory.loadInt(ram, host);
            default -> HostMemory.loadLong(ram, host);
        };
    }

    /** Writes 1, 2, 4 or 8 bytes at an address that {@link #writable} has given. */
    public final void storeAt(long host, int size, long value) {
        switch (size) {
            case 1 -> HostMemory.storeByte(ram, host, (byte) value);
            case 2 -> HostMemory.storeShort(ram, host, (short) value);
            case 4 -> HostMemory.storeInt(ram, host, (int) value);
            default -> HostMemory.storeLong(ram, host, value);
        }
    }

    // Stack accesses in 64-bit code: #SS instead of #GP for non-canonical addresses.

    public final long loadStack64(Op op, long va) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + READ_TAG) == (va + 7 & PAGE)) {
            return HostMemory.loadLong(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va);
        }
        return slowLoad(op, va, 8, true);
    }

    public final void storeStack64(Op op, long va, long value) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + 7 & PAGE)) {
            HostMemory.storeLong(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va, value);
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
            return HostMemory.loadByte(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va) & 0xff;
        }
        return (int) slowLoad(op, va, 1, op.stackSegment);
    }

    /** Writes 1 byte at a linear address. */
    public final void store8(Op op, long va, int value) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va & PAGE)) {
            HostMemory.storeByte(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va, (byte) value);
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
            return HostMemory.loadByte(ram, host) & 0xff;
        }
        return (int) slowLoadForWrite(op, va, 1);
    }

    /** Second half: writes what the last {@link #loadForWrite8} read from. */
    public final void storeBack8(int value) {
        long host = updateHost;
        if (host != NO_HOST) {
            HostMemory.storeByte(ram, host, (byte) value);
        } else {
            slowStore(updateOp, updateAddress, 1, value, updateOp.stackSegment);
        }
    }

    /** Reads 2 bytes at a linear address, zero-extended. */
    public final int load16(Op op, long va) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + READ_TAG) == (va + 1 & PAGE)) {
            return HostMemory.loadShort(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va) & 0xffff;
        }
        return (int) slowLoad(op, va, 2, op.stackSegment);
    }

    /** Writes 2 bytes at a linear address. */
    public final void store16(Op op, long va, int value) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + 1 & PAGE)) {
            HostMemory.storeShort(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va, (short) value);
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
            return HostMemory.loadShort(ram, host) & 0xffff;
        }
        return (int) slowLoadForWrite(op, va, 2);
    }

    /** Second half: writes what the last {@link #loadForWrite16} read from. */
    public final void storeBack16(int value) {
        long host = updateHost;
        if (host != NO_HOST) {
            HostMemory.storeShort(ram, host, (short) value);
        } else {
            slowStore(updateOp, updateAddress, 2, value, updateOp.stackSegment);
        }
    }

    /** Reads 4 bytes at a linear address. */
    public final int load32(Op op, long va) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + READ_TAG) == (va + 3 & PAGE)) {
            return HostMemory.loadInt(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va);
        }
        return (int) slowLoad(op, va, 4, op.stackSegment);
    }

    /** Writes 4 bytes at a linear address. */
    public final void store32(Op op, long va, int value) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + 3 & PAGE)) {
            HostMemory.storeInt(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va, value);
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
            return HostMemory.loadInt(ram, host);
        }
        return (int) slowLoadForWrite(op, va, 4);
    }

    /** Second half: writes what the last {@link #loadForWrite32} read from. */
    public final void storeBack32(int value) {
        long host = updateHost;
        if (host != NO_HOST) {
            HostMemory.storeInt(ram, host, value);
        } else {
            slowStore(updateOp, updateAddress, 4, value, updateOp.stackSegment);
        }
    }

    /** Reads 8 bytes at a linear address. */
    public final long load64(Op op, long va) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + READ_TAG) == (va + 7 & PAGE)) {
            return HostMemory.loadLong(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va);
        }
        return slowLoad(op, va, 8, op.stackSegment);
    }

    /** Writes 8 bytes at a linear address. */
    public final void store64(Op op, long va, long value) {
        long entry = entry(va);
        if (HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + 7 & PAGE)) {
            HostMemory.storeLong(ram, HostMemory.getLong(stateSegment, entry + ADDEND) + va, value);
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
            return HostMemory.loadLong(ram, host);
        }
        return slowLoadForWrite(op, va, 8);
    }

    /** Second half: writes what the last {@link #loadForWrite64} read from. */
    public final void storeBack64(long value) {
        long host = updateHost;
        if (host != NO_HOST) {
            HostMemory.storeLong(ram, host, value);
        } else {
            slowStore(updateOp, updateAddress, 8, value, updateOp.stackSegment);
        }
    }

    /** Address of a part of the operand at {@code va}: outside 64-bit code an operand goes on at 0 behind 4 GiB. */
    public final long part(long va, int distance) {
        return va + distance & linearMask;
    }

    /** Reads a part of a larger operand, as {@link #loadSized}, but whatever its alignment is. */
    public final long loadPart(Op op, long va, int size) {
        if (!alignmentChecked) {
            return loadSized(op, va, size);
        }
        checkCanonical(op, va, size);
        probeRead(op, va, size);
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (long) load8(op, part(va, i)) << 8 * i;
        }
        return value;
    }

    /** Writes a part of a larger operand, as {@link #storeSized}, but whatever its alignment is. */
    public final void storePart(Op op, long va, int size, long value) {
        if (!alignmentChecked) {
            storeSized(op, va, size, value);
            return;
        }
        checkCanonical(op, va, size);
        probeWrite(op, va, size);
        for (int i = 0; i < size; i++) {
            store8(op, part(va, i), (int) (value >>> 8 * i));
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
     * caller starts over with loadForWrite. Atomic against all accesses of all vCPUs to RAM, split ones too.
     */
    public final boolean compareAndStoreBack(int size, long expected, long value) {
        long host = updateHost;
        if (host == NO_HOST || (host & 7) + size > 8) {
            return compareAndStoreAlone(size, expected, value);
        }
        if ((host & size - 1) != 0) {
            return compareAndSetPart(host, size, expected, value);
        }
        return switch (size) {
            case 8 -> HostMemory.compareAndSetLong(ram, host, expected, value);
            case 4 -> HostMemory.compareAndSetInt(ram, host, (int) expected, (int) value);
            default -> compareAndSetPart(host, size, expected, value);
        };
    }

    /** Bytes, words and what is misaligned: by the aligned eight bytes around them. */
    private boolean compareAndSetPart(long host, int size, long expected, long value) {
        long aligned = host & ~7L;
        int shift = (int) (host & 7) * 8;
        long mask = (1L << 8 * size) - 1 << shift;
        long old = HostMemory.loadLong(ram, aligned);
        if ((old & mask) != (expected << shift & mask)) {
            return false;
        }
        return HostMemory.compareAndSetLong(ram, aligned, old, old & ~mask | value << shift & mask);
    }

    /** A page with code, a watched page, an access over eight bytes' border: no processor of the host does it in one. */
    private boolean compareAndStoreAlone(int size, long expected, long value) {
        if (updateHost == NO_HOST && updateDevice) {
            // A device's register may read differently each time; what was read first counts.
            slowStore(updateOp, updateAddress, size, value, updateOp.stackSegment);
            return true;
        }
        boolean stopped = stopOthers(updateOp);
        try {
            long now = slowLoad(updateOp, updateAddress, size, updateOp.stackSegment);
            if (now != (size == 8 ? expected : expected & (1L << 8 * size) - 1)) {
                return false;
            }
            slowStore(updateOp, updateAddress, size, value, updateOp.stackSegment);
            return true;
        } finally {
            letOthersRun(stopped);
            drainStores();
        }
    }

    /** Whether {@link #exchange16} can do it at an address: RAM, no code, and a host that has the instruction. */
    public final boolean exchanges16(Op op, long va) {
        if (!HostMemory.DIRECT || !WideExchange.available()) {
            return false;
        }
        probeWrite(op, va, 16);
        return writableHost(va) != -1;
    }

    /** LOCK CMPXCHG16B at an aligned address, but for the flags. @return whether it exchanged */
    public final boolean exchange16(long va) {
        return WideExchange.compareAndExchange(writableHost(va), state + StateLayout.RAX);
    }

    private long slowLoadForWrite(Op op, long linear, int size) {
        long va = checkOperand(op, linear, size, op.stackSegment, context);
        int inPage = (int) va & 0xfff;
        int first = Math.min(size, 4096 - inPage);
        checkStore(op, va, first, op.stackSegment, context);
        boolean device = onDevice();
        if (first < size) {
            checkStore(op, part(va, first), size - first, op.stackSegment, context);
            device |= onDevice();
        }
        long value = slowLoad(op, va, size, op.stackSegment);
        // A page that is not special is in the TLB by now.
        long entry = entry(va);
        updateHost = HostMemory.getLong(stateSegment, entry + WRITE_TAG) == (va + size - 1 & PAGE)
                ? HostMemory.getLong(stateSegment, entry + ADDEND) + va
                : NO_HOST;
        updateDevice = device;
        updateAddress = va;
        updateOp = op;
        return value;
    }
}
