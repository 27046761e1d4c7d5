package dev.quoll.emulator.core;

import java.lang.foreign.MemorySegment;

/**
 * Translates linear to physical addresses by the guest's page tables (SDM vol. 3, chapter 4; APM vol. 2, chapter 5):
 * 32-bit, PAE, 4-level and 5-level paging with 4 KiB, 2 MiB, 4 MiB and 1 GiB pages. Where the manuals differ, as AMD
 * does. Sets accessed and dirty bits by compare-and-set, because other vCPUs walk the same tables. The result of the
 * last walk stands in the fields.
 */
final class PageTableWalker {
    static final int READ = 0;
    static final int WRITE = 1;
    static final int EXECUTE = 2;

    /** Page-fault error code bits (SDM vol. 3, 4.7). */
    static final int PRESENT = 1;

    static final int WRITE_ACCESS = 2;
    static final int USER_ACCESS = 4;
    static final int RESERVED_BIT = 8;
    static final int INSTRUCTION_FETCH = 16;

    private static final long ENTRY_PRESENT = 1;
    private static final long ENTRY_WRITABLE = 2;
    private static final long ENTRY_USER = 4;
    private static final long ENTRY_ACCESSED = 1 << 5;
    private static final long ENTRY_DIRTY = 1 << 6;
    private static final long ENTRY_LARGE = 1 << 7;
    private static final long ENTRY_GLOBAL = 1 << 8;
    private static final long ENTRY_NX = 1L << 63;
    /** A PAE directory pointer has no rights: bits 2:1, 8:5 and 63 are reserved (SDM vol. 3, table 4-8). */
    private static final long POINTER_RESERVED = 0x1e6 | ENTRY_NX;
    /** Bit 21 of a PDE for a 4 MiB page; bits 20:13 hold address bits 39:32 (SDM vol. 3, table 4-4). */
    private static final int LARGE32_RESERVED = 1 << 21;

    private static final int LEVELS = 5;

    private final PhysicalMemory memory;
    private final MemorySegment ram;
    private final long addressMask;
    /** Address bits at and above MAXPHYADDR; with 64-bit paging bits 62:52 are the software's, with PAE they are not. */
    private final long reserved64;

    private final long reservedPae;

    /** Physical address of the 4 KiB page that holds the linear address. */
    long page;
    /** The leaf is global and CR4.PGE is set. */
    boolean global;
    /** The leaf maps 1 << shift bytes. */
    int shift;
    /** Error code of a failed walk. */
    int error;

    /** Offsets in the RAM mapping of entries whose accessed or dirty bit was set in a page that holds decoded code. */
    final long[] codeWrites = new long[LEVELS];

    int codeWriteCount;

    PageTableWalker(PhysicalMemory memory) {
        this.memory = memory;
        this.ram = memory.ram;
        long above = -1L << memory.addressBits;
        addressMask = ~above & -4096L;
        reserved64 = above & (1L << 52) - 1;
        reservedPae = above & ~ENTRY_NX;
    }

    /**
     * Walks the tables.
     *
     * @param linear canonical linear address
     * @param accessKind {@link #READ}, {@link #WRITE} or {@link #EXECUTE}
     * @param userAccess whether the access counts as made at CPL 3
     * @param smapForbids whether a supervisor data access to a user page is a violation
     * @return false when the access faults: {@link #error} then holds the error code
     */
    boolean walk(RegisterFile cpu, long linear, int accessKind, boolean userAccess, boolean smapForbids) {
        codeWriteCount = 0;
        if ((cpu.cr0 & ControlBits.CR0_PG) == 0) {
            page = linear & 0xfffff000L;
            global = false;
            shift = 12;
            return true;
        }
        boolean nxEnabled = (cpu.efer & ControlBits.EFER_NXE) != 0;
        boolean pae = (cpu.cr4 & ControlBits.CR4_PAE) != 0;
        boolean reportsFetch = pae && nxEnabled || (cpu.cr4 & ControlBits.CR4_SMEP) != 0;
        int base = (accessKind == WRITE ? WRITE_ACCESS : 0)
                | (userAccess ? USER_ACCESS : 0)
                | (accessKind == EXECUTE && reportsFetch ? INSTRUCTION_FETCH : 0);
        return pae
                ? walkWide(cpu, linear, accessKind, userAccess, smapForbids, nxEnabled, base)
                : walk32(cpu, linear, accessKind, userAccess, smapForbids, base);
    }

    private boolean fault(int code) {
        error = code;
        return false;
    }

    /** Tables of 512 entries of 8 bytes. */
    private boolean walkWide(
            RegisterFile cpu,
            long linear,
            int accessKind,
            boolean userAccess,
            boolean smapForbids,
            boolean nxEnabled,
            int base) {
        boolean longMode = (cpu.efer & ControlBits.EFER_LMA) != 0;
        long reserved = (longMode ? reserved64 : reservedPae) | (nxEnabled ? 0 : ENTRY_NX);
        retry:
        for (; ; ) {
            int level;
            long table;
            if (longMode) {
                level = (cpu.cr4 & ControlBits.CR4_LA57) != 0 ? 48 : 39;
                table = cpu.cr3 & addressMask;
            } else {
                level = 21;
                long pointer = directoryPointer(cpu, (int) (linear >>> 30) & 3);
                if ((pointer & ENTRY_PRESENT) == 0) {
                    return fault(base);
                }
                table = pointer & addressMask;
            }
            long rights = ENTRY_WRITABLE | ENTRY_USER;
            long noExecute = 0;
            for (; ; level -= 9) {
                long entryAddress = table + ((linear >>> level & 511) << 3);
                long entry = memory.readTable64(entryAddress);
                if ((entry & ENTRY_PRESENT) == 0) {
                    return fault(base);
                }
                boolean leaf = level == 12 || level <= 30 && (entry & ENTRY_LARGE) != 0;
                long forbidden = reserved;
                if (level >= 39) {
                    // No pages of that size; AMD also reserves the place of the global bit (APM vol. 2, 5.4.1).
                    forbidden |= ENTRY_LARGE | ENTRY_GLOBAL;
                } else if (leaf && level > 12) {
                    // Between the PAT bit (12) and the frame, address bits must be 0.
                    forbidden |= (1L << level) - 1 & ~0x1fffL;
                }
                if ((entry & forbidden) != 0) {
                    return fault(base | PRESENT | RESERVED_BIT);
                }
                rights &= entry;
                noExecute |= entry & ENTRY_NX;
                if (!leaf) {
                    if ((entry & ENTRY_ACCESSED) == 0 && !update64(entryAddress, entry, entry | ENTRY_ACCESSED)) {
                        continue retry;
                    }
                    table = entry & addressMask;
                    continue;
                }
                if (!permitted(cpu, rights, noExecute != 0, accessKind, userAccess, smapForbids)) {
                    return fault(base | PRESENT);
                }
                long wanted = entry | ENTRY_ACCESSED | (accessKind == WRITE ? ENTRY_DIRTY : 0);
                if (wanted != entry && !update64(entryAddress, entry, wanted)) {
                    continue retry;
                }
                global = (entry & ENTRY_GLOBAL) != 0 && (cpu.cr4 & ControlBits.CR4_PGE) != 0;
                shift = level;
                long offsetMask = (1L << level) - 1;
                page = (entry & addressMask & ~offsetMask | linear & offsetMask) & ~0xfffL;
                return true;
            }
        }
    }

    /** One of the four registers of PAE paging; after a restored state they are filled at their first use. */
    private long directoryPointer(RegisterFile cpu, int index) {
        if (!cpu.directoryPointersLoaded) {
            for (int i = 0; i < 4; i++) {
                cpu.directoryPointers[i] = memory.readTable64(pointerTable(cpu.cr3) + 8 * i);
            }
            cpu.directoryPointersLoaded = true;
        }
        return cpu.directoryPointers[index];
    }

    private static long pointerTable(long cr3) {
        return cr3 & 0xffffffe0L;
    }

    /**
     * Loads the PAE directory pointers as MOV to CR3 does (SDM vol. 3, 4.4.1).
     *
     * @return false, with the registers as they were, when one is present and has a reserved bit set: #GP
     */
    boolean loadDirectoryPointers(RegisterFile cpu, long cr3) {
        long[] loaded = new long[4];
        for (int i = 0; i < 4; i++) {
            loaded[i] = memory.readTable64(pointerTable(cr3) + 8 * i);
            if ((loaded[i] & ENTRY_PRESENT) != 0 && (loaded[i] & (reservedPae | POINTER_RESERVED)) != 0) {
                return false;
            }
        }
        System.arraycopy(loaded, 0, cpu.directoryPointers, 0, 4);
        cpu.directoryPointersLoaded = true;
        return true;
    }

    private boolean walk32(
            RegisterFile cpu, long linear, int accessKind, boolean userAccess, boolean smapForbids, int base) {
        boolean largePages = (cpu.cr4 & ControlBits.CR4_PSE) != 0;
        retry:
        for (; ; ) {
            long directoryAddress = (cpu.cr3 & 0xfffff000L) + ((linear >>> 22 & 1023) << 2);
            int directory = memory.readTable32(directoryAddress);
            if ((directory & ENTRY_PRESENT) == 0) {
                return fault(base);
            }
            long rights = directory & (ENTRY_WRITABLE | ENTRY_USER);
            boolean leaf = largePages && (directory & ENTRY_LARGE) != 0;
            long entryAddress = directoryAddress;
            int entry = directory;
            if (!leaf) {
                if ((directory & ENTRY_ACCESSED) == 0
                        && !update32(directoryAddress, directory, directory | (int) ENTRY_ACCESSED)) {
                    continue;
                }
                entryAddress = (directory & 0xfffff000L) + ((linear >>> 12 & 1023) << 2);
                entry = memory.readTable32(entryAddress);
                if ((entry & ENTRY_PRESENT) == 0) {
                    return fault(base);
                }
                rights &= entry;
            } else if ((directory & LARGE32_RESERVED | largeFrame(directory) & reserved64) != 0) {
                return fault(base | PRESENT | RESERVED_BIT);
            }
            if (!permitted(cpu, rights, false, accessKind, userAccess, smapForbids)) {
                return fault(base | PRESENT);
            }
            int wanted = entry | (int) ENTRY_ACCESSED | (accessKind == WRITE ? (int) ENTRY_DIRTY : 0);
            if (wanted != entry && !update32(entryAddress, entry, wanted)) {
                continue retry;
            }
            global = (entry & ENTRY_GLOBAL) != 0 && (cpu.cr4 & ControlBits.CR4_PGE) != 0;
            shift = leaf ? 22 : 12;
            page = leaf ? largeFrame(entry) | linear & 0x3ff000L : entry & 0xfffff000L;
            return true;
        }
    }

    /** PSE-36: bits 20:13 of a PDE for a 4 MiB page are address bits 39:32. */
    private static long largeFrame(int directory) {
        return directory & 0xffc00000L | (directory & 0x1fe000L) << 19;
    }

    private static boolean permitted(
            RegisterFile cpu, long rights, boolean noExecute, int accessKind, boolean userAccess, boolean smapForbids) {
        boolean userPage = (rights & ENTRY_USER) != 0;
        if (userAccess && !userPage) {
            return false;
        }
        return switch (accessKind) {
            case EXECUTE ->
                !noExecute && (userAccess || !userPage || (cpu.cr4 & ControlBits.CR4_SMEP) == 0);
            case WRITE ->
                !(userPage && smapForbids)
                        && ((rights & ENTRY_WRITABLE) != 0 || !userAccess && (cpu.cr0 & ControlBits.CR0_WP) == 0);
            default -> !(userPage && smapForbids);
        };
    }

    /** Sets bits of an entry; false when another vCPU was there first. Entries outside RAM cannot be changed. */
    private boolean update64(long physical, long expected, long value) {
        long offset = memory.writableOffsetOf(physical);
        if (offset < 0) {
            return true;
        }
        boolean done = HostMemory.compareAndSetLong(ram, memory.ramBase + offset, expected, value);
        return done && noteWrite(offset);
    }

    private boolean update32(long physical, int expected, int value) {
        long offset = memory.writableOffsetOf(physical);
        if (offset < 0) {
            return true;
        }
        boolean done = HostMemory.compareAndSetInt(ram, memory.ramBase + offset, expected, value);
        return done && noteWrite(offset);
    }

    private boolean noteWrite(long offset) {
        memory.noteWrite((int) (offset >>> 12));
        if (memory.holdsCode((int) (offset >>> 12)) && codeWriteCount < LEVELS) {
            codeWrites[codeWriteCount++] = offset;
        }
        return true;
    }
}
