package dev.quoll.boot.image;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The relocations that Linux's build appends to the ELF file in its payload (arch/x86/tools/relocs.c), and which the
 * kernel's own decompressor reads from the end (arch/x86/boot/compressed/misc.c, {@code handle_relocations}). They are
 * 32-bit words, each list after a zero word: for x86-64 the 64-bit places, up to Linux 6.14 the places whose value falls as
 * the kernel moves up (per-CPU offsets), and the 32-bit places; for i386 only the last. A word is the place's virtual
 * address as linked, sign-extended on x86-64.
 *
 * <p>A list is a range of word indices in the file.
 */
record RelocationTable(ImageBytes file, boolean is64, Span wide, Span inverse, Span narrow) {
    /** File offsets, from the first word to behind the last. */
    record Span(long from, long to) {
        static final Span EMPTY = new Span(0, 0);
    }

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Reads the table behind an ELF file; empty when what is there is no such table. */
    static Optional<RelocationTable> parse(ElfFile elf) throws ImageException {
        ImageBytes file = elf.file();
        long start = elf.end();
        if (start == file.size() || (file.size() - start & 3) != 0 || file.i32(start) != 0) {
            return Optional.empty();
        }
        long[] zeros = new long[4];
        int count = 0;
        for (long at = start; at < file.size(); at += 4) {
            if (file.i32(at) == 0) {
                if (count == 3) {
                    return Optional.empty();
                }
                zeros[count++] = at;
            }
        }
        zeros[count] = file.size();
        Span[] lists = new Span[count];
        for (int i = 0; i < count; i++) {
            lists[i] = new Span(zeros[i] + 4, zeros[i + 1]);
        }
        if (elf.is64()) {
            return switch (count) {
                case 2 -> Optional.of(new RelocationTable(file, true, lists[0], Span.EMPTY, lists[1]));
                case 3 -> Optional.of(new RelocationTable(file, true, lists[0], lists[1], lists[2]));
                default -> Optional.empty();
            };
        }
        return count == 1
                ? Optional.of(new RelocationTable(file, false, Span.EMPTY, Span.EMPTY, lists[0]))
                : Optional.empty();
    }

    /**
     * Moves a loaded kernel's virtual addresses.
     *
     * @param image the kernel in memory, from its first physical address
     * @param linkedAt virtual address of the image's first byte, as linked
     * @param delta how far the kernel's virtual addresses move
     */
    void apply(MemorySegment image, long linkedAt, long delta) throws ImageException {
        for (long at = narrow.from; at < narrow.to; at += 4) {
            long place = place(image, at, linkedAt, 4);
            image.set(INT, place, image.get(INT, place) + (int) delta);
        }
        for (long at = inverse.from; at < inverse.to; at += 4) {
            long place = place(image, at, linkedAt, 4);
            image.set(INT, place, image.get(INT, place) - (int) delta);
        }
        for (long at = wide.from; at < wide.to; at += 4) {
            long place = place(image, at, linkedAt, 8);
            image.set(LONG, place, image.get(LONG, place) + delta);
        }
    }

    private long place(MemorySegment image, long at, long linkedAt, int width) throws ImageException {
        long virtual = is64 ? file.i32(at) : file.u32(at);
        long place = virtual - linkedAt;
        if (place < 0 || place > image.byteSize() - width) {
            throw new ImageException("The kernel's relocation table is corrupt: 0x%x lies outside of the kernel.".formatted(virtual));
        }
        return place;
    }
}
