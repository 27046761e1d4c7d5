package dev.quoll.boot.image;

import dev.quoll.machine.GuestMemory;

/** The identity map of the first 4 GiB in 2 MiB pages that the 64-bit boot protocol asks for (SDM vol. 3, 4.5). */
final class BootPageTables {
    private static final int PRESENT_WRITABLE = 0x3;
    private static final int LARGE_PAGE = 0x80;
    private static final int PAGE = 0x1000;
    private static final int DIRECTORIES = 4;

    private BootPageTables() {}

    /** Writes the tables and returns the root's address, for CR3. */
    static long write(GuestMemory memory) {
        long root = BootLayout.PAGE_TABLES;
        long pointers = root + PAGE;
        memory.clear(root, 2 * PAGE);
        memory.writeLong(root, pointers | PRESENT_WRITABLE);
        for (int i = 0; i < DIRECTORIES; i++) {
            long directory = pointers + (long) PAGE * (i + 1);
            memory.writeLong(pointers + 8L * i, directory | PRESENT_WRITABLE);
            for (int entry = 0; entry < 512; entry++) {
                long page = (i * 512L + entry) << 21;
                memory.writeLong(directory + 8L * entry, page | LARGE_PAGE | PRESENT_WRITABLE);
            }
        }
        return root;
    }
}
