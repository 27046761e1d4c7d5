package dev.quoll.boot.image;

import dev.quoll.boot.image.EntryState.Mode;
import dev.quoll.machine.GuestMemory;

/** The processor's state for Linux's 32-bit and 64-bit boot protocols: RSI holds the zero page's address. */
final class LinuxEntry {
    private LinuxEntry() {}

    /** Writes the descriptor table and, for 64-bit mode, the page tables. */
    static EntryState prepare(GuestMemory memory, Mode mode, long entry) {
        boolean is64 = mode == Mode.LONG64;
        BootDescriptors.write(memory, is64);
        long cr3 = is64 ? BootPageTables.write(memory) : 0;
        return new EntryState(mode, entry, BootLayout.STACK, 0, 0, BootLayout.ZERO_PAGE, cr3, BootLayout.GDT, BootDescriptors.LIMIT);
    }
}
