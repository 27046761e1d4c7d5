package dev.quoll.emulator.core;

import dev.quoll.machine.Cpuid;
import java.lang.foreign.MemorySegment;

/**
 * Translates linear to physical addresses by the guest's page tables (SDM vol. 3, chapter 4): 32-bit, PAE and 4-level
 * paging with 4 KiB, 2 MiB, 4 MiB and 1 GiB pages. Sets accessed and dirty bits by compare-and-set, because other vCPUs
 * walk the same tables. The result of the last walk stands in the public fields.
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

    /** Physical address bits, as the engine offers them in CPUID 0x80000008. */
    private static final int PHYSICAL_BITS = Cpuid.Abilities.USUAL_PHYSICAL_ADDRESS_BITS;

    private static final long ADDRESS_MASK = (1L << PHYSICAL_BITS) - 4096;
    private static final long RESERVED_HIGH = ((1L << 52) - 1) & ~((1L << PHYSICAL_BITS) - 1);

    private final PhysicalMemory memory;
    private final MemorySegment ram;

    /** Physical address of the 4 KiB page that holds the linear address. */
    long page;
    /** Both paging levels and CR0.WP let the accessor write. */
    boolean writable;
    /** The leaf's dirty bit is set. */
    boolean dirty;
    /** The leaf is reachable from user mode. */
    boolean user;
    /** The leaf is global and CR4.PGE is set. */
    boolean global;
    /** The leaf maps 1 << shift bytes. */
    int shift;
    /** Error code of a failed walk. */
    int error;

    PageTableWalker(PhysicalMemory memory) {
        this.memory = memory;
        this.ram = memory.ram;
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
        if ((cpu.cr0 & ControlBits.CR0_PG) == 0) {
            page = linear & 0xfffff000L;
            writable = true;
            dirty = true;
            user = true;
            global = false;
            shift = 12;
            return true;
        }
        boolean nxEnabled = (cpu.efer & ControlBits.EFER_NXE) != 0;
        boolean pae = (cpu.cr4 & ControlBits.CR4_PAE) != 0;
        int base = (accessKind == WRITE ? WRITE_ACCESS : 0)
                | (userAccess ? USER_ACCESS : 0)
                | (accessKind == EXECUTE && (pae && nxEnabled || (cpu.cr4 & ControlBits.CR4_SMEP) != 0)
                        ? INSTRUCTION_FETCH
                        : 0);
        return pae
                ? walkLong(cpu, linear, accessKind, userAccess, smapForbids, nxEnabled, base)
                : walk32(cpu, linear, accessKind, userAccess, smapForbids, base);
    }

    private boolean walkLong(
            RegisterFile cpu,
            long linear,
            int accessKind,
            boolean userAccess,
            boolean smapForbids,
            boolean nxEnabled,
            int base) {
        boolean longMode = (cpu.efer & ControlBits.EFER_LMA) != 0;
        long reserved = RESERVED_HIGH | (nxEnabled ? 0 : ENTRY_NX);
        retry:
        for (; ; ) {
            int shift;
            long table;
            if (longMode) {
                shift = 39;
                table = cpu.cr3 & ADDRESS_MASK;
            } else {
                shift = 30;
                table = cpu.cr3 & 0xffffffe0L;
            }
            long rights = ENTRY_WRITABLE | ENTRY_USER;
            long noExecute = 0;
            for (; ; shift -= 9) {
                boolean pdptOfPae = !longMode && shift == 30;
                long indexMask = pdptOfPae ? 3 : 511;
                long entryAddress = table + ((linear >>> shift & indexMask) << 3);
                long entry = memory.readTable64(entryAddress);
                if ((entry & ENTRY_PRESENT) == 0) {
                    error = base;
                    return false;
                }
                if (pdptOfPae) {
                    // PAE directory pointers hold no rights, and bits 2:1 and 8:5 are reserved (SDM vol. 3, 4.4.1).
                    if ((entry & (RESERVED_HIGH | ENTRY_NX | 0x1e6)) != 0) {
                        error = base | PRESENT | RESERVED_BIT;
                        return false;
                    }
                    table = entry & ADDRESS_MASK;
                    continue;
                }
                boolean leaf = shift == 12 || shift <= 30 && (entry & ENTRY_LARGE) != 0;
                long forbidden = reserved;
                if (shift == 39) {
                    forbidden |= ENTRY_LARGE;
                } else if (leaf && shift > 12) {
                    // Between the PAT bit (12) and the frame, address bits must be 0.
                    forbidden |= (1L << shift) - 1 & ~0x1fffL;
                }
                if ((entry & forbidden) != 0) {
                    error = base | PRESENT | RESERVED_BIT;
                    return false;
                }
                rights &= entry;
                noExecute |= entry & ENTRY_NX;
                if (!leaf) {
                    if ((entry & ENTRY_ACCESSED) == 0
                            && !memory.compareAndSetTable64(entryAddress, entry, entry | ENTRY_ACCESSED)) {
                        continue retry;
                    }
                    table = entry & ADDRESS_MASK;
                    continue;
                }
                if (!permitted(cpu, rights, noExecute != 0, accessKind, userAccess, smapForbids)) {
                    error = base | PRESENT;
                    return false;
                }
                long wanted = entry | ENTRY_ACCESSED | (accessKind == WRITE ? ENTRY_DIRTY : 0);
                if (wanted != entry && !memory.compareAndSetTable64(entryAddress, entry, wanted)) {
                    continue retry;
                }
                finish(cpu, rights, wanted, userAccess);
                this.shift = shift;
                long offsetMask = (1L << shift) - 1;
                page = (entry & ADDRESS_MASK & ~offsetMask | linear & offsetMask) & ~0xfffL;
                return true;
            }
        }
    }

    private boolean walk32(
            RegisterFile cpu, long linear, int accessKind, boolean userAccess, boolean smapForbids, int base) {
        boolean largePages = (cpu.cr4 & ControlBits.CR4_PSE) != 0;
        retry:
        for (; ; ) {
            long directoryAddress = (cpu.cr3 & 0xfffff000L) + ((linear >>> 22 & 1023) << 2);
            int directory = memory.readTable32(directoryAddress);
            if ((directory & ENTRY_PRESENT) == 0) {
                error = base;
                return false;
            }
            long rights = directory & (ENTRY_WRITABLE | ENTRY_USER);
            boolean leaf = largePages && (directory & ENTRY_LARGE) != 0;
            long entryAddress = directoryAddress;
            int entry = directory;
            if (!leaf) {
                if ((directory & ENTRY_ACCESSED) == 0
                        && !memory.compareAndSetTable32(
                                directoryAddress, directory, directory | (int) ENTRY_ACCESSED)) {
                    continue;
                }
                entryAddress = (directory & 0xfffff000L) + ((linear >>> 12 & 1023) << 2);
                entry = memory.readTable32(entryAddress);
                if ((entry & ENTRY_PRESENT) == 0) {
                    error = base;
                    return false;
                }
                rights &= entry;
            } else if ((directory & 1 << 21) != 0) {
                // PSE-36: bits 20:13 extend the frame to 40 bits; bit 21 is reserved (SDM vol. 3, table 4-4).
                error = base | PRESENT | RESERVED_BIT;
                return false;
            }
            if (!permitted(cpu, rights, false, accessKind, userAccess, smapForbids)) {
                error = base | PRESENT;
                return false;
            }
            int wanted = entry | (int) ENTRY_ACCESSED | (accessKind == WRITE ? (int) ENTRY_DIRTY : 0);
            if (wanted != entry && !memory.compareAndSetTable32(entryAddress, entry, wanted)) {
                continue retry;
            }
            finish(cpu, rights, wanted, userAccess);
            shift = leaf ? 22 : 12;
            page = leaf
                    ? entry & 0xffc00000L | (entry & 0x1fe000L) << 19 | linear & 0x3ff000L
                    : entry & 0xfffff000L;
            return true;
        }
    }

    private boolean permitted(
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

    private void finish(RegisterFile cpu, long rights, long leaf, boolean userAccess) {
        writable = (rights & ENTRY_WRITABLE) != 0 || !userAccess && (cpu.cr0 & ControlBits.CR0_WP) == 0;
        dirty = (leaf & ENTRY_DIRTY) != 0;
        user = (rights & ENTRY_USER) != 0;
        global = (leaf & ENTRY_GLOBAL) != 0 && (cpu.cr4 & ControlBits.CR4_PGE) != 0;
    }
}
