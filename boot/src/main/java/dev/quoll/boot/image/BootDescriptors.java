package dev.quoll.boot.image;

import dev.quoll.machine.GuestMemory;

/**
 * The global descriptor table that every kernel is entered with. Descriptor layout: SDM vol. 3, 3.4.5 and 7.2.2. The
 * values are public because the processor's hidden segment state must match them from the start.
 */
public final class BootDescriptors {
    /** Code, read and execute, accessed, 32-bit, base 0, limit 4 GiB. */
    public static final long CODE32 = 0x00cf9b000000ffffL;
    /** Code, read and execute, accessed, 64-bit. */
    public static final long CODE64 = 0x00af9b000000ffffL;
    /** Data, read and write, accessed, base 0, limit 4 GiB. */
    public static final long DATA = 0x00cf93000000ffffL;
    /** Busy 32-bit (in long mode 64-bit) task state segment, base 0, limit 0x67. */
    public static final long TASK = 0x00008b0000000067L;

    static final int LIMIT = 4 * 8 - 1;

    private BootDescriptors() {}

    static void write(GuestMemory memory, boolean code64) {
        long base = BootLayout.GDT;
        memory.writeLong(base, 0);
        memory.writeLong(base + EntryState.TASK_SELECTOR, TASK);
        memory.writeLong(base + EntryState.CODE_SELECTOR, code64 ? CODE64 : CODE32);
        memory.writeLong(base + EntryState.DATA_SELECTOR, DATA);
    }
}
