package dev.quoll.boot.image;

import dev.quoll.boot.image.EntryState.Mode;
import dev.quoll.machine.GuestMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * An ELF kernel that names a PVH entry in a note: entered in 32-bit protected mode with EBX at {@code hvm_start_info}.
 * Source: Xen's docs/misc/pvh.pandoc and xen/include/public/arch-x86/hvm/start_info.h. All modules are passed on; Linux
 * takes the first as its initial ramdisk.
 */
public final class PvhKernel implements KernelImage {
    private static final int MAGIC = 0x336ec578;
    private static final int VERSION = 1;
    private static final int INFO_SIZE = 56;
    private static final int MODULE_SIZE = 32;
    private static final int MAP_ENTRY_SIZE = 24;

    private final ElfFile elf;
    private final long entry;

    PvhKernel(ElfFile elf, long entry) {
        this.elf = elf;
        this.entry = entry;
    }

    @Override
    public String description() {
        return "%s ELF kernel with PVH entry".formatted(elf.is64() ? "64-bit" : "32-bit");
    }

    @Override
    public LoadedKernel load(GuestMemory memory, LoadRequest request) throws ImageException {
        elf.load(memory, request.memoryMap(), 0);
        List<Placement.Placed> modules = modulesDownwards(memory, request);
        int textLimit = BootLayout.COMMAND_LINE_SIZE - 1;
        ZeroPage.writeCommandLine(memory, request, textLimit);
        StringArea strings = new StringArea(memory, request.commandLineBytes().length + 1);
        writeStartInfo(memory, request, modules, strings);
        BootDescriptors.write(memory, false);
        EntryState state = new EntryState(
                Mode.PROTECTED32, entry, BootLayout.STACK, 0, BootLayout.START_INFO, 0, 0, BootLayout.GDT, BootDescriptors.LIMIT);
        return new LoadedKernel(state, elf.physicalStart(), elf.physicalEnd(), 0, List.of());
    }

    /** From the top of low RAM down, each page-aligned, as the start info's modules must be. */
    private List<Placement.Placed> modulesDownwards(GuestMemory memory, LoadRequest request) throws ImageException {
        List<Placement.Placed> placed = new ArrayList<>();
        long ceiling = request.memoryMap().lowRamEnd();
        for (BootModule module : request.modules()) {
            LoadRequest one = request.withModules(module);
            Placement.Placed place = Placement.initialRamdisk(one, elf.physicalEnd(), ceiling);
            Placement.copyInitialRamdisk(memory, one, place);
            placed.add(place);
            ceiling = place.size() == 0 ? ceiling : place.address();
        }
        return placed;
    }

    private static void writeStartInfo(GuestMemory memory, LoadRequest request, List<Placement.Placed> modules, StringArea strings)
            throws ImageException {
        List<MemoryMap.Range> ranges = request.memoryMap().ranges();
        long info = BootLayout.START_INFO;
        long list = info + INFO_SIZE;
        long map = list + (long) MODULE_SIZE * modules.size();
        if (map + (long) MAP_ENTRY_SIZE * ranges.size() > info + BootLayout.START_INFO_SIZE) {
            throw new ImageException("There are too many modules or memory ranges for the PVH start info.");
        }
        memory.clear(info, BootLayout.START_INFO_SIZE);
        memory.writeInt(info, MAGIC);
        memory.writeInt(info + 4, VERSION);
        memory.writeInt(info + 12, modules.size());
        memory.writeLong(info + 16, modules.isEmpty() ? 0 : list);
        memory.writeLong(info + 24, BootLayout.COMMAND_LINE);
        memory.writeLong(info + 32, request.rsdpAddress());
        memory.writeLong(info + 40, map);
        memory.writeInt(info + 48, ranges.size());
        for (int i = 0; i < modules.size(); i++) {
            long at = list + (long) MODULE_SIZE * i;
            String text = request.modules().get(i).commandLine();
            memory.writeLong(at, modules.get(i).address());
            memory.writeLong(at + 8, modules.get(i).size());
            memory.writeLong(at + 16, text.isEmpty() ? 0 : strings.add(text));
        }
        for (int i = 0; i < ranges.size(); i++) {
            long at = map + (long) MAP_ENTRY_SIZE * i;
            memory.writeLong(at, ranges.get(i).start());
            memory.writeLong(at + 8, ranges.get(i).size());
            memory.writeInt(at + 16, ranges.get(i).type().number());
        }
    }
}
