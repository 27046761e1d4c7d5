package dev.quoll.boot.image;

import dev.quoll.boot.image.EntryState.Mode;
import dev.quoll.machine.GuestMemory;
import java.util.List;
import java.util.Optional;

/** An unpacked Linux kernel (vmlinux) without a PVH note, entered by the 64-bit (ELF64) or 32-bit (ELF32) boot protocol. */
public final class ElfKernel implements KernelImage {
    private final ElfFile elf;
    private final long entry;

    private ElfKernel(ElfFile elf, long entry) {
        this.elf = elf;
        this.entry = entry;
    }

    static ElfKernel of(ElfFile elf) throws ImageException {
        return new ElfKernel(elf, elf.physicalEntry());
    }

    @Override
    public String description() {
        return elf.is64() ? "64-bit ELF kernel" : "32-bit ELF kernel";
    }

    @Override
    public LoadedKernel load(GuestMemory memory, LoadRequest request) throws ImageException {
        long start = elf.physicalStart();
        long end = elf.physicalEnd();
        Placement.Placed ramdisk = Placement.initialRamdisk(request, end, Long.MAX_VALUE);
        elf.load(memory, request.memoryMap(), 0);
        Placement.copyInitialRamdisk(memory, request, ramdisk);
        ZeroPage.write(memory, request, Optional.empty(), ramdisk, start, false);
        Mode mode = elf.is64() ? Mode.LONG64 : Mode.PROTECTED32;
        return new LoadedKernel(LinuxEntry.prepare(memory, mode, entry), start, end, 0, List.of());
    }
}
