package dev.quoll.boot;

import dev.quoll.boot.image.MemoryMap;
import dev.quoll.devices.pci.PciBus;
import dev.quoll.machine.RamRegion;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a given amount of RAM lies, and what the guest is told about the address space.
 *
 * @param regions RAM and the read-write memory behind the BIOS area, which holds the ACPI tables
 * @param map for the kernel
 * @param end first address behind the last RAM, at least 4 GiB
 */
record RamLayout(List<RamRegion> regions, MemoryMap map, long end) {
    private static final long PAGE = 0x1000;
    static final long MINIMUM = 2L << 20;
    /** Leaves room for the 64-bit PCI window within 40 bits of physical address, which every profile has. */
    static final long MAXIMUM = 512L << 30;

    /** @throws IllegalArgumentException with a sentence when the board cannot have so much or so little */
    static RamLayout of(long bytes) {
        check(bytes);
        long low = Math.min(bytes, BoardMap.RAM_BELOW_4G_END);
        long high = bytes - low;
        List<RamRegion> regions = new ArrayList<>();
        long offset = 0;
        offset = add(regions, 0, BoardMap.LOW_RAM_END, offset);
        offset = add(regions, BoardMap.RSDP, BoardMap.BIOS_END - BoardMap.RSDP, offset);
        // From 1 MiB on host and guest alignment agree modulo 2 MiB, so that the host can use huge pages.
        offset = BoardMap.BIOS_END;
        offset = add(regions, BoardMap.BIOS_END, low - BoardMap.BIOS_END, offset);

        List<MemoryMap.Range> ranges = new ArrayList<>();
        ranges.add(new MemoryMap.Range(0, BoardMap.EXTENDED_BIOS_DATA, MemoryMap.Type.RAM));
        reserve(ranges, BoardMap.EXTENDED_BIOS_DATA, BoardMap.LOW_RAM_END - BoardMap.EXTENDED_BIOS_DATA);
        reserve(ranges, BoardMap.RSDP, BoardMap.BIOS_END - BoardMap.RSDP);
        ranges.add(new MemoryMap.Range(BoardMap.BIOS_END, low - BoardMap.BIOS_END, MemoryMap.Type.RAM));
        reserve(ranges, BoardMap.ECAM, PciBus.ECAM_LENGTH);
        reserve(ranges, BoardMap.KVM_PAGES, BoardMap.KVM_PAGES_SIZE);
        if (high > 0) {
            add(regions, BoardMap.FOUR_GIB, high, offset);
            ranges.add(new MemoryMap.Range(BoardMap.FOUR_GIB, high, MemoryMap.Type.RAM));
        }
        return new RamLayout(regions, new MemoryMap(ranges), BoardMap.FOUR_GIB + high);
    }

    /** @throws IllegalArgumentException with a sentence when no board can have so much or so little */
    static void check(long bytes) {
        if (bytes < MINIMUM || bytes > MAXIMUM || bytes % PAGE != 0) {
            throw new IllegalArgumentException("a machine has from %d MiB to %d GiB of memory in pages of 4 KiB, not %d bytes"
                    .formatted(MINIMUM >> 20, MAXIMUM >> 30, bytes));
        }
    }

    private static long add(List<RamRegion> regions, long address, long size, long offset) {
        regions.add(new RamRegion(address, size, offset));
        return offset + size;
    }

    private static void reserve(List<MemoryMap.Range> ranges, long start, long size) {
        ranges.add(new MemoryMap.Range(start, size, MemoryMap.Type.RESERVED));
    }

    /** First address of the window for 64-bit BARs. */
    long pciWindow64() {
        return (end + BoardMap.PCI_WINDOW_64_SIZE - 1) / BoardMap.PCI_WINDOW_64_SIZE * BoardMap.PCI_WINDOW_64_SIZE;
    }
}
