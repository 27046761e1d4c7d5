package dev.quoll.emulator.system;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;

/** Hardware task switches of 16- and 32-bit protected mode (SDM vol. 3, 7.3). RIP has to stand at the instruction. */
final class TaskSwitch {
    /** How a switch comes about: decides on busy bits, the link and NT. */
    enum Cause {
        JUMP,
        CALL,
        INTERRUPT,
        RETURN;

        boolean nests() {
            return this == CALL || this == INTERRUPT;
        }
    }

    /** Order of the segment registers in a TSS; a 16-bit one ends with DS. */
    private static final int[] ORDER = {
        RegisterFile.ES, RegisterFile.CS, RegisterFile.SS, RegisterFile.DS, RegisterFile.FS, RegisterFile.GS
    };

    private static final int LIMIT32 = 0x67;
    private static final int LIMIT16 = 0x2b;

    private TaskSwitch() {}

    /** JMP or CALL to a TSS, directly or through a task gate. */
    static void transfer(Cpu cpu, int selector, Cause cause, long next) {
        switchTo(cpu, selector, cause, next, cpu.rflags(), 0, false, 0);
    }

    /** Delivery through a task gate of the IDT. */
    static void throughInterrupt(Cpu cpu, int selector, boolean hasError, int error, int ext, long flags) {
        switchTo(cpu, selector, Cause.INTERRUPT, cpu.rip(), flags, ext, hasError, error);
    }

    /** IRET with NT set: back to the task that the link names. */
    static void back(Cpu cpu, long next) {
        int selector = (int) cpu.loadSystem(cpu.segmentBase(RegisterFile.TR) & 0xffffffffL, 2);
        switchTo(cpu, selector, Cause.RETURN, next, cpu.rflags(), 0, false, 0);
    }

    private static void switchTo(
            Cpu cpu, int selector, Cause cause, long next, long flags, int ext, boolean hasError, int error) {
        boolean returning = cause == Cause.RETURN;
        int vector = returning ? SegmentLoader.INVALID_TSS : SegmentLoader.GENERAL_PROTECTION;
        if ((selector & 4) != 0 || Descriptor.isNull(selector)) {
            throw cpu.fault(null, vector, true, selector & 0xfffc | ext);
        }
        long descriptor = SegmentLoader.fetch(cpu, selector, vector, ext);
        int access = Descriptor.access(descriptor);
        int type = Descriptor.systemType(access);
        int wanted = returning ? Descriptor.BUSY : 0;
        if (type != (Descriptor.TSS32 | wanted) && type != (Descriptor.TSS16 | wanted)) {
            throw cpu.fault(null, vector, true, selector & 0xfffc | ext);
        }
        if (!Descriptor.present(access)) {
            throw cpu.segmentNotPresent(null, selector & 0xfffc | ext);
        }
        boolean wide = (type & 8) != 0;
        if (Descriptor.limit(descriptor) < (wide ? LIMIT32 : LIMIT16)) {
            throw cpu.invalidTss(null, selector & 0xfffc | ext);
        }
        long base = Descriptor.base(descriptor);
        // Everything is read before anything is written, so that page faults happen in the old task.
        long[] image = read(cpu, base, wide);
        long outFlags = returning ? flags & ~(long) Flags.NT : flags;
        int oldSelector = cpu.selector[RegisterFile.TR];
        save(cpu, next, outFlags);
        if (cause.nests()) {
            cpu.storeSystem(base, 2, oldSelector);
        } else {
            setBusy(cpu, oldSelector, false);
        }
        if (!returning) {
            setBusy(cpu, selector, true);
        }
        SegmentLoader.commit(cpu, RegisterFile.TR, selector, descriptor | (long) Descriptor.BUSY << 40);
        cpu.cr0 |= ControlBits.CR0_TS;
        load(cpu, image, wide, cause);
        if (hasError) {
            FarStack stack = FarStack.current(cpu, ext);
            stack.push(wide ? 4 : 2, error);
            stack.commit();
        }
        if (cpu.rip() > cpu.limit[RegisterFile.CS]) {
            throw cpu.generalProtection(null, ext);
        }
    }

    private static void setBusy(Cpu cpu, int selector, boolean busy) {
        long place = SegmentLoader.address(cpu, selector) + 5;
        int access = (int) cpu.loadSystem(place, 1);
        cpu.storeSystem(place, 1, busy ? access | Descriptor.BUSY : access & ~Descriptor.BUSY);
    }

    // Image: 0 CR3, 1 EIP, 2 EFLAGS, 3..10 general registers, 11..16 segments, 17 LDT, 18 T bit.

    private static long[] read(Cpu cpu, long base, boolean wide) {
        long[] image = new long[19];
        int size = wide ? 4 : 2;
        int at = wide ? 0x20 : 0x0e;
        if (wide) {
            image[0] = word(cpu, base, 0x1c, 4);
        }
        for (int i = 1; i <= 10; i++, at += size) {
            image[i] = word(cpu, base, at, size);
        }
        for (int i = 0; i < (wide ? 6 : 4); i++, at += size) {
            image[11 + i] = word(cpu, base, at, 2);
        }
        image[17] = word(cpu, base, at, 2);
        image[18] = wide ? word(cpu, base, 0x64, 2) & 1 : 0;
        return image;
    }

    private static long word(Cpu cpu, long base, int offset, int size) {
        return cpu.loadSystem(base + offset & 0xffffffffL, size);
    }

    private static void save(Cpu cpu, long next, long flags) {
        boolean wide = TaskState.is32(cpu);
        int size = wide ? 4 : 2;
        long at = cpu.segmentBase(RegisterFile.TR) + (wide ? 0x20 : 0x0e);
        at = put(cpu, at, size, next);
        at = put(cpu, at, size, flags);
        for (int i = 0; i < 8; i++) {
            at = put(cpu, at, size, cpu.get64(StateLayout.gpr(i)));
        }
        for (int i = 0; i < (wide ? 6 : 4); i++, at += size) {
            cpu.storeSystem(at & 0xffffffffL, 2, cpu.selector[ORDER[i]]);
        }
    }

    private static long put(Cpu cpu, long at, int size, long value) {
        cpu.storeSystem(at & 0xffffffffL, size, value);
        return at + size;
    }

    /** Fills the registers; from here on faults belong to the new task. */
    private static void load(Cpu cpu, long[] image, boolean wide, Cause cause) {
        if (wide && (cpu.cr0 & ControlBits.CR0_PG) != 0 && cpu.cr3 != image[0]) {
            ControlRegisters.switchTables(cpu, image[0]);
        }
        cpu.setRip(image[1]);
        long flags = image[2] & Flags.ALL | (cause.nests() ? Flags.NT : 0);
        cpu.setRflags(wide ? flags : flags & 0xffff);
        for (int i = 0; i < 8; i++) {
            if (wide) {
                cpu.set64(StateLayout.gpr(i), image[3 + i]);
            } else {
                cpu.set16(StateLayout.gpr(i), (int) image[3 + i]);
            }
        }
        boolean virtual = (cpu.systemFlags() & Flags.VM) != 0;
        // Until its descriptor has passed, a segment is unusable but has its selector.
        for (int i = 0; i < 6; i++) {
            if (virtual) {
                SegmentLoader.commitVirtual8086(cpu, ORDER[i], (int) image[11 + i]);
            } else {
                SegmentLoader.commitNull(cpu, ORDER[i], (int) image[11 + i]);
            }
        }
        cpu.cpl = virtual ? 3 : (int) image[11 + RegisterFile.CS] & 3;
        cpu.dr7 &= ~0x155L;
        cpu.updateMode();
        SegmentLoader.commitNull(cpu, RegisterFile.LDTR, (int) image[17]);
        SegmentLoader.loadLdt(cpu, (int) image[17], SegmentLoader.INVALID_TSS);
        if (!virtual) {
            loadSegments(cpu, image);
        }
        cpu.updateMode();
        if (image[18] != 0) {
            cpu.dr6 |= 1 << 15;
            throw cpu.fault(null, 1, false, 0);
        }
    }

    private static void loadSegments(Cpu cpu, long[] image) {
        int code = (int) image[11 + RegisterFile.CS];
        int level = code & 3;
        int stack = (int) image[11 + RegisterFile.SS];
        long codeDescriptor = Descriptor.isNull(code) ? 0 : SegmentLoader.fetch(cpu, code, SegmentLoader.INVALID_TSS, 0);
        int access = Descriptor.access(codeDescriptor);
        int dpl = Descriptor.dpl(access);
        if (!Descriptor.code(access) || (Descriptor.conformingCode(access) ? dpl > level : dpl != level)) {
            throw cpu.invalidTss(null, code & 0xfffc);
        }
        if (!Descriptor.present(access)) {
            throw cpu.segmentNotPresent(null, code & 0xfffc);
        }
        SegmentLoader.commitCode(cpu, code, codeDescriptor, level);
        long descriptor = SegmentLoader.checkStack(cpu, stack, level, SegmentLoader.INVALID_TSS, 0);
        SegmentLoader.commit(cpu, RegisterFile.SS, stack, SegmentLoader.markAccessed(cpu, stack, descriptor));
        for (int segment : new int[] {RegisterFile.DS, RegisterFile.ES, RegisterFile.FS, RegisterFile.GS}) {
            SegmentLoader.loadData(cpu, segment, (int) image[11 + segment], SegmentLoader.INVALID_TSS);
        }
    }
}
