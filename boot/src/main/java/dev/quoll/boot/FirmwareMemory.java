package dev.quoll.boot;

import dev.quoll.devices.chipset.ShadowRam;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MmioBus;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.RamRegion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The address space of a board with firmware: RAM, the image at the top of the first 4 GiB, and below 1 MiB what the chipset's attribute
 * map says, piece by piece the end of the image or RAM in its shadow. What is read-only takes writes over the bus, where they end, or go
 * to the RAM behind.
 */
final class FirmwareMemory {
    private static final long PAGE = 0x1000;
    /** How much of the image's end is seen below 1 MiB as well. */
    private static final long LEGACY_WINDOW = 0x20000;

    private static final ShadowRam.Access[] POWER_ON = attributes(new byte[ShadowRam.REGISTERS]);

    private final long lowEnd;
    private final long highSize;
    private final int codeLength;
    private final int variablesLength;
    private GuestMemory memory;
    private ShadowRam.Access[] shadow = POWER_ON;
    private boolean variablesShown = true;

    /**
     * @param bytes of RAM
     * @throws IllegalArgumentException with a sentence when the board cannot have so much or so little
     */
    FirmwareMemory(long bytes, FirmwareImage image) {
        RamLayout.check(bytes);
        lowEnd = Math.min(bytes, Q35Map.RAM_BELOW_4G_END);
        highSize = bytes - lowEnd;
        codeLength = image.code().length;
        variablesLength = image.variablesLength();
    }

    /** First address behind RAM below 4 GiB. */
    long lowEnd() {
        return lowEnd;
    }

    /** Bytes of RAM from 4 GiB on. */
    long highSize() {
        return highSize;
    }

    /** First address of the image. */
    long codeAddress() {
        return BoardMap.FOUR_GIB - codeLength;
    }

    /** First address of the flash memory with the variables, which the image follows. */
    long variablesAddress() {
        return codeAddress() - variablesLength;
    }

    private long codeOffset() {
        return lowEnd + highSize;
    }

    /** The regions as they are now. In the mapping low RAM lies at its address, high RAM behind it, then image and variables. */
    List<RamRegion> regions() {
        List<RamRegion> regions = new ArrayList<>();
        add(regions, 0, BoardMap.LOW_RAM_END, 0, true);
        for (int segment = 0; segment < ShadowRam.SEGMENTS; segment++) {
            long address = ShadowRam.address(segment);
            long behind = BoardMap.BIOS_END - address;
            switch (shadow[segment]) {
                case RAM, READ_ONLY ->
                    add(regions, address, ShadowRam.length(segment), address, shadow[segment] == ShadowRam.Access.RAM);
                case ROM, WRITE_ONLY -> {
                    if (behind <= Math.min(LEGACY_WINDOW, codeLength)) {
                        add(regions, address, ShadowRam.length(segment), codeOffset() + codeLength - behind, false);
                    }
                }
            }
        }
        add(regions, BoardMap.BIOS_END, lowEnd - BoardMap.BIOS_END, BoardMap.BIOS_END, true);
        if (variablesShown) {
            add(regions, variablesAddress(), variablesLength, codeOffset() + codeLength, false);
        }
        add(regions, codeAddress(), codeLength, codeOffset(), false);
        add(regions, BoardMap.FOUR_GIB, highSize, lowEnd, true);
        return regions;
    }

    /** Adds a range, or lengthens the last one by it where the two are one piece. */
    private static void add(List<RamRegion> regions, long address, long size, long offset, boolean writable) {
        if (size == 0) {
            return;
        }
        RamRegion last = regions.isEmpty() ? null : regions.getLast();
        if (last != null
                && last.end() == address
                && last.offset() + last.size() == offset
                && last.writable() == writable) {
            regions.set(regions.size() - 1, new RamRegion(last.guestAddress(), last.size() + size, last.offset(), writable));
        } else {
            regions.add(new RamRegion(address, size, offset, writable));
        }
    }

    /** Takes over the machine's memory and answers on its bus for what is not writable; the flash memory answers for itself. */
    void attach(GuestMemory machineMemory, MmioBus bus) {
        memory = machineMemory;
        bus.register(ShadowRam.BASE, ShadowRam.LENGTH, AccessWidths.BYTE, new Behind(ShadowRam.BASE));
        bus.register(codeAddress(), codeLength, AccessWidths.BYTE, new Behind(codeAddress()));
    }

    /** The chipset's attribute map has changed. */
    synchronized void shadow(byte[] registers) {
        ShadowRam.Access[] before = shadow;
        shadow = attributes(registers);
        memory.remap(regions());
        for (int segment = 0; segment < ShadowRam.SEGMENTS; segment++) {
            if (before[segment] != shadow[segment]) {
                // What was written to RAM in the shadow while ROM was seen may have been code before.
                tellWritten(segment);
            }
        }
    }

    private void tellWritten(int segment) {
        long end = ShadowRam.address(segment) + ShadowRam.length(segment);
        for (long page = ShadowRam.address(segment); page < end; page += PAGE) {
            if (memory.offsetOf(page) >= 0) {
                memory.noteWritten(page, PAGE);
            }
        }
    }

    /** The flash memory with the variables is in its array mode, or no longer. */
    synchronized void showVariables(boolean array) {
        variablesShown = array;
        memory.remap(regions());
    }

    private static ShadowRam.Access[] attributes(byte[] registers) {
        ShadowRam.Access[] all = new ShadowRam.Access[ShadowRam.SEGMENTS];
        for (int segment = 0; segment < all.length; segment++) {
            all[segment] = ShadowRam.access(registers, segment);
        }
        return all;
    }

    /** What the bus finds where memory is read-only or not there: locked accesses read here before they write. */
    private final class Behind implements MmioDevice {
        private final long base;

        Behind(long base) {
            this.base = base;
        }

        @Override
        public long readMmio(long offset, int width) {
            long at = memory.offsetOf(base + offset);
            return at < 0 ? 0xff : mapping().get(ValueLayout.JAVA_BYTE, at) & 0xff;
        }

        @Override
        public void writeMmio(long offset, int width, long value) {
            long address = base + offset;
            if (base == ShadowRam.BASE && shadow[ShadowRam.segmentOf(address)] == ShadowRam.Access.WRITE_ONLY) {
                // RAM below 4 GiB lies at its own address in the mapping.
                mapping().set(ValueLayout.JAVA_BYTE, address, (byte) value);
            }
        }

        private MemorySegment mapping() {
            return memory.mapping();
        }
    }
}
