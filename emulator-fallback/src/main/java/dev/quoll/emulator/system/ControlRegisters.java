package dev.quoll.emulator.system;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.RegisterFile;

/** Writes to control registers with their checks and the flushes they imply (SDM vol. 3, 2.5, 4.10.4; APM vol. 2, 3.1). */
final class ControlRegisters {
    private static final long CR0_BITS = ControlBits.CR0_PE
            | ControlBits.CR0_MP
            | ControlBits.CR0_EM
            | ControlBits.CR0_TS
            | ControlBits.CR0_ET
            | ControlBits.CR0_NE
            | ControlBits.CR0_WP
            | ControlBits.CR0_AM
            | ControlBits.CR0_NW & 0xffffffffL
            | ControlBits.CR0_CD & 0xffffffffL
            | ControlBits.CR0_PG;
    private static final long CR4_FLUSHING = ControlBits.CR4_PSE
            | ControlBits.CR4_PAE
            | ControlBits.CR4_PGE
            | ControlBits.CR4_PCIDE
            | ControlBits.CR4_SMEP
            | ControlBits.CR4_SMAP;
    /** A change of these loads the directory pointers of PAE paging again (SDM vol. 3, 4.4.1). */
    private static final long CR4_RELOADING = ControlBits.CR4_PAE
            | ControlBits.CR4_PGE
            | ControlBits.CR4_PSE
            | ControlBits.CR4_SMEP;
    private static final long PCID = 0xfff;

    private ControlRegisters() {}

    /** Value of CR0, 2, 3, 4 or 8. */
    static long read(Cpu cpu, int number) {
        return switch (number) {
            case 0 -> cpu.cr0;
            case 2 -> cpu.cr2;
            case 3 -> cpu.cr3;
            case 4 -> cpu.cr4;
            default -> cpu.platform().taskPriority();
        };
    }

    static void write(Cpu cpu, Op op, int number, long value) {
        switch (number) {
            case 0 -> writeCr0(cpu, op, value);
            case 2 -> cpu.cr2 = value;
            case 3 -> writeCr3(cpu, op, value);
            case 4 -> writeCr4(cpu, op, value);
            default -> {
                require(cpu, op, (value & ~15L) == 0);
                cpu.platform().setTaskPriority((int) value);
                cpu.interruptsMayBeOpen();
            }
        }
    }

    private static void require(Cpu cpu, Op op, boolean legal) {
        if (!legal) {
            throw cpu.generalProtection(op, 0);
        }
    }

    static void writeCr0(Cpu cpu, Op op, long value) {
        boolean paging = (value & ControlBits.CR0_PG) != 0;
        require(cpu, op, value >>> 32 == 0);
        require(cpu, op, !paging || (value & ControlBits.CR0_PE) != 0);
        require(cpu, op, (value & ControlBits.CR0_NW) == 0 || (value & ControlBits.CR0_CD) != 0);
        long old = cpu.cr0;
        boolean wasPaging = (old & ControlBits.CR0_PG) != 0;
        if (paging && !wasPaging && (cpu.efer & ControlBits.EFER_LME) != 0) {
            // Long mode becomes active (SDM vol. 3, 9.8.5).
            require(cpu, op, (cpu.cr4 & ControlBits.CR4_PAE) != 0);
            require(cpu, op, (cpu.access[RegisterFile.CS] & Descriptor.LONG) == 0);
            cpu.efer |= ControlBits.EFER_LMA;
        } else if (!paging && wasPaging) {
            require(cpu, op, !cpu.is64() && (cpu.cr4 & ControlBits.CR4_PCIDE) == 0);
            cpu.efer &= ~ControlBits.EFER_LMA;
        }
        if (((old ^ value) & (ControlBits.CR0_PG | ControlBits.CR0_CD | ControlBits.CR0_NW)) != 0) {
            loadDirectoryPointers(cpu, op, value, cpu.cr4, cpu.cr3);
        }
        cpu.cr0 = value & CR0_BITS | ControlBits.CR0_ET;
        if (((old ^ value) & (ControlBits.CR0_PG | ControlBits.CR0_PE | ControlBits.CR0_WP)) != 0) {
            cpu.flushAll();
        }
        cpu.updateMode();
    }

    /** Under PAE paging: #GP when a directory pointer has a reserved bit set. */
    private static void loadDirectoryPointers(Cpu cpu, Op op, long cr0, long cr4, long cr3) {
        if (!cpu.longMode() && (cr0 & ControlBits.CR0_PG) != 0 && (cr4 & ControlBits.CR4_PAE) != 0) {
            require(cpu, op, cpu.loadDirectoryPointers(cr3));
        }
    }

    /** A task switch's CR3, outside long mode. */
    static void switchTables(Cpu cpu, long cr3) {
        loadDirectoryPointers(cpu, null, cpu.cr0, cpu.cr4, cr3);
        cpu.cr3 = cr3;
        cpu.flushNonGlobal();
    }

    private static void writeCr3(Cpu cpu, Op op, long value) {
        long next = value;
        boolean tagged = (cpu.cr4 & ControlBits.CR4_PCIDE) != 0;
        boolean keep = tagged && value < 0;
        if (cpu.longMode()) {
            next = tagged ? value & Long.MAX_VALUE : value;
            require(cpu, op, next >>> cpu.platform().physicalAddressBits() == 0);
        } else {
            next &= 0xffffffffL;
            loadDirectoryPointers(cpu, op, cpu.cr0, cpu.cr4, next);
        }
        cpu.cr3 = next;
        if (tagged) {
            cpu.switchSpace((int) (next & PCID), keep);
        } else {
            cpu.flushNonGlobal();
        }
    }

    private static void writeCr4(Cpu cpu, Op op, long value) {
        long old = cpu.cr4;
        require(cpu, op, (value & ~cpu.platform().cr4Mask()) == 0);
        if (cpu.longMode()) {
            require(cpu, op, (value & ControlBits.CR4_PAE) != 0);
            require(cpu, op, ((old ^ value) & ControlBits.CR4_LA57) == 0);
        }
        if ((value & ~old & ControlBits.CR4_PCIDE) != 0) {
            require(cpu, op, cpu.longMode() && (cpu.cr3 & PCID) == 0);
        }
        if (((old ^ value) & CR4_RELOADING) != 0) {
            loadDirectoryPointers(cpu, op, cpu.cr0, value, cpu.cr3);
        }
        cpu.cr4 = value;
        if (((old ^ value) & CR4_FLUSHING) != 0) {
            cpu.flushAll();
        }
        cpu.updateMode();
    }

    /** WRMSR to EFER: false for reserved bits, and for LME changing while paging is on. LMA keeps its value. */
    static boolean writeEfer(Cpu cpu, long value) {
        long old = cpu.efer;
        if ((value & ~cpu.platform().eferMask()) != 0
                || ((old ^ value) & ControlBits.EFER_LME) != 0 && (cpu.cr0 & ControlBits.CR0_PG) != 0) {
            return false;
        }
        cpu.efer = value & ~ControlBits.EFER_LMA | old & ControlBits.EFER_LMA;
        if (((old ^ value) & ControlBits.EFER_NXE) != 0) {
            cpu.flushAll();
        }
        cpu.updateMode();
        return true;
    }

    /** LMSW: PE, MP, EM, TS; PE cannot be cleared. */
    static void loadMachineStatus(Cpu cpu, Op op, int word) {
        long low = word & 15 | cpu.cr0 & ControlBits.CR0_PE;
        writeCr0(cpu, op, cpu.cr0 & ~15L | low);
    }

    /** XSETBV of XCR0 (SDM vol. 1, 13.3): x87 always, AVX only with SSE. */
    static void writeXcr0(Cpu cpu, Op op, int number, long value) {
        require(cpu, op, number == 0);
        require(cpu, op, (value & ~cpu.platform().xcr0Mask()) == 0 && (value & 1) != 0 && (value & 6) != 4);
        cpu.xcr0 = value;
        cpu.updateMode();
    }

    /** INVPCID (SDM vol. 2): forgets at least what it has to. */
    static void invalidate(Cpu cpu, Op op, long type, long pcid, long address) {
        require(cpu, op, type >= 0 && type <= 3);
        require(cpu, op, pcid >>> 12 == 0);
        boolean tagged = (cpu.cr4 & ControlBits.CR4_PCIDE) != 0;
        require(cpu, op, type > 1 || tagged || pcid == 0);
        switch ((int) type) {
            case 0 -> {
                require(cpu, op, cpu.canonicalBase(address));
                cpu.flushPage(address);
            }
            case 1 -> cpu.flushSpace((int) pcid);
            case 2 -> cpu.flushAll();
            default -> cpu.flushNonGlobalOfAllSpaces();
        }
    }
}
