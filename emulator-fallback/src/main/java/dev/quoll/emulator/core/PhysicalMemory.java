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
    private final long[] starts;
    private final long[] ends;
    private final long[] offsets;
    /** How many vCPUs have decoded code from each page of the RAM mapping. */
    private final byte[] codeHolders;

    /** @param addressBits width of physical addresses: bits of page-table entries at and above it are reserved */
    public PhysicalMemory(GuestMemory memory, MmioBus bus, int addressBits) {
        this.addressBits = addressBits;
        this.ram = memory.mapping();
        this.ramBase = HostMemory.base(ram);
        this.bus = bus;
        int count = memory.regions().size();
        starts = new long[count];
        ends = new long[count];
        offsets = new long[count];
        // The largest region first: it takes nearly all accesses.
        List<RamRegion> bySize = new ArrayList<>(memory.regions());
        bySize.sort(Comparator.comparingLong(RamRegion::size).reversed());
        for (int i = 0; i < count; i++) {
            RamRegion region = bySize.get(i);
            starts[i] = region.guestAddress();
            ends[i] = region.end();
            offsets[i] = region.offset() - region.guestAddress();
        }
        codeHolders = new byte[Math.toIntExact(ram.byteSize() >>> 12)];
    }

    /** Offset in the RAM mapping, or -1 when no RAM is there. */
    public long offsetOf(long physical) {
        for (int i = 0; i < starts.length; i++) {
            if (physical >= starts[i] && physical < ends[i]) {
                return physical + offsets[i];
            }
        }
        return -1;
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

    int pageCount() {
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
