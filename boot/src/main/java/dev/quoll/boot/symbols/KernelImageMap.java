package dev.quoll.boot.symbols;

import dev.quoll.machine.GuestMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * The part of the address space where a Linux kernel on x86-64 has its image (Documentation/arch/x86/x86_64/mm.rst: 1 GiB from
 * 0xffffffff80000000), read through the guest's page tables. Whatever they say, only RAM is read, and no more than {@link #MOST}.
 */
final class KernelImageMap {
    /** First address of the image's gigabyte. */
    static final long START = 0xffff_ffff_8000_0000L;

    /** Larger than any image, in bytes. */
    private static final int MOST = 96 << 20;

    private static final long ADDRESS = 0x000f_ffff_ffff_f000L;
    private static final int PRESENT = 1;
    private static final int LARGE = 1 << 7;
    private static final int ENTRIES = 512;
    private static final int LARGE_BYTES = 2 << 20;
    private static final int PAGE_BYTES = 4096;
    /** Of the page directory pointer table: the last but one GiB. */
    private static final int GIGABYTE = 510;

    /** Bytes that follow each other. */
    record Piece(long address, byte[] bytes) {}

    private final GuestMemory memory;
    private final List<Piece> pieces = new ArrayList<>();
    private final List<Long> pages = new ArrayList<>();
    private long pagesStart;
    private long total;

    private KernelImageMap(GuestMemory memory) {
        this.memory = memory;
    }

    /** What is mapped there, in pieces, with four or five levels of page tables. @param addressSpace CR3 */
    static List<Piece> read(GuestMemory memory, long addressSpace) {
        KernelImageMap map = new KernelImageMap(memory);
        long top = addressSpace & ADDRESS;
        map.directory(map.entry(map.entry(top, ENTRIES - 1), GIGABYTE));
        if (map.pieces.isEmpty()) {
            map.directory(map.entry(map.entry(map.entry(top, ENTRIES - 1), ENTRIES - 1), GIGABYTE));
        }
        return map.pieces;
    }

    /** The entry of a table, or 0 when the table is not in RAM. @param table an entry that leads to it, or CR3 */
    private long entry(long table, int index) {
        long address = (table & ADDRESS) + 8L * index;
        return (table & ADDRESS) != 0 && memory.isRam(address, 8) ? memory.readLong(address) : 0;
    }

    private void directory(long table) {
        for (int i = 0; i < ENTRIES; i++) {
            long entry = (table & PRESENT) == 0 ? 0 : entry(table, i);
            long address = START + (long) i * LARGE_BYTES;
            if ((entry & PRESENT) == 0) {
                flush();
            } else if ((entry & LARGE) != 0) {
                add(address, entry & ADDRESS & -LARGE_BYTES, LARGE_BYTES);
            } else {
                for (int j = 0; j < ENTRIES; j++) {
                    long page = entry(entry, j);
                    if ((page & PRESENT) == 0) {
                        flush();
                    } else {
                        add(address + (long) j * PAGE_BYTES, page & ADDRESS, PAGE_BYTES);
                    }
                }
            }
        }
        flush();
    }

    private void add(long address, long physical, int bytes) {
        if (!memory.isRam(physical, bytes) || total + bytes > MOST) {
            flush();
            return;
        }
        for (int at = 0; at < bytes; at += PAGE_BYTES) {
            if (pages.isEmpty()) {
                pagesStart = address;
            }
            pages.add(physical + at);
        }
        total += bytes;
    }

    private void flush() {
        if (!pages.isEmpty()) {
            byte[] bytes = new byte[pages.size() * PAGE_BYTES];
            for (int i = 0; i < pages.size(); i++) {
                memory.read(pages.get(i), bytes, i * PAGE_BYTES, PAGE_BYTES);
            }
            pieces.add(new Piece(pagesStart, bytes));
            pages.clear();
        }
    }
}
