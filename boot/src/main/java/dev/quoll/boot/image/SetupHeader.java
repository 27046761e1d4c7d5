package dev.quoll.boot.image;

/**
 * The real-mode setup header of a bzImage, validated. Offsets and meanings: Linux's Documentation/arch/x86/boot.rst,
 * "The Real-Mode Kernel Header". Fields that the image's protocol version does not have take the values the document gives
 * for it.
 */
record SetupHeader(ImageBytes file, int version) {
    static final int START = 0x1f1;
    private static final int MAGIC_OFFSET = 0x202;
    static final int MAGIC = 0x53726448; // "HdrS"
    private static final int BOOT_FLAG = 0xaa55;
    private static final int SECTOR = 512;
    private static final int XLF_KERNEL_64 = 1;
    private static final long OLD_LOAD_ADDRESS = 0x100000;
    private static final long OLD_INITRD_LIMIT = 0x37ffffff;
    private static final int OLD_COMMAND_LINE = 255;

    static final int LOADED_HIGH = 1;
    static final int KASLR_FLAG = 2;

    static boolean recognise(ImageBytes file) throws ImageException {
        return file.has(MAGIC_OFFSET, 4) && file.i32(MAGIC_OFFSET) == MAGIC && file.u16(0x1fe) == BOOT_FLAG;
    }

    static SetupHeader parse(ImageBytes file) throws ImageException {
        SetupHeader header = new SetupHeader(file, file.u16(0x206));
        if (header.version < 0x204) {
            throw new ImageException("The kernel is too old: it speaks boot protocol %d.%02d, and at least 2.04 is needed."
                    .formatted(header.version >> 8, header.version & 0xff));
        }
        if ((file.u8(0x211) & LOADED_HIGH) == 0) {
            throw new ImageException("The kernel is a zImage, which is loaded below 1 MiB, and not a bzImage.");
        }
        if (!file.has(header.setupSize(), 1)) {
            throw file.truncated("its setup code");
        }
        // The size is in paragraphs of 16 bytes, so the last one may be incomplete in the file.
        long protectedSize = file.u32(0x1f4) * 16;
        if (protectedSize - 15 > file.size() - header.setupSize()) {
            throw file.truncated("its protected-mode code");
        }
        if (header.end() > 0x290 || header.end() < 0x22c) {
            throw new ImageException("The kernel's setup header is corrupt: it says that it ends at 0x%x.".formatted(header.end()));
        }
        long alignment = header.alignment();
        if (alignment == 0 || (alignment & alignment - 1) != 0 || alignment > 1L << 30 || header.preferredAddress() < 0) {
            throw new ImageException("The kernel's setup header is corrupt: it asks for an alignment of 0x%x at 0x%x."
                    .formatted(alignment, header.preferredAddress()));
        }
        return header;
    }

    /** Bytes of boot sector and setup code, which the protected-mode kernel follows in the file. */
    int setupSize() throws ImageException {
        int sectors = file.u8(START);
        return ((sectors == 0 ? 4 : sectors) + 1) * SECTOR;
    }

    /** File offset behind the header: the jump at 0x200 leads there. */
    int end() throws ImageException {
        return 0x202 + file.u8(0x201);
    }

    boolean has64BitEntry() throws ImageException {
        return version >= 0x20c && (file.u16(0x236) & XLF_KERNEL_64) != 0;
    }

    long initialRamdiskLimit() throws ImageException {
        return file.u32(0x22c) == 0 ? OLD_INITRD_LIMIT + 1 : file.u32(0x22c) + 1;
    }

    int commandLineLimit() throws ImageException {
        return version >= 0x206 ? (int) Math.min(file.u32(0x238), BootLayout.COMMAND_LINE_SIZE - 1) : OLD_COMMAND_LINE;
    }

    long alignment() throws ImageException {
        return version >= 0x205 && relocatable() ? file.u32(0x230) : 0x1000;
    }

    boolean relocatable() throws ImageException {
        return version >= 0x205 && file.u8(0x234) != 0;
    }

    long preferredAddress() throws ImageException {
        return version >= 0x20a ? file.u64(0x258) : OLD_LOAD_ADDRESS;
    }

    /** Linear memory that the kernel needs from where it runs until it has read its memory map. */
    long initSize() throws ImageException {
        long image = file.size() - setupSize();
        return version >= 0x20a ? Math.max(file.u32(0x260), image) : image;
    }

    /** File offset of the packed kernel, or 0 when the header does not tell. */
    long payloadOffset() throws ImageException {
        return version >= 0x208 && file.u32(0x248) != 0 ? setupSize() + file.u32(0x248) : 0;
    }

    long payloadLength() throws ImageException {
        return version >= 0x208 ? file.u32(0x24c) : 0;
    }

    /** The version text that the setup code would show; empty when there is none. */
    String kernelVersion() throws ImageException {
        int pointer = file.u16(0x20e);
        if (pointer == 0) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        for (long at = 0x200L + pointer; file.has(at, 1) && text.length() < 128; at++) {
            int c = file.u8(at);
            if (c < ' ' || c > '~') {
                break;
            }
            text.append((char) c);
        }
        int blank = text.indexOf(" ");
        return blank < 0 ? text.toString() : text.substring(0, blank);
    }
}
