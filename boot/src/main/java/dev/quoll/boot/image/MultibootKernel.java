package dev.quoll.boot.image;

import dev.quoll.boot.image.EntryState.Mode;
import dev.quoll.machine.GuestMemory;
import java.util.List;
import java.util.Optional;

/**
 * A multiboot (version 1) kernel: ELF, or a flat file whose header says where it is loaded. Entered in 32-bit protected
 * mode with EAX 0x2BADB002 and EBX at the information structure (Multiboot Specification 0.6.96, 3.2 and 3.3).
 */
public final class MultibootKernel implements KernelImage {
    private static final long BOOTED = 0x2badb002L;
    private static final int INFO_SIZE = 116;
    private static final int MODULE_SIZE = 16;
    private static final int MAP_ENTRY_SIZE = 24;
    private static final int HAS_MEMORY = 1;
    private static final int HAS_COMMAND_LINE = 1 << 2;
    private static final int HAS_MODULES = 1 << 3;
    private static final int HAS_MEMORY_MAP = 1 << 6;
    private static final int HAS_LOADER_NAME = 1 << 9;
    private static final String LOADER_NAME = "Quoll";

    private final MultibootHeader header;
    private final List<ElfFile.Segment> segments;
    private final long entry;
    private final ImageBytes file;

    private MultibootKernel(ImageBytes file, MultibootHeader header, List<ElfFile.Segment> segments, long entry) {
        this.file = file;
        this.header = header;
        this.segments = segments;
        this.entry = entry;
    }

    static MultibootKernel of(ImageBytes file, MultibootHeader header, Optional<ElfFile> elf) throws ImageException {
        header.checkRequirements();
        if (header.hasLoadAddresses()) {
            return new MultibootKernel(file, header, List.of(flat(file, header)), header.entry());
        }
        ElfFile executable = elf.orElseThrow(() -> new ImageException(
                "The multiboot kernel is no ELF file, and its header does not say where to load it."));
        return new MultibootKernel(file, header, executable.segments(), executable.physicalEntry());
    }

    /** 3.1.3: the part of the file that is loaded begins as far before the header as the load address does. */
    private static ElfFile.Segment flat(ImageBytes file, MultibootHeader header) throws ImageException {
        long load = header.loadAddress();
        long offset = header.offset() - (header.headerAddress() - load);
        long fileSize = header.loadEnd() == 0 ? file.size() - offset : header.loadEnd() - load;
        long memorySize = header.bssEnd() == 0 ? fileSize : header.bssEnd() - load;
        if (offset < 0 || fileSize <= 0 || memorySize < fileSize || header.headerAddress() < load) {
            throw new ImageException("The multiboot header is corrupt: its load addresses contradict each other.");
        }
        if (!file.has(offset, fileSize)) {
            throw file.truncated("what its multiboot header says is loaded");
        }
        return new ElfFile.Segment(offset, load, load, fileSize, memorySize, 1);
    }

    @Override
    public String description() {
        return header.hasLoadAddresses() ? "multiboot kernel" : "multiboot ELF kernel";
    }

    @Override
    public LoadedKernel load(GuestMemory memory, LoadRequest request) throws ImageException {
        ElfFile image = new ElfFile(file, false, entry, segments, List.of(), file.size());
        image.load(memory, request.memoryMap(), 0);
        List<Placement.Placed> modules = Placement.modulesUpwards(memory, request, image.physicalEnd());
        ZeroPage.writeCommandLine(memory, request, BootLayout.COMMAND_LINE_SIZE - 1);
        StringArea strings = new StringArea(memory, request.commandLineBytes().length + 1);
        writeInformation(memory, request, modules, strings);
        BootDescriptors.write(memory, false);
        EntryState state = new EntryState(
                Mode.PROTECTED32, entry, BootLayout.STACK, BOOTED, BootLayout.START_INFO, 0, 0, BootLayout.GDT, BootDescriptors.LIMIT);
        List<String> notes = (header.flags() & MultibootHeader.VIDEO_MODE) == 0
                ? List.of()
                : List.of("The multiboot kernel asks for a video mode, and this machine has no display.");
        return new LoadedKernel(state, image.physicalStart(), image.physicalEnd(), 0, notes);
    }

    private static void writeInformation(GuestMemory memory, LoadRequest request, List<Placement.Placed> modules, StringArea strings)
            throws ImageException {
        List<MemoryMap.Range> ranges = request.memoryMap().ranges();
        long info = BootLayout.START_INFO;
        long list = info + INFO_SIZE;
        long map = list + (long) MODULE_SIZE * modules.size();
        int mapSize = MAP_ENTRY_SIZE * ranges.size();
        if (map + mapSize > info + BootLayout.START_INFO_SIZE) {
            throw new ImageException("There are too many modules or memory ranges for the multiboot information.");
        }
        memory.clear(info, BootLayout.START_INFO_SIZE);
        memory.writeInt(info, HAS_MEMORY | HAS_COMMAND_LINE | HAS_MODULES | HAS_MEMORY_MAP | HAS_LOADER_NAME);
        memory.writeInt(info + 4, (int) (lowerEnd(ranges) >> 10));
        memory.writeInt(info + 8, (int) (request.memoryMap().lowRamEnd() - MemoryMap.ONE_MIB >> 10));
        memory.writeInt(info + 16, (int) BootLayout.COMMAND_LINE);
        memory.writeInt(info + 20, modules.size());
        memory.writeInt(info + 24, (int) list);
        memory.writeInt(info + 44, mapSize);
        memory.writeInt(info + 48, (int) map);
        memory.writeInt(info + 64, (int) strings.add(LOADER_NAME));
        for (int i = 0; i < modules.size(); i++) {
            long at = list + (long) MODULE_SIZE * i;
            Placement.Placed module = modules.get(i);
            memory.writeInt(at, (int) module.address());
            memory.writeInt(at + 4, (int) (module.address() + module.size()));
            memory.writeInt(at + 8, (int) strings.add(request.modules().get(i).commandLine()));
        }
        for (int i = 0; i < ranges.size(); i++) {
            long at = map + (long) MAP_ENTRY_SIZE * i;
            memory.writeInt(at, MAP_ENTRY_SIZE - 4); // the size field does not count itself
            memory.writeLong(at + 4, ranges.get(i).start());
            memory.writeLong(at + 12, ranges.get(i).size());
            memory.writeInt(at + 20, ranges.get(i).type().number());
        }
    }

    /** End of the RAM that starts at 0, at most 640 KiB. */
    private static long lowerEnd(List<MemoryMap.Range> ranges) {
        return ranges.stream()
                .filter(r -> r.start() == 0 && r.type() == MemoryMap.Type.RAM)
                .mapToLong(r -> Math.min(r.end(), 640 << 10))
                .findFirst()
                .orElse(0);
    }
}
