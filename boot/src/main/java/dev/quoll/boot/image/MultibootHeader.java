package dev.quoll.boot.image;

import java.util.Optional;

/** The multiboot header, found by its magic and checksum (Multiboot Specification 0.6.96, 3.1). {@code offset} is its place in the file. */
record MultibootHeader(ImageBytes file, int offset, int flags) {
    static final int VIDEO_MODE = 0x4;
    private static final int MAGIC = 0x1badb002;
    private static final int SEARCH = 8192;
    private static final int LOAD_ADDRESSES = 0x10000;
    /** Requirements that a loader has to meet or refuse; page-aligned modules, memory and video information are known. */
    private static final int UNKNOWN_REQUIREMENTS = 0xfff8;

    static Optional<MultibootHeader> find(ImageBytes file) throws ImageException {
        for (int at = 0; at + 12 <= Math.min(file.size(), SEARCH); at += 4) {
            if (file.i32(at) == MAGIC && MAGIC + file.i32(at + 4) + file.i32(at + 8) == 0) {
                return Optional.of(new MultibootHeader(file, at, file.i32(at + 4)));
            }
        }
        return Optional.empty();
    }

    void checkRequirements() throws ImageException {
        if ((flags & UNKNOWN_REQUIREMENTS) != 0) {
            throw new ImageException(
                    "The multiboot kernel asks for features 0x%x that no loader knows.".formatted(flags & UNKNOWN_REQUIREMENTS));
        }
    }

    /** Whether the header itself says where to load: then ELF headers do not count. */
    boolean hasLoadAddresses() {
        return (flags & LOAD_ADDRESSES) != 0;
    }

    long headerAddress() throws ImageException {
        return file.u32(offset + 12L);
    }

    long loadAddress() throws ImageException {
        return file.u32(offset + 16L);
    }

    long loadEnd() throws ImageException {
        return file.u32(offset + 20L);
    }

    long bssEnd() throws ImageException {
        return file.u32(offset + 24L);
    }

    long entry() throws ImageException {
        return file.u32(offset + 28L);
    }
}
