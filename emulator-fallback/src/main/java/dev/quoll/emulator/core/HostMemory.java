package dev.quoll.emulator.core;

import dev.quoll.bindings.NativeAccess;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Raw little-endian access to off-heap memory, the cheapest the JVM has.
 *
 * <p>Where the host grants native access, addresses are host addresses and all accesses go through one static-final
 * segment that spans the address space, so that C2 folds every check but the access itself. Elsewhere the same callers
 * pass the segment that holds the data and addresses are offsets in it. {@link #base} gives the address to start from.
 *
 * <p>Nothing here checks that an address is meant to be accessed: callers hand in only what the soft TLB or the state
 * block's constants produced.
 */
public final class HostMemory {
    private static final MemorySegment EVERYTHING = NativeAccess.everything().orElse(null);

    /** Whether addresses are host addresses. */
    public static final boolean DIRECT = EVERYTHING != null;

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    // Static-final handles, not segment.get(layout): C1 folds a handle only when it is a constant to it, and the first
    // seconds of a guest run in C1's code.
    private static final VarHandle BYTE_AT = BYTE.varHandle();
    private static final VarHandle SHORT_AT = SHORT.varHandle();
    private static final VarHandle INT_AT = INT.varHandle();
    private static final VarHandle LONG_AT = LONG.varHandle();
    private static final VarHandle ALIGNED_INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle ALIGNED_LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private HostMemory() {}

    /** The address of a segment's first byte for the methods below. */
    public static long base(MemorySegment segment) {
        return DIRECT ? segment.address() : 0;
    }

    public static byte getByte(MemorySegment holder, long address) {
        return (byte) BYTE_AT.get(DIRECT ? EVERYTHING : holder, address);
    }

    public static short getShort(MemorySegment holder, long address) {
        return (short) SHORT_AT.get(DIRECT ? EVERYTHING : holder, address);
    }

    public static int getInt(MemorySegment holder, long address) {
        return (int) INT_AT.get(DIRECT ? EVERYTHING : holder, address);
    }

    public static long getLong(MemorySegment holder, long address) {
        return (long) LONG_AT.get(DIRECT ? EVERYTHING : holder, address);
    }

    public static void putByte(MemorySegment holder, long address, byte value) {
        BYTE_AT.set(DIRECT ? EVERYTHING : holder, address, value);
    }

    public static void putShort(MemorySegment holder, long address, short value) {
        SHORT_AT.set(DIRECT ? EVERYTHING : holder, address, value);
    }

    public static void putInt(MemorySegment holder, long address, int value) {
        INT_AT.set(DIRECT ? EVERYTHING : holder, address, value);
    }

    public static void putLong(MemorySegment holder, long address, long value) {
        LONG_AT.set(DIRECT ? EVERYTHING : holder, address, value);
    }

    // Guest RAM as the guest's instructions access it, in the order of x86 (SDM vol. 3, 9.2.2): a load is done before
    // whatever follows it, a store after whatever precedes it. Plain accesses the JIT may reorder. On x86 hosts the fences
    // only bind the JIT; on others they are what makes the order. They stand beside plain accesses because the ordered
    // modes of handles need aligned addresses.

    public static byte loadByte(MemorySegment ram, long address) {
        byte value = getByte(ram, address);
        VarHandle.acquireFence();
        return value;
    }

    public static short loadShort(MemorySegment ram, long address) {
        short value = getShort(ram, address);
        VarHandle.acquireFence();
        return value;
    }

    public static int loadInt(MemorySegment ram, long address) {
        int value = getInt(ram, address);
        VarHandle.acquireFence();
        return value;
    }

    public static long loadLong(MemorySegment ram, long address) {
        long value = getLong(ram, address);
        VarHandle.acquireFence();
        return value;
    }

    public static void storeByte(MemorySegment ram, long address, byte value) {
        VarHandle.releaseFence();
        putByte(ram, address, value);
    }

    public static void storeShort(MemorySegment ram, long address, short value) {
        VarHandle.releaseFence();
        putShort(ram, address, value);
    }

    public static void storeInt(MemorySegment ram, long address, int value) {
        VarHandle.releaseFence();
        putInt(ram, address, value);
    }

    public static void storeLong(MemorySegment ram, long address, long value) {
        VarHandle.releaseFence();
        putLong(ram, address, value);
    }

    /** Atomic; the address is 4-byte aligned. */
    public static boolean compareAndSetInt(MemorySegment holder, long address, int expected, int value) {
        return ALIGNED_INT.compareAndSet(DIRECT ? EVERYTHING : holder, address, expected, value);
    }

    /** Atomic; the address is 8-byte aligned. */
    public static boolean compareAndSetLong(MemorySegment holder, long address, long expected, long value) {
        return ALIGNED_LONG.compareAndSet(DIRECT ? EVERYTHING : holder, address, expected, value);
    }

    /** Copies bytes into an array. */
    public static void read(MemorySegment holder, long address, byte[] target, int start, int length) {
        MemorySegment.copy(DIRECT ? EVERYTHING : holder, BYTE, address, target, start, length);
    }

    /**
     * Copies guest RAM; overlapping ranges copy as if through a buffer. In order with what precedes and follows, but not
     * within itself (SDM vol. 3, 9.2.4).
     */
    public static void copyRam(MemorySegment ram, long from, long to, long length) {
        MemorySegment all = DIRECT ? EVERYTHING : ram;
        VarHandle.releaseFence();
        MemorySegment.copy(all, from, all, to, length);
        VarHandle.acquireFence();
    }

    /** Fills guest RAM with one byte, in order as {@link #copyRam}. */
    public static void fillRam(MemorySegment ram, long address, long length, byte value) {
        VarHandle.releaseFence();
        (DIRECT ? EVERYTHING : ram).asSlice(address, length).fill(value);
    }
}
