package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.RegisterFile;

/**
 * Loads segment registers with the checks of SDM vol. 3, 5.5 and 5.6. RIP has to stand at the instruction (or where the
 * event happened) before any of these is called; on a fault no register has changed.
 */
final class SegmentLoader {
    static final int INVALID_TSS = 10;
    static final int GENERAL_PROTECTION = 13;

    private SegmentLoader() {}

    /** Whether {@code size} bytes at the selector's place lie inside its descriptor table. */
    static boolean inTable(Cpu cpu, int selector, int size) {
        int last = (selector & 0xfff8) + size - 1;
        if ((selector & 4) != 0) {
            return cpu.access[RegisterFile.LDTR] != RegisterFile.UNUSABLE && last <= cpu.limit[RegisterFile.LDTR];
        }
        return last <= cpu.gdtLimit;
    }

    /** Linear address of a selector's descriptor. */
    static long address(Cpu cpu, int selector) {
        long base = (selector & 4) != 0 ? cpu.segmentBase(RegisterFile.LDTR) : cpu.gdtBase;
        long address = base + (selector & 0xfff8);
        return cpu.longMode() ? address : address & 0xffffffffL;
    }

    /** The descriptor of a selector; outside its table, raises {@code vector} with the selector and EXT. */
    static long fetch(Cpu cpu, int selector, int vector, int ext) {
        if (!inTable(cpu, selector, 8)) {
            throw cpu.fault(null, vector, true, selector & 0xfffc | ext);
        }
        return cpu.loadSystem(address(cpu, selector), 8);
    }

    /** Sets the accessed bit in memory where it is clear, and only there (it may be in read-only memory). */
    static long markAccessed(Cpu cpu, int selector, long descriptor) {
        if ((descriptor & 1L << 40) == 0) {
            cpu.storeSystem(address(cpu, selector) + 5, 1, descriptor >>> 40 & 0xff | 1);
        }
        return descriptor | 1L << 40;
    }

    /** Fills a segment register from a checked descriptor. */
    static void commit(Cpu cpu, int segment, int selector, long descriptor) {
        cpu.selector[segment] = selector;
        cpu.access[segment] = Descriptor.access(descriptor);
        cpu.limit[segment] = Descriptor.limit(descriptor);
        cpu.setSegmentBase(segment, Descriptor.base(descriptor));
    }

    /** Loads a null selector; FS and GS lose their bases, as the processor's NullSelectorClearsBase bit promises. */
    static void commitNull(Cpu cpu, int segment, int selector) {
        cpu.selector[segment] = selector;
        cpu.access[segment] = RegisterFile.UNUSABLE;
        cpu.limit[segment] = 0;
        cpu.setSegmentBase(segment, 0);
    }

    /** Real-mode load: the hidden limit and rights stay (SDM vol. 3, 9.9.2 relies on it). */
    static void commitReal(Cpu cpu, int segment, int selector) {
        cpu.selector[segment] = selector;
        cpu.setSegmentBase(segment, (long) selector << 4);
        if (cpu.access[segment] == RegisterFile.UNUSABLE) {
            cpu.access[segment] = segment == RegisterFile.CS ? 0x9b : 0x93;
            cpu.limit[segment] = 0xffff;
        }
    }

    /** Virtual-8086 load: everything but the selector is fixed (SDM vol. 3, 20.2.1). */
    static void commitVirtual8086(Cpu cpu, int segment, int selector) {
        cpu.selector[segment] = selector;
        cpu.setSegmentBase(segment, (long) selector << 4);
        cpu.access[segment] = segment == RegisterFile.CS ? 0xfb : 0xf3;
        cpu.limit[segment] = 0xffff;
    }

    /** MOV, POP and LxS to ES, SS, DS, FS or GS in any mode. The caller calls updateMode(). */
    static void load(Cpu cpu, int segment, int selector) {
        if (!cpu.protectedMode()) {
            commitReal(cpu, segment, selector);
        } else if (cpu.virtual8086()) {
            commitVirtual8086(cpu, segment, selector);
        } else if (segment == RegisterFile.SS) {
            loadStack(cpu, selector);
        } else {
            loadData(cpu, segment, selector, GENERAL_PROTECTION);
        }
    }

    /** @param vector #GP, or #TS when a task switch loads the register */
    static void loadData(Cpu cpu, int segment, int selector, int vector) {
        if (Descriptor.isNull(selector)) {
            commitNull(cpu, segment, selector);
            return;
        }
        long descriptor = fetch(cpu, selector, vector, 0);
        int access = Descriptor.access(descriptor);
        boolean readable = (access & Descriptor.MEMORY) != 0
                && (access & (Descriptor.CODE | Descriptor.WRITABLE_OR_READABLE)) != Descriptor.CODE;
        if (!readable
                || !Descriptor.conformingCode(access)
                        && Math.max(cpu.cpl, selector & 3) > Descriptor.dpl(access)) {
            throw cpu.fault(null, vector, true, selector & 0xfffc);
        }
        if (!Descriptor.present(access)) {
            throw cpu.segmentNotPresent(null, selector & 0xfffc);
        }
        commit(cpu, segment, selector, markAccessed(cpu, selector, descriptor));
    }

    private static void loadStack(Cpu cpu, int selector) {
        if (Descriptor.isNull(selector)) {
            if (!cpu.is64() || cpu.cpl == 3 || (selector & 3) != cpu.cpl) {
                throw cpu.generalProtection(null, 0);
            }
            commitNull(cpu, RegisterFile.SS, selector);
            return;
        }
        long descriptor = checkStack(cpu, selector, cpu.cpl, GENERAL_PROTECTION, 0);
        commit(cpu, RegisterFile.SS, selector, markAccessed(cpu, selector, descriptor));
    }

    /**
     * Checks a stack segment for a privilege level: RPL and DPL equal it, writable data, present (#SS).
     *
     * @param vector raised for what is wrong but presence: #GP, or #TS for stacks out of a TSS
     */
    static long checkStack(Cpu cpu, int selector, int level, int vector, int ext) {
        if (Descriptor.isNull(selector)) {
            throw cpu.fault(null, vector, true, ext);
        }
        long descriptor = fetch(cpu, selector, vector, ext);
        int access = Descriptor.access(descriptor);
        if ((selector & 3) != level || Descriptor.dpl(access) != level || !Descriptor.writableData(access)) {
            throw cpu.fault(null, vector, true, selector & 0xfffc | ext);
        }
        if (!Descriptor.present(access)) {
            throw cpu.stackFault(null, selector & 0xfffc | ext);
        }
        return descriptor;
    }

    /**
     * Checks the code segment that a far jump, call, return or gate leads to: a code descriptor that is present, and not
     * both L and D in long mode. Privilege has been checked by the caller.
     */
    static void checkCode(Cpu cpu, int selector, int access, int ext) {
        if (!Descriptor.code(access)
                || cpu.longMode() && (access & (Descriptor.LONG | Descriptor.BIG)) == (Descriptor.LONG | Descriptor.BIG)) {
            throw cpu.generalProtection(null, selector & 0xfffc | ext);
        }
        if (!Descriptor.present(access)) {
            throw cpu.segmentNotPresent(null, selector & 0xfffc | ext);
        }
    }

    /** Checks an entry point against the code segment it lies in: canonical in 64-bit code, else inside the limit. */
    static void checkEntry(Cpu cpu, long descriptor, long rip, int ext) {
        boolean inside = cpu.longMode() && (Descriptor.access(descriptor) & Descriptor.LONG) != 0
                ? cpu.canonical(rip)
                : Long.compareUnsigned(rip, Descriptor.limit(descriptor)) <= 0;
        if (!inside) {
            throw cpu.generalProtection(null, ext);
        }
    }

    /** Loads CS with a new privilege level as RPL. The caller sets RIP and calls updateMode(). */
    static void commitCode(Cpu cpu, int selector, long descriptor, int level) {
        long accessed = markAccessed(cpu, selector, descriptor);
        commit(cpu, RegisterFile.CS, selector & 0xfffc | level, accessed);
        cpu.cpl = level;
    }

    /** After a return to an outer level: data segments the new level may not use become null (SDM vol. 3, 5.8.6). */
    static void dropInnerSegments(Cpu cpu, int level) {
        for (int segment = RegisterFile.ES; segment <= RegisterFile.GS; segment++) {
            int access = cpu.access[segment];
            if (segment != RegisterFile.CS
                    && segment != RegisterFile.SS
                    && access != RegisterFile.UNUSABLE
                    && Descriptor.dpl(access) < level
                    && !Descriptor.conformingCode(access)) {
                commitNull(cpu, segment, 0);
            }
        }
    }

    /** LLDT (SDM vol. 2): the operand names a present LDT descriptor in the GDT, or is null. */
    static void loadLdt(Cpu cpu, int selector, int vector) {
        if (Descriptor.isNull(selector)) {
            commitNull(cpu, RegisterFile.LDTR, selector);
            return;
        }
        long descriptor = systemDescriptor(cpu, selector, vector);
        int access = Descriptor.access(descriptor);
        if (Descriptor.systemType(access) != Descriptor.LDT) {
            throw cpu.fault(null, vector, true, selector & 0xfffc);
        }
        if (!Descriptor.present(access)) {
            throw vector == INVALID_TSS
                    ? cpu.invalidTss(null, selector & 0xfffc)
                    : cpu.segmentNotPresent(null, selector & 0xfffc);
        }
        commitSystem(cpu, RegisterFile.LDTR, selector, descriptor, systemBase(cpu, selector, descriptor));
    }

    /** LTR: an available TSS becomes busy. */
    static void loadTask(Cpu cpu, int selector) {
        if (Descriptor.isNull(selector)) {
            throw cpu.generalProtection(null, 0);
        }
        long descriptor = systemDescriptor(cpu, selector, GENERAL_PROTECTION);
        int access = Descriptor.access(descriptor);
        int type = Descriptor.systemType(access);
        if (type != Descriptor.TSS32 && (type != Descriptor.TSS16 || cpu.longMode())) {
            throw cpu.generalProtection(null, selector & 0xfffc);
        }
        if (!Descriptor.present(access)) {
            throw cpu.segmentNotPresent(null, selector & 0xfffc);
        }
        long base = systemBase(cpu, selector, descriptor);
        cpu.storeSystem(address(cpu, selector) + 5, 1, access & 0xff | Descriptor.BUSY);
        commitSystem(cpu, RegisterFile.TR, selector, descriptor | (long) Descriptor.BUSY << 40, base);
    }

    private static long systemDescriptor(Cpu cpu, int selector, int vector) {
        if ((selector & 4) != 0 || !inTable(cpu, selector, cpu.longMode() ? 16 : 8)) {
            throw cpu.fault(null, vector, true, selector & 0xfffc);
        }
        return cpu.loadSystem(address(cpu, selector), 8);
    }

    /** Base of an LDT or TSS: in long mode descriptors have 16 bytes (SDM vol. 3, 7.2.3). */
    private static long systemBase(Cpu cpu, int selector, long descriptor) {
        long base = Descriptor.base(descriptor);
        if (cpu.longMode()) {
            long upper = cpu.loadSystem(address(cpu, selector) + 8, 8);
            base |= upper << 32;
            // Bits 44:40 of the upper half keep it from being taken for a descriptor of its own.
            if (!cpu.canonicalBase(base) || (upper >>> 40 & 0x1f) != 0) {
                throw cpu.generalProtection(null, selector & 0xfffc);
            }
        }
        return base;
    }

    private static void commitSystem(Cpu cpu, int segment, int selector, long descriptor, long base) {
        commit(cpu, segment, selector, descriptor);
        cpu.setSegmentBase(segment, base);
    }
}
