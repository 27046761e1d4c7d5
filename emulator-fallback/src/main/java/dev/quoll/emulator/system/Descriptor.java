package dev.quoll.emulator.system;

/** Fields of segment descriptors and gates as they stand in memory, 8 bytes (SDM vol. 3, 3.4.5, 5.8.3, 6.11). */
final class Descriptor {
    /** Bits of {@link #access}. */
    static final int ACCESSED = 1;

    static final int WRITABLE_OR_READABLE = 1 << 1;
    static final int CONFORMING_OR_EXPAND_DOWN = 1 << 2;
    static final int CODE = 1 << 3;
    /** Code or data, not a system descriptor. */
    static final int MEMORY = 1 << 4;

    static final int PRESENT = 1 << 7;
    static final int LONG = 1 << 13;
    static final int BIG = 1 << 14;
    static final int GRANULAR = 1 << 15;

    // Types of system descriptors, bits 3:0 of access.
    static final int TSS16 = 1;
    static final int LDT = 2;
    static final int CALL_GATE16 = 4;
    static final int TASK_GATE = 5;
    static final int INTERRUPT_GATE16 = 6;
    static final int TRAP_GATE16 = 7;
    static final int TSS32 = 9;
    static final int CALL_GATE32 = 12;
    static final int INTERRUPT_GATE32 = 14;
    static final int TRAP_GATE32 = 15;
    /** Of a TSS: the task is running or suspended with a link to it. */
    static final int BUSY = 2;

    private Descriptor() {}

    /** Bits 7:0 type, S, DPL, P; 15:12 AVL, L, D/B, G, as in {@code RegisterFile.access}. */
    static int access(long descriptor) {
        return (int) (descriptor >>> 40) & 0xf0ff;
    }

    static long base(long descriptor) {
        return descriptor >>> 16 & 0xffffffL | descriptor >>> 32 & 0xff000000L;
    }

    /** Offset of the last byte, G applied. */
    static long limit(long descriptor) {
        long limit = descriptor & 0xffff | descriptor >>> 32 & 0xf0000;
        return (descriptor & 1L << 55) != 0 ? limit << 12 | 0xfff : limit;
    }

    static int dpl(int access) {
        return access >>> 5 & 3;
    }

    static boolean present(int access) {
        return (access & PRESENT) != 0;
    }

    static boolean code(int access) {
        return (access & (MEMORY | CODE)) == (MEMORY | CODE);
    }

    static boolean conformingCode(int access) {
        return (access & (MEMORY | CODE | CONFORMING_OR_EXPAND_DOWN)) == (MEMORY | CODE | CONFORMING_OR_EXPAND_DOWN);
    }

    static boolean writableData(int access) {
        return (access & (MEMORY | CODE | WRITABLE_OR_READABLE)) == (MEMORY | WRITABLE_OR_READABLE);
    }

    /** The system type, or -1 for a code or data descriptor. */
    static int systemType(int access) {
        return (access & MEMORY) != 0 ? -1 : access & 15;
    }

    static int gateSelector(long gate) {
        return (int) (gate >>> 16) & 0xffff;
    }

    /** Bits 31:0 of a gate's offset. */
    static long gateOffset(long gate) {
        return gate & 0xffff | gate >>> 32 & 0xffff0000L;
    }

    static int gateParameters(long gate) {
        return (int) (gate >>> 32) & 31;
    }

    static int interruptStack(long gate) {
        return (int) (gate >>> 32) & 7;
    }

    /** Selector with RPL cleared is 0: the null selector. */
    static boolean isNull(int selector) {
        return (selector & 0xfffc) == 0;
    }
}
