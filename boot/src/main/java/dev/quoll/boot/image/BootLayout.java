package dev.quoll.boot.image;

/** Where the loaders put things below 1 MiB. Guest-physical addresses; one place for all protocols. */
final class BootLayout {
    static final long GDT = 0x500;
    /** PVH start info or multiboot info, with module list and memory map behind it: one page. */
    static final long START_INFO = 0x6000;
    static final int START_INFO_SIZE = 0x1000;
    static final long ZERO_PAGE = 0x7000;
    static final long STACK = 0x8ff0;
    /** Root, one directory pointer table and four directories: 4 GiB in 2 MiB pages. */
    static final long PAGE_TABLES = 0x9000;
    static final long COMMAND_LINE = 0x20000;
    static final int COMMAND_LINE_SIZE = 0x10000;
    /** Nothing of a kernel may be loaded below. */
    static final long KERNEL_MINIMUM = MemoryMap.ONE_MIB;

    private BootLayout() {}
}
