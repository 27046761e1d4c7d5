package dev.quoll.boot.image;

import dev.quoll.boot.compress.Compression;
import dev.quoll.machine.GuestMemory;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The kernel proper out of a bzImage's payload, unpacked here instead of in the guest. What the kernel's decompressor does
 * besides unpacking is done here as well: it chooses random physical and virtual addresses, applies the relocations and
 * tells the kernel so (arch/x86/boot/compressed/kaslr.c and misc.c).
 */
record Vmlinux(ElfFile elf, Optional<RelocationTable> relocations) {
    /** A payload, or the reason why it is left to the kernel's own decompressor. */
    sealed interface Unpacked {
        record Kernel(Vmlinux vmlinux) implements Unpacked {}

        record LeftToGuest(String reason) implements Unpacked {}
    }

    /** Where a kernel goes: physical base, how far virtual addresses move, and whether chance decided. */
    record Position(long physical, long virtualDelta, boolean random) {}

    /** {@code KERNEL_IMAGE_SIZE}: kernels that can be randomised reserve 1 GiB (x86-64) or 512 MiB (i386) for themselves. */
    private static final long IMAGE_AREA_64 = 1L << 30;
    private static final long IMAGE_AREA_32 = 512L << 20;
    /** No kernel is anywhere near; keeps a forged length from taking the whole heap. */
    private static final long MAX_UNPACKED = 1L << 30;

    static Unpacked unpack(SetupHeader header) throws ImageException {
        ImageBytes file = header.file();
        long offset = header.payloadOffset();
        long length = header.payloadLength();
        if (offset == 0 || length < 8) {
            return new Unpacked.LeftToGuest("the kernel's header does not say where its payload is");
        }
        if (!file.has(offset, length)) {
            throw file.truncated("its payload");
        }
        Optional<Compression> compression = Compression.recognise(file.array(), (int) offset, (int) length);
        byte[] plain;
        if (compression.isPresent()) {
            plain = decode(file, (int) offset, (int) length, compression.get());
        } else if (file.i32(offset) == 0x464c457f) {
            plain = Arrays.copyOfRange(file.array(), (int) offset, (int) (offset + length));
        } else {
            return new Unpacked.LeftToGuest("its payload is packed in no way that is known here");
        }
        ImageBytes bytes = new ImageBytes(plain);
        if (!ElfFile.recognise(bytes)) {
            return new Unpacked.LeftToGuest("its payload is no ELF file");
        }
        ElfFile elf = ElfFile.parse(bytes);
        Optional<RelocationTable> relocations = RelocationTable.parse(elf);
        if (relocations.isEmpty() && elf.end() != bytes.size()) {
            return new Unpacked.LeftToGuest("its payload has a relocation table of an unknown form");
        }
        if (elf.physicalStart() != header.preferredAddress()) {
            return new Unpacked.LeftToGuest("its payload is linked for another address than its header prefers");
        }
        if (elf.is64() != header.has64BitEntry()) {
            return new Unpacked.LeftToGuest("its payload is of another word size than its header says");
        }
        return new Unpacked.Kernel(new Vmlinux(elf, relocations));
    }

    /** All formats but gzip, which ends with it by itself, are followed by the unpacked size in four bytes. */
    private static byte[] decode(ImageBytes file, int offset, int length, Compression compression) throws ImageException {
        long unpacked = file.u32(offset + length - 4L);
        try {
            if (unpacked > MAX_UNPACKED) {
                throw new IOException("it claims to unpack to %d MiB".formatted(unpacked >> 20));
            }
            int packed = compression == Compression.GZIP ? length : length - 4;
            byte[] plain = compression.decode(file.array(), offset, packed, (int) unpacked);
            if (plain.length != unpacked) {
                throw new IOException("it unpacks to %d bytes instead of %d".formatted(plain.length, unpacked));
            }
            return plain;
        } catch (IOException e) {
            throw new ImageException("The kernel's %s payload is corrupt: %s.".formatted(compression, e.getMessage()), e);
        }
    }

    /** Bytes from the physical base that must be RAM. */
    long memorySize(SetupHeader header) throws ImageException {
        return Math.max(header.initSize(), elf.physicalEnd() - elf.physicalStart());
    }

    /**
     * Chooses addresses as the kernel's decompressor does: any aligned place in RAM from the preferred address up, and on
     * x86-64, independently, any aligned virtual address in the kernel's area.
     *
     * @param ceiling end of the RAM to choose from
     */
    Position choose(SetupHeader header, LoadRequest request, long ceiling) throws ImageException {
        long preferred = header.preferredAddress();
        long size = memorySize(header);
        if (relocations.isEmpty() || request.hasOption("nokaslr")) {
            return new Position(preferred, 0, false);
        }
        RandomGenerator random = request.random();
        if (elf.is64()) {
            long physical = slot(random, preferred, ceiling, size, header.alignment());
            long virtual = slot(random, preferred, IMAGE_AREA_64, size, header.alignment());
            return new Position(physical, virtual - preferred, true);
        }
        // The 32-bit kernel maps itself at a fixed distance from its physical place, so that both move together.
        long physical = slot(random, preferred, Math.min(ceiling, IMAGE_AREA_32), size, header.alignment());
        return new Position(physical, physical - preferred, true);
    }

    private static long slot(RandomGenerator random, long from, long ceiling, long size, long alignment) {
        long first = Placement.align(from, alignment);
        long spare = ceiling - size - first;
        return spare < 0 ? from : first + random.nextLong(spare / alignment + 1) * alignment;
    }

    /** Copies the kernel to its place and applies its relocations; returns the physical address of its entry. */
    long load(GuestMemory memory, LoadRequest request, Position position) throws ImageException {
        long move = position.physical - elf.physicalStart();
        elf.load(memory, request.memoryMap(), move);
        if (position.virtualDelta != 0) {
            long start = position.physical;
            long size = elf.physicalEnd() - elf.physicalStart();
            relocations.orElseThrow().apply(memory.slice(start, size), linkedAt(), position.virtualDelta);
            memory.noteWritten(start, size);
        }
        return elf.physicalEntry() + move;
    }

    /** The virtual address of the lowest physical one. Only the first segment is at its real virtual address in all kernels. */
    private long linkedAt() {
        ElfFile.Segment first = elf.segments().getFirst();
        return first.virtualAddress() - first.physicalAddress() + elf.physicalStart();
    }

    List<String> notes(Position position) {
        return position.random || relocations.isPresent()
                ? List.of()
                : List.of("The kernel was built without relocations, so its addresses are not randomised.");
    }
}
