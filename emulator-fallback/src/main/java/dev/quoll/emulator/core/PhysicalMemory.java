package dev.quoll.emulator.core;

import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.RamRegion;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Guest-physical space as the emulator reaches it: RAM by host address, the rest over the bus. Shared by all vCPUs of a
 * partition; lock-free.
 */
public final class PhysicalMemory {
    private static final VarHandle HOLDERS = MethodHandles.arrayElementVarHandle(byte[].class);

    final MemorySegment ram;
    /** Where RAM starts, for {@link HostMemory}. */
    final long ramBase;

    final MmioBus bus;
    final int addressBits;
    private final GuestMemory memory;
    /** Replaced as a whole when the regions change. */
    private volatile Regions regions;
    /** How many vCPUs have decoded code from each page of the RAM mapping. */
    private final byte[] codeHolders;
    /** Null while nobody wants to know. Replaced while no vCPU runs. */
    private volatile WrittenPages writtenPages;

    /** The memory map, the largest region first: it takes nearly all accesses. */
    private record Regions(long[] starts, long[] ends, long[] offsets, boolean[] writable) {
        static Regions of(GuestMemory memory) {
            List<RamRegion> bySize = new ArrayList<>(memory.regions());
            bySize.sort(Comparator.comparingLong(RamRegion::size).reversed());
            int count = bySize.size();
            Regions made = new Regions(new long[count], new long[count], new long[count], new boolean[count]);
            for (int i = 0; i < count; i++) {
                RamRegion region = bySize.get(i);
                made.starts[i] = region.guestAddress();
                made.ends[i] = region.end();
                made.offsets[i] = region.offset() - region.guestAddress();
                made.writable[i] = region.writable();
            }
            return made;
        }
    }

    /** @param addressBits width of physical addresses: bits of page-table entries at and above it are reserved */
    public PhysicalMemory(GuestMemory memory, MmioBus bus, int addressBits) {
        this.addressBits = addressBits;
        this.ram = memory.mapping();
        this.ramBase = HostMemory.base(ram);
        this.bus = bus;
        this.memory = memory;
        regions = Regions.of(memory);
        codeHolders = new byte[Math.toIntExact(ram.byteSize() >>> 12)];
    }

    /** Takes over changed regions; what TLBs hold of the old ones is the caller's to drop. */
    public void remapped() {
        regions = Regions.of(memory);
    }

    /** Offset in the RAM mapping, or -1 when no RAM is there. */
    public long offsetOf(long physical) {
        Regions now = regions;
        for (int i = 0; i < now.starts.length; i++) {
            if (physical >= now.starts[i] && physical < now.ends[i]) {
                return physical + now.offsets[i];
            }
        }
        return -1;
    }

    /** As {@link #offsetOf}, and -1 as well where memory is read-only: writes there go over the bus. */
    long writableOffsetOf(long physical) {
        Regions now = regions;
        for (int i = 0; i < now.starts.length; i++) {
            if (physical >= now.starts[i] && physical < now.ends[i]) {
                return now.writable[i] ? physical + now.offsets[i] : -1;
            }
        }
        return -1;
    }

    /** Where pages that vCPUs write are noted from now on, or null; while no vCPU runs, and before their TLBs are flushed. */
    public void noteWrites(WrittenPages pages) {
        writtenPages = pages;
    }

    /** A vCPU is about to write to a page (by its number in the mapping), or can from now on without telling again. */
    void noteWrite(int pageIndex) {
        WrittenPages pages = writtenPages;
        if (pages != null) {
            pages.add(pageIndex);
        }
    }

    /** Whether some vCPU has decoded code from the page (by its number in the mapping). */
    boolean holdsCode(int pageIndex) {
        return codeHolders[pageIndex] != 0;
    }

    /**
     * Whether some page of a range of the RAM mapping holds decoded code; asked by another thread that has just written
     * there.
     */
    public boolean mayHoldCode(long offset, long length) {
        if (offset < 0 || length <= 0) {
            return false;
        }
        // The writer's bytes before this look, the decoder's mark before its look at the bytes: one of them sees the other.
        VarHandle.fullFence();
        int last = (int) Math.min(offset + length - 1 >>> 12, codeHolders.length - 1);
        for (int page = (int) (offset >>> 12); page <= last; page++) {
            if (codeHolders[page] != 0) {
                return true;
            }
        }
        return false;
    }

    /** One more vCPU holds code of a page, if at least one does; false when none does, and nothing has changed. */
    boolean joinCodeHolders(int pageIndex) {
        byte count = codeHolders[pageIndex];
        while (count != 0) {
            byte seen = (byte) HOLDERS.compareAndExchange(codeHolders, pageIndex, count, (byte) (count + 1));
            if (seen == count) {
                return true;
            }
            count = seen;
        }
        return false;
    }

    /** One more vCPU holds code of a page. A full fence. */
    void addCodeHolder(int pageIndex) {
        HOLDERS.getAndAdd(codeHolders, pageIndex, (byte) 1);
    }

    /** One vCPU less does. */
    void dropCodeHolder(int pageIndex) {
        HOLDERS.getAndAdd(codeHolders, pageIndex, (byte) -1);
    }

    public int pageCount() {
        return codeHolders.length;
    }

    /** Reads a page-table entry; where there is no RAM, what the bus answers. */
    long readTable64(long physical) {
        long offset = offsetOf(physical);
        return offset >= 0 ? HostMemory.loadLong(ram, ramBase + offset) : bus.read(physical, 8);
    }

    int readTable32(long physical) {
        long offset = offsetOf(physical);
        return offset >= 0 ? HostMemory.loadInt(ram, ramBase + offset) : (int) bus.read(physical, 4);
    }
}
