package dev.quoll.boot.image;

import dev.quoll.boot.image.EntryState.Mode;
import dev.quoll.machine.GuestMemory;
import java.util.List;
import java.util.Optional;

/**
 * Linux's bzImage, for x86-64 and i386. Entered by the 64-bit or the 32-bit boot protocol (Documentation/arch/x86/boot.rst),
 * either at the decompressor that it carries or, which is faster on an emulator, at the kernel proper after unpacking it here.
 */
public final class BzImage implements KernelImage {
    private static final int ENTRY_64 = 0x200;

    private final SetupHeader header;

    private BzImage(SetupHeader header) {
        this.header = header;
    }

    static BzImage of(ImageBytes file) throws ImageException {
        return new BzImage(SetupHeader.parse(file));
    }

    @Override
    public String description() {
        try {
            return "Linux bzImage %s (%s, boot protocol %d.%02d)".formatted(
                    header.kernelVersion(), header.has64BitEntry() ? "x86-64" : "i386", header.version() >> 8, header.version() & 0xff);
        } catch (ImageException e) {
            throw new AssertionError("the header was validated", e);
        }
    }

    @Override
    public LoadedKernel load(GuestMemory memory, LoadRequest request) throws ImageException {
        if (request.unpackPayload()) {
            return switch (Vmlinux.unpack(header)) {
                case Vmlinux.Unpacked.Kernel(Vmlinux vmlinux) -> loadUnpacked(memory, request, vmlinux);
                case Vmlinux.Unpacked.LeftToGuest(String reason) -> loadPacked(memory, request, List.of(
                        "The kernel unpacks itself in the guest, which takes longer: " + reason + "."));
            };
        }
        return loadPacked(memory, request, List.of());
    }

    private LoadedKernel loadUnpacked(GuestMemory memory, LoadRequest request, Vmlinux vmlinux) throws ImageException {
        long size = vmlinux.memorySize(header);
        long preferred = header.preferredAddress();
        Placement.requireKernelRam(request.memoryMap(), preferred, size);
        Placement.Placed ramdisk = Placement.initialRamdisk(request, preferred + size, header.initialRamdiskLimit());
        long ceiling = ramdisk.size() == 0 ? request.memoryMap().lowRamEnd() : ramdisk.address();
        Vmlinux.Position position = vmlinux.choose(header, request, ceiling);
        long entry = vmlinux.load(memory, request, position);
        return finish(memory, request, ramdisk, position.physical(), size, entry, position, vmlinux.notes(position));
    }

    private LoadedKernel loadPacked(GuestMemory memory, LoadRequest request, List<String> notes) throws ImageException {
        long size = header.initSize();
        long address = loadAddress(request.memoryMap(), size);
        Placement.Placed ramdisk = Placement.initialRamdisk(request, address + size, header.initialRamdiskLimit());
        int setupSize = header.setupSize();
        memory.write(address, header.file().array(), setupSize, header.file().size() - setupSize);
        long entry = header.has64BitEntry() ? address + ENTRY_64 : address;
        Vmlinux.Position position = new Vmlinux.Position(address, 0, false);
        return finish(memory, request, ramdisk, address, size, entry, position, notes);
    }

    /** The preferred address, or, where RAM is short and the kernel can be moved, the lowest that will do. */
    private long loadAddress(MemoryMap map, long size) throws ImageException {
        long preferred = header.preferredAddress();
        if (!map.isRam(preferred, size) && header.relocatable()) {
            long lowest = Placement.align(BootLayout.KERNEL_MINIMUM, header.alignment());
            if (map.isRam(lowest, size)) {
                return lowest;
            }
        }
        Placement.requireKernelRam(map, preferred, size);
        return preferred;
    }

    private LoadedKernel finish(
            GuestMemory memory,
            LoadRequest request,
            Placement.Placed ramdisk,
            long start,
            long size,
            long entry,
            Vmlinux.Position position,
            List<String> notes)
            throws ImageException {
        Placement.copyInitialRamdisk(memory, request, ramdisk);
        ZeroPage.write(memory, request, Optional.of(header), ramdisk, start, position.random());
        Mode mode = header.has64BitEntry() ? Mode.LONG64 : Mode.PROTECTED32;
        return new LoadedKernel(LinuxEntry.prepare(memory, mode, entry), start, start + size, position.virtualDelta(), notes);
    }
}
