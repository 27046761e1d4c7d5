package dev.quoll.machine;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The guest-physical address space as devices and loaders see it: RAM regions, slices of one off-heap mapping.
 *
 * <p>All values are little endian. An access must lie within one region, and a write in one that is writable, else {@link GuestMemoryException}; nothing a
 * guest can make a device do reaches host memory outside the mapping. All methods may be called from any thread; plain
 * accesses have no ordering beyond the JMM's for plain variables, the acquire, release and compare-and-set forms have
 * the ordering their names say and need natural alignment (of the guest address).
 *
 * <p>Writes made here are "DMA" to the engine: it is told of them through {@link DmaListener}, so that an emulator can
 * drop code it has decoded from the pages written. Engines that run the guest reach the mapping directly instead.
 */
public final class GuestMemory implements AutoCloseable {
    /** Hears of ranges written by devices and loaders. Called on the writing thread, after the write; must be cheap. */
    @FunctionalInterface
    public interface DmaListener {
        void written(long guestAddress, long length);
    }

    /** Hears that the regions have changed. Called on the thread that changed them, which may be a vCPU's in the midst of an access. */
    @FunctionalInterface
    public interface MapListener {
        void remapped();
    }

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle ORDERED_SHORT =
            ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle ORDERED_INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();
    private static final VarHandle ORDERED_LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

    private final MemorySource.Mapping mapping;
    private final MemorySegment segment;
    /** Replaced as a whole. */
    private volatile RamRegion[] regions;
    private final List<MapListener> mapListeners = new CopyOnWriteArrayList<>();
    /** Replaced as a whole; null while there is none. */
    private volatile DmaListener[] listeners;

    private GuestMemory(MemorySource.Mapping mapping, List<RamRegion> regions) {
        this.mapping = mapping;
        this.segment = mapping.segment();
        this.regions = regions.toArray(RamRegion[]::new);
    }

    /**
     * Maps RAM from the best supported {@link MemorySource}.
     *
     * @param regions disjoint, ascending by guest address
     * @throws IOException when the host refuses the mapping; the message is one sentence for the user
     */
    public static GuestMemory create(List<RamRegion> regions) throws IOException {
        return create(regions, false);
    }

    /** As {@link #create(List)}; if {@code huge}, in {@link MemorySource#mapHuge huge pages} or not at all. */
    static GuestMemory create(List<RamRegion> regions, boolean huge) throws IOException {
        MemorySource source = ServiceLoader.load(MemorySource.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(MemorySource::supported)
                .max(Comparator.comparingInt(MemorySource::priority))
                .orElseGet(SparseFileMemorySource::new);
        return new GuestMemory(huge ? source.mapHuge(sizeOf(regions)) : source.map(sizeOf(regions)), regions);
    }

    /** Maps RAM from a given source; see {@link #create(List)}. */
    public static GuestMemory create(MemorySource source, List<RamRegion> regions) throws IOException {
        return new GuestMemory(source.map(sizeOf(regions)), regions);
    }

    /** Bytes of mapping that disjoint, ascending regions need. */
    private static long sizeOf(List<RamRegion> regions) {
        long size = 0;
        long previousEnd = 0;
        for (RamRegion region : regions) {
            if (region.guestAddress() < previousEnd) {
                throw new IllegalArgumentException("RAM regions overlap or are not ascending at " + region);
            }
            previousEnd = region.end();
            size = Math.max(size, region.offset() + region.size());
        }
        return size;
    }

    /**
     * Puts other regions in place of the present ones, all within the same mapping: a chipset shows ROM where RAM was, or flash
     * memory leaves its array mode. The engine is told before this returns; a vCPU other than the caller's may use the old regions
     * for some instructions more. Whoever makes memory visible that has changed while it was not calls {@link #noteWritten} then.
     *
     * @param changed disjoint, ascending by guest address
     */
    public synchronized void remap(List<RamRegion> changed) {
        if (sizeOf(changed) > segment.byteSize()) {
            throw new IllegalArgumentException("RAM regions leave the mapping of 0x%x bytes".formatted(segment.byteSize()));
        }
        regions = changed.toArray(RamRegion[]::new);
        mapListeners.forEach(MapListener::remapped);
    }

    /** Adds a listener to changes of the regions: an engine. */
    public void addMapListener(MapListener listener) {
        mapListeners.add(listener);
    }

    /** Removes a listener; one that is not there stays away. */
    public void removeMapListener(MapListener listener) {
        mapListeners.remove(listener);
    }

    /** The whole host mapping; region offsets index into it. */
    public MemorySegment mapping() {
        return segment;
    }

    /** File descriptor behind the mapping, or -1. */
    public int fileDescriptor() {
        return mapping.fileDescriptor();
    }

    /** The RAM regions, ascending by guest address. */
    public List<RamRegion> regions() {
        return List.of(regions);
    }

    /** Bytes of RAM over all regions. */
    public long size() {
        long sum = 0;
        for (RamRegion region : regions) {
            sum += region.size();
        }
        return sum;
    }

    /** Offset in {@link #mapping()} of a guest-physical byte, or -1 when no RAM is there. */
    public long offsetOf(long guestAddress) {
        for (RamRegion region : regions) {
            long delta = guestAddress - region.guestAddress();
            if (delta >= 0 && delta < region.size()) {
                return region.offset() + delta;
            }
        }
        return -1;
    }

    /** Whether {@code length} bytes from {@code guestAddress} lie within one RAM region that may be written. */
    public boolean isRam(long guestAddress, long length) {
        for (RamRegion region : regions) {
            long delta = guestAddress - region.guestAddress();
            if (delta >= 0 && delta < region.size()) {
                return region.writable() && length >= 0 && length <= region.size() - delta;
            }
        }
        return false;
    }

    private long at(long guestAddress, long length) {
        for (RamRegion region : regions) {
            long delta = guestAddress - region.guestAddress();
            if (delta >= 0 && delta < region.size() && length <= region.size() - delta) {
                return region.offset() + delta;
            }
        }
        throw new GuestMemoryException(guestAddress, length);
    }

    /** As {@link #at}, for writes: what the guest may not write, its devices may not either. */
    private long writableAt(long guestAddress, long length) {
        for (RamRegion region : regions) {
            long delta = guestAddress - region.guestAddress();
            if (delta >= 0 && delta < region.size() && length <= region.size() - delta && region.writable()) {
                return region.offset() + delta;
            }
        }
        throw new GuestMemoryException(guestAddress, length);
    }

    private void wrote(long guestAddress, long length) {
        DmaListener[] current = listeners;
        if (current != null) {
            for (DmaListener listener : current) {
                listener.written(guestAddress, length);
            }
        }
    }

    /** Adds a listener for writes made through this class. */
    public synchronized void addDmaListener(DmaListener listener) {
        DmaListener[] old = listeners;
        DmaListener[] more = old == null ? new DmaListener[1] : Arrays.copyOf(old, old.length + 1);
        more[more.length - 1] = listener;
        listeners = more;
    }

    /** Removes a listener; one that is not there stays away. */
    public synchronized void removeDmaListener(DmaListener listener) {
        DmaListener[] old = listeners;
        if (old != null) {
            DmaListener[] left =
                    Arrays.stream(old).filter(each -> each != listener).toArray(DmaListener[]::new);
            listeners = left.length == 0 ? null : left;
        }
    }

    public byte readByte(long guestAddress) {
        return segment.get(ValueLayout.JAVA_BYTE, at(guestAddress, 1));
    }

    public short readShort(long guestAddress) {
        return segment.get(SHORT, at(guestAddress, 2));
    }

    public int readInt(long guestAddress) {
        return segment.get(INT, at(guestAddress, 4));
    }

    public long readLong(long guestAddress) {
        return segment.get(LONG, at(guestAddress, 8));
    }

    public void writeByte(long guestAddress, byte value) {
        segment.set(ValueLayout.JAVA_BYTE, writableAt(guestAddress, 1), value);
        wrote(guestAddress, 1);
    }

    public void writeShort(long guestAddress, short value) {
        segment.set(SHORT, writableAt(guestAddress, 2), value);
        wrote(guestAddress, 2);
    }

    public void writeInt(long guestAddress, int value) {
        segment.set(INT, writableAt(guestAddress, 4), value);
        wrote(guestAddress, 4);
    }

    public void writeLong(long guestAddress, long value) {
        segment.set(LONG, writableAt(guestAddress, 8), value);
        wrote(guestAddress, 8);
    }

    public short readShortAcquire(long guestAddress) {
        return (short) ORDERED_SHORT.getAcquire(segment, at(guestAddress, 2));
    }

    public int readIntAcquire(long guestAddress) {
        return (int) ORDERED_INT.getAcquire(segment, at(guestAddress, 4));
    }

    public long readLongAcquire(long guestAddress) {
        return (long) ORDERED_LONG.getAcquire(segment, at(guestAddress, 8));
    }

    public void writeShortRelease(long guestAddress, short value) {
        ORDERED_SHORT.setRelease(segment, writableAt(guestAddress, 2), value);
        wrote(guestAddress, 2);
    }

    public void writeIntRelease(long guestAddress, int value) {
        ORDERED_INT.setRelease(segment, writableAt(guestAddress, 4), value);
        wrote(guestAddress, 4);
    }

    public boolean compareAndSetInt(long guestAddress, int expected, int value) {
        boolean done = ORDERED_INT.compareAndSet(segment, writableAt(guestAddress, 4), expected, value);
        wrote(guestAddress, 4);
        return done;
    }

    public boolean compareAndSetLong(long guestAddress, long expected, long value) {
        boolean done = ORDERED_LONG.compareAndSet(segment, writableAt(guestAddress, 8), expected, value);
        wrote(guestAddress, 8);
        return done;
    }

    /** Copies RAM into an array. */
    public void read(long guestAddress, byte[] target, int start, int length) {
        MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, at(guestAddress, length), target, start, length);
    }

    /** Copies an array into RAM. */
    public void write(long guestAddress, byte[] source, int start, int length) {
        MemorySegment.copy(source, start, segment, ValueLayout.JAVA_BYTE, writableAt(guestAddress, length), length);
        wrote(guestAddress, length);
    }

    /** Copies a whole array into RAM. */
    public void write(long guestAddress, byte[] source) {
        write(guestAddress, source, 0, source.length);
    }

    /** Copies a segment into RAM; for images and files mapped by the caller. */
    public void write(long guestAddress, MemorySegment source) {
        long length = source.byteSize();
        MemorySegment.copy(source, 0, segment, writableAt(guestAddress, length), length);
        wrote(guestAddress, length);
    }

    /** Copies RAM into a part of a segment. */
    public void read(long guestAddress, MemorySegment target, long start, long length) {
        MemorySegment.copy(segment, at(guestAddress, length), target, start, length);
    }

    /** Copies a part of a segment into RAM. */
    public void write(long guestAddress, MemorySegment source, long start, long length) {
        MemorySegment.copy(source, start, segment, writableAt(guestAddress, length), length);
        wrote(guestAddress, length);
    }

    /** Copies an array into memory whether the guest may write there or not: the content of ROM and flash memory. */
    public void program(long guestAddress, byte[] source, int start, int length) {
        long offset = at(guestAddress, length);
        if (length <= 8) {
            // Flash memory is programmed by the byte, and a bulk copy may make objects.
            for (int i = 0; i < length; i++) {
                segment.set(ValueLayout.JAVA_BYTE, offset + i, source[start + i]);
            }
        } else {
            MemorySegment.copy(source, start, segment, ValueLayout.JAVA_BYTE, offset, length);
        }
        wrote(guestAddress, length);
    }

    /** Sets a range to zero. */
    public void clear(long guestAddress, long length) {
        segment.asSlice(writableAt(guestAddress, length), length).fill((byte) 0);
        wrote(guestAddress, length);
    }

    /**
     * Gives RAM that the guest does not need back to the host: it reads as zeroes from now on. Where the host cannot take a part of the
     * mapping back, the zeroes are written.
     *
     * @param guestAddress a multiple of 4096, like {@code length}
     */
    public void release(long guestAddress, long length) {
        long offset = writableAt(guestAddress, length);
        if (!mapping.release(offset, length)) {
            segment.asSlice(offset, length).fill((byte) 0);
        }
        wrote(guestAddress, length);
    }

    /** A read and write view of writable RAM for bulk host I/O. After writing through it, call {@link #noteWritten}. */
    public MemorySegment slice(long guestAddress, long length) {
        return segment.asSlice(writableAt(guestAddress, length), length);
    }

    /** Tells the engine of writes made through {@link #slice}. */
    public void noteWritten(long guestAddress, long length) {
        wrote(guestAddress, length);
    }

    /** Unmaps. Only after every vCPU and I/O thread has stopped. */
    @Override
    public void close() {
        mapping.close();
    }
}
