package dev.quoll.boot.image;

import dev.quoll.machine.GuestMemory;
import java.util.ArrayList;
import java.util.List;

/** Where modules go, and whether what is to be loaded fits the guest's RAM. */
final class Placement {
    /** A module in guest memory. */
    record Placed(long address, long size) {
        static final Placed NONE = new Placed(0, 0);
    }

    private static final long PAGE = 0x1000;

    private Placement() {}

    static void requireKernelRam(MemoryMap map, long start, long size) throws ImageException {
        if (start < BootLayout.KERNEL_MINIMUM) {
            throw new ImageException(
                    "The kernel wants to be loaded at 0x%x, below 1 MiB, where this machine keeps its boot data.".formatted(start));
        }
        if (!map.isRam(start, size)) {
            throw new ImageException("The kernel needs RAM from 0x%x to 0x%x, but the guest's ends at 0x%x: give it more memory."
                    .formatted(start, start + size, map.lowRamEnd()));
        }
    }

    /**
     * Lays the modules end to end, each at a multiple of four, as high as {@code ceiling} and RAM allow: there they are out
     * of the way of the kernel, which grows from below.
     *
     * @param floor nothing may lie below
     */
    static Placed initialRamdisk(LoadRequest request, long floor, long ceiling) throws ImageException {
        long size = 0;
        for (BootModule module : request.modules()) {
            size = align(size, 4) + module.content().size();
        }
        if (size == 0) {
            return Placed.NONE;
        }
        long top = Math.min(request.memoryMap().lowRamEnd(), ceiling);
        long address = top - size & -PAGE;
        if (size > top || address < floor || !request.memoryMap().isRam(address, size)) {
            throw new ImageException(
                    "The initial ramdisk of %d KiB does not fit between the kernel, which ends at 0x%x, and 0x%x: give the guest more memory."
                            .formatted(size + 1023 >> 10, floor, top));
        }
        return new Placed(address, size);
    }

    /** Copies what {@link #initialRamdisk} found a place for. */
    static void copyInitialRamdisk(GuestMemory memory, LoadRequest request, Placed placed) throws ImageException {
        long at = placed.address;
        for (BootModule module : request.modules()) {
            long aligned = align(at, 4);
            memory.clear(at, aligned - at);
            module.content().copyTo(memory, aligned);
            at = aligned + module.content().size();
        }
    }

    /** Puts each module at a page of its own, upwards from {@code start}. */
    static List<Placed> modulesUpwards(GuestMemory memory, LoadRequest request, long start) throws ImageException {
        List<Placed> placed = new ArrayList<>();
        long at = align(start, PAGE);
        for (BootModule module : request.modules()) {
            long size = module.content().size();
            if (size > 0 && !request.memoryMap().isRam(at, size)) {
                throw new ImageException("A module of %d KiB does not fit into RAM at 0x%x: give the guest more memory."
                        .formatted(size + 1023 >> 10, at));
            }
            module.content().copyTo(memory, at);
            placed.add(new Placed(at, size));
            at = align(at + size, PAGE);
        }
        return placed;
    }

    static long align(long value, long alignment) {
        return value + alignment - 1 & -alignment;
    }
}
