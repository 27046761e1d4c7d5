package dev.quoll.boot.image;

import dev.quoll.machine.GuestMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An x86 ELF executable with its loadable segments checked against the file. Source: System V ABI, chapters "Object
 * Files" and "Program Loading"; sizes and offsets of both classes.
 *
 * @param end first file offset behind everything that headers and segments speak of
 */
record ElfFile(ImageBytes file, boolean is64, long entry, List<Segment> segments, List<Segment> notes, long end) {
    /** A program header; {@code offset} and {@code fileSize} lie within the file, {@code fileSize <= memorySize}. */
    record Segment(long offset, long virtualAddress, long physicalAddress, long fileSize, long memorySize, long alignment) {}

    private static final int MAGIC = 0x464c457f;
    private static final int EM_386 = 3;
    private static final int EM_X86_64 = 62;
    private static final int ET_EXEC = 2;
    private static final int ET_DYN = 3;
    private static final int PT_LOAD = 1;
    private static final int PT_NOTE = 4;
    private static final long ADDRESS_LIMIT = 1L << 46;
    /** {@code XEN_ELFNOTE_PHYS32_ENTRY}, xen/include/public/elfnote.h. */
    private static final int NOTE_PHYS32_ENTRY = 18;

    static boolean recognise(ImageBytes file) throws ImageException {
        return file.has(0, 4) && file.i32(0) == MAGIC;
    }

    static ElfFile parse(ImageBytes file) throws ImageException {
        int fileClass = file.u8(4);
        int machine = file.u16(18);
        boolean is64 = fileClass == 2;
        if (file.u8(5) != 1 || machine != EM_386 && machine != EM_X86_64) {
            throw new ImageException("The kernel image is an ELF file for %s, and this machine is x86-64."
                    .formatted(file.u8(5) == 2 ? "a big-endian machine" : machineName(machine)));
        }
        if (fileClass != 1 && fileClass != 2 || is64 && machine == EM_386) {
            throw corrupt("its class does not go with its machine");
        }
        int type = file.u16(16);
        if (type != ET_EXEC && type != ET_DYN) {
            throw new ImageException("The ELF file is not an executable: its type is %d.".formatted(type));
        }
        long programHeaders = is64 ? file.u64(32) : file.u32(28);
        long sectionHeaders = is64 ? file.u64(40) : file.u32(32);
        int sizes = is64 ? 54 : 42;
        int headerSize = file.u16(sizes);
        int headerCount = file.u16(sizes + 2);
        long sectionsSize = (long) file.u16(sizes + 4) * file.u16(sizes + 6);
        if (headerSize != (is64 ? 56 : 32)) {
            throw corrupt("its program headers have a size of %d bytes".formatted(headerSize));
        }
        if (!file.has(programHeaders, (long) headerSize * headerCount)) {
            throw file.truncated("its program headers");
        }
        long end = programHeaders + (long) headerSize * headerCount;
        if (file.has(sectionHeaders, sectionsSize)) {
            end = Math.max(end, sectionHeaders + sectionsSize);
        }
        List<Segment> segments = new ArrayList<>();
        List<Segment> notes = new ArrayList<>();
        for (int i = 0; i < headerCount; i++) {
            long at = programHeaders + (long) headerSize * i;
            int segmentType = file.i32(at);
            if (segmentType != PT_LOAD && segmentType != PT_NOTE) {
                continue;
            }
            Segment segment = segment(file, is64, at);
            end = Math.max(end, segment.offset + segment.fileSize);
            if (segmentType == PT_NOTE) {
                notes.add(segment);
            } else if (segment.memorySize > 0) {
                segments.add(segment);
            }
        }
        if (segments.isEmpty()) {
            throw corrupt("it has nothing to load");
        }
        long entry = is64 ? file.u64(24) : file.u32(24);
        return new ElfFile(file, is64, entry, List.copyOf(segments), List.copyOf(notes), end);
    }

    private static Segment segment(ImageBytes file, boolean is64, long at) throws ImageException {
        Segment segment = is64
                ? new Segment(file.u64(at + 8), file.u64(at + 16), file.u64(at + 24), file.u64(at + 32), file.u64(at + 40), file.u64(at + 48))
                : new Segment(file.u32(at + 4), file.u32(at + 8), file.u32(at + 12), file.u32(at + 16), file.u32(at + 20), file.u32(at + 28));
        if (!file.has(segment.offset, segment.fileSize)) {
            throw file.truncated("a segment");
        }
        if (segment.memorySize < segment.fileSize
                || segment.memorySize > ADDRESS_LIMIT
                || segment.physicalAddress < 0
                || segment.physicalAddress > ADDRESS_LIMIT) {
            throw corrupt("a segment has impossible sizes or addresses");
        }
        return segment;
    }

    private static String machineName(int machine) {
        return switch (machine) {
            case 8 -> "MIPS";
            case 20, 21 -> "PowerPC";
            case 22 -> "S/390";
            case 40 -> "32-bit ARM";
            case 183 -> "64-bit ARM";
            case 243 -> "RISC-V";
            case 258 -> "LoongArch";
            default -> "machine number " + machine;
        };
    }

    static ImageException corrupt(String why) {
        return new ImageException("The ELF kernel is corrupt: " + why + ".");
    }

    /** The 32-bit entry that a PVH note names; empty without such a note. Alignment of names and values is 4. */
    Optional<Long> pvhEntry() throws ImageException {
        for (Segment segment : notes) {
            long at = segment.offset;
            long limit = segment.offset + segment.fileSize;
            while (at + 12 <= limit) {
                long nameSize = file.u32(at);
                long valueSize = file.u32(at + 4);
                int type = file.i32(at + 8);
                long value = at + 12 + (nameSize + 3 & ~3L);
                if (value + valueSize > limit) {
                    break; // whatever follows is no note
                }
                if (type == NOTE_PHYS32_ENTRY && nameSize == 4 && file.i32(at + 12) == 0x006e6558 && valueSize >= 4) {
                    return Optional.of(file.u32(value));
                }
                at = value + (valueSize + 3 & ~3L);
            }
        }
        return Optional.empty();
    }

    /** Lowest physical address of any segment. */
    long physicalStart() {
        return segments.stream().mapToLong(Segment::physicalAddress).min().orElseThrow();
    }

    /** First physical address behind all segments. */
    long physicalEnd() {
        return segments.stream().mapToLong(s -> s.physicalAddress + s.memorySize).max().orElseThrow();
    }

    /** The entry as a physical address: kernels give either that or the virtual address of the same place. */
    long physicalEntry() throws ImageException {
        for (Segment segment : segments) {
            if (entry >= segment.physicalAddress && entry - segment.physicalAddress < segment.memorySize) {
                return entry;
            }
        }
        for (Segment segment : segments) {
            long offset = entry - segment.virtualAddress;
            if (offset >= 0 && offset < segment.memorySize) {
                return segment.physicalAddress + offset;
            }
        }
        throw corrupt("its entry point 0x%x lies in no segment".formatted(entry));
    }

    /**
     * Copies the segments, moved by {@code delta}, and clears the rest of each. All must lie in RAM from 1 MiB up.
     */
    void load(GuestMemory memory, MemoryMap map, long delta) throws ImageException {
        for (Segment segment : segments) {
            Placement.requireKernelRam(map, segment.physicalAddress + delta, segment.memorySize);
        }
        for (Segment segment : segments) {
            long address = segment.physicalAddress + delta;
            memory.write(address, file.array(), (int) segment.offset, (int) segment.fileSize);
            memory.clear(address + segment.fileSize, segment.memorySize - segment.fileSize);
        }
    }
}
