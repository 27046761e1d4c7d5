package dev.quoll.boot.image;

import dev.quoll.machine.GuestMemory;
import java.util.List;
import java.util.Optional;

/**
 * Linux's {@code struct boot_params}, which the kernel finds through RSI. Offsets: Documentation/arch/x86/zero-page.rst.
 * Also puts the command line where the zero page points to.
 */
final class ZeroPage {
    private static final int SIZE = 0x1000;
    private static final int ACPI_RSDP_ADDR = 0x070;
    private static final int E820_ENTRIES = 0x1e8;
    private static final int E820_TABLE = 0x2d0;
    private static final int E820_ENTRY_SIZE = 20;
    private static final int E820_MAX = 128;
    private static final int BOOT_FLAG = 0x1fe;
    private static final int HEADER_MAGIC = 0x202;
    private static final int VERSION = 0x206;
    private static final int TYPE_OF_LOADER = 0x210;
    private static final int LOADFLAGS = 0x211;
    private static final int CODE32_START = 0x214;
    private static final int RAMDISK_IMAGE = 0x218;
    private static final int RAMDISK_SIZE = 0x21c;
    private static final int CMD_LINE_PTR = 0x228;
    private static final int KERNEL_ALIGNMENT = 0x230;
    private static final int CMDLINE_SIZE = 0x238;
    /** Loaders without a number of their own are 0xff; zero would make the kernel ignore its initial ramdisk. */
    private static final byte UNDEFINED_LOADER = (byte) 0xff;
    /** The longest command line of x86 kernels whose header does not tell ({@code COMMAND_LINE_SIZE}). */
    private static final int DEFAULT_COMMAND_LINE = 2047;
    private static final short PROTOCOL = 0x20f;

    private ZeroPage() {}

    /** @param header copied from a bzImage, else one is made up as far as the kernel proper reads it */
    static void write(
            GuestMemory memory, LoadRequest request, Optional<SetupHeader> header, Placement.Placed ramdisk, long kernelStart, boolean kaslr)
            throws ImageException {
        long page = BootLayout.ZERO_PAGE;
        memory.clear(page, SIZE);
        int commandLineLimit = DEFAULT_COMMAND_LINE;
        if (header.isPresent()) {
            SetupHeader h = header.get();
            commandLineLimit = h.commandLineLimit();
            memory.write(page + SetupHeader.START, h.file().array(), SetupHeader.START, h.end() - SetupHeader.START);
        } else {
            memory.writeShort(page + BOOT_FLAG, (short) 0xaa55);
            memory.writeInt(page + HEADER_MAGIC, SetupHeader.MAGIC);
            memory.writeShort(page + VERSION, PROTOCOL);
            memory.writeInt(page + KERNEL_ALIGNMENT, 0x200000);
            memory.writeInt(page + CMDLINE_SIZE, DEFAULT_COMMAND_LINE);
        }
        memory.writeByte(page + TYPE_OF_LOADER, UNDEFINED_LOADER);
        int loadFlags = memory.readByte(page + LOADFLAGS) & ~SetupHeader.KASLR_FLAG;
        memory.writeByte(page + LOADFLAGS, (byte) (loadFlags | SetupHeader.LOADED_HIGH | (kaslr ? SetupHeader.KASLR_FLAG : 0)));
        memory.writeInt(page + CODE32_START, (int) kernelStart);
        memory.writeInt(page + RAMDISK_IMAGE, (int) ramdisk.address());
        memory.writeInt(page + RAMDISK_SIZE, (int) ramdisk.size());
        writeCommandLine(memory, request, commandLineLimit);
        memory.writeInt(page + CMD_LINE_PTR, (int) BootLayout.COMMAND_LINE);
        memory.writeLong(page + ACPI_RSDP_ADDR, request.rsdpAddress());
        writeE820(memory, request.memoryMap().ranges());
    }

    /** @param limit most bytes, the ending zero not counted */
    static void writeCommandLine(GuestMemory memory, LoadRequest request, int limit) throws ImageException {
        byte[] text = request.commandLineBytes();
        if (text.length > limit) {
            throw new ImageException("The kernel command line has %d bytes, and this kernel takes %d.".formatted(text.length, limit));
        }
        memory.write(BootLayout.COMMAND_LINE, text);
        memory.writeByte(BootLayout.COMMAND_LINE + text.length, (byte) 0);
    }

    private static void writeE820(GuestMemory memory, List<MemoryMap.Range> ranges) throws ImageException {
        if (ranges.size() > E820_MAX) {
            throw new ImageException("The memory map has %d ranges, and the kernel takes %d.".formatted(ranges.size(), E820_MAX));
        }
        memory.writeByte(BootLayout.ZERO_PAGE + E820_ENTRIES, (byte) ranges.size());
        long at = BootLayout.ZERO_PAGE + E820_TABLE;
        for (MemoryMap.Range range : ranges) {
            memory.writeLong(at, range.start());
            memory.writeLong(at + 8, range.size());
            memory.writeInt(at + 16, range.type().number());
            at += E820_ENTRY_SIZE;
        }
    }
}
