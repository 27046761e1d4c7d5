package dev.quoll.emulator.system;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;

/** IRET in every mode (SDM vol. 2, IRET; vol. 3, 6.14.3, 20.2.3, 7.4). RIP has to stand at the instruction. */
final class InterruptReturn {
    private static final int ALWAYS = Flags.STATUS | Flags.TF | Flags.DF | Flags.NT;

    private InterruptReturn() {}

    /** @param size operand size in bytes @param next RIP of the next instruction, for a task to come back to */
    static void execute(Cpu cpu, int size, long next) {
        // NMIs open up whether the return succeeds or not (SDM vol. 3, 6.7.1).
        if (cpu.nmiBlocked) {
            cpu.nmiBlocked = false;
            cpu.raise(Cpu.EVENT_INTERRUPT);
        }
        if (!cpu.protectedMode()) {
            real(cpu, size);
        } else if (cpu.virtual8086()) {
            if ((cpu.systemFlags() & Flags.IOPL) != Flags.IOPL) {
                virtual8086Extended(cpu, size);
            } else {
                virtual8086(cpu, size);
            }
        } else if (cpu.flag(Flags.NT)) {
            if (cpu.longMode()) {
                throw cpu.generalProtection(null, 0);
            }
            TaskSwitch.back(cpu, next);
        } else if (cpu.is64()) {
            long64(cpu, size);
        } else {
            legacy(cpu, size);
        }
        cpu.interruptsMayBeOpen();
    }

    /** Flags a return may change: by operand size, CPL and IOPL. */
    private static long merged(Cpu cpu, long popped, int size, int oldLevel) {
        long old = cpu.rflags();
        int mask = ALWAYS;
        if (size >= 4) {
            mask |= Flags.AC | Flags.ID;
            // RF means something only while breakpoints are armed; kept out otherwise it cannot linger.
            if ((cpu.dr7 & 0xff) != 0) {
                mask |= Flags.RF;
            }
        }
        if (oldLevel <= (int) (old >>> 12 & 3)) {
            mask |= Flags.IF;
        }
        if (oldLevel == 0) {
            mask |= Flags.IOPL;
            if (size >= 4) {
                mask |= Flags.VIF | Flags.VIP;
            }
        }
        return old & ~(mask | Flags.RF) | popped & mask;
    }

    private static void long64(Cpu cpu, int size) {
        long pointer = cpu.get64(StateLayout.RSP);
        int old = cpu.cpl;
        // AMD's processors read the frame's lower part from its end, then the upper part so.
        long flags = cpu.loadStackAt(old, pointer + 2L * size, size);
        int code = (int) cpu.loadStackAt(old, pointer + size, size) & 0xffff;
        long rip = cpu.loadStackAt(old, pointer, size);
        int stack = (int) cpu.loadStackAt(old, pointer + 4L * size, size) & 0xffff;
        long stackPointer = cpu.loadStackAt(old, pointer + 3L * size, size);
        long codeDescriptor = FarReturn.returnCode(cpu, code);
        int level = code & 3;
        boolean to64 = (Descriptor.access(codeDescriptor) & Descriptor.LONG) != 0;
        SegmentLoader.checkEntry(cpu, codeDescriptor, rip, 0);
        boolean nullStack = Descriptor.isNull(stack);
        long stackDescriptor = 0;
        if (!nullStack) {
            stackDescriptor = SegmentLoader.checkStack(cpu, stack, level, SegmentLoader.GENERAL_PROTECTION, 0);
            stackDescriptor = SegmentLoader.markAccessed(cpu, stack, stackDescriptor);
        } else if (!to64 || level == 3 || (stack & 3) != level) {
            throw cpu.generalProtection(null, 0);
        }
        SegmentLoader.commitCode(cpu, code, codeDescriptor, level);
        if (nullStack) {
            SegmentLoader.commitNull(cpu, RegisterFile.SS, stack);
        } else {
            SegmentLoader.commit(cpu, RegisterFile.SS, stack, stackDescriptor);
        }
        cpu.setRflags(merged(cpu, flags, size, old));
        if (level > old) {
            SegmentLoader.dropInnerSegments(cpu, level);
        }
        if (to64) {
            cpu.set64(StateLayout.RSP, stackPointer);
        } else if ((cpu.access[RegisterFile.SS] & Descriptor.BIG) != 0) {
            cpu.set64(StateLayout.RSP, stackPointer & 0xffffffffL);
        } else {
            // Only SP is loaded; the upper half stays the kernel's, which is what espfix code hides.
            cpu.set16(StateLayout.RSP, (int) stackPointer);
        }
        cpu.setRip(rip);
        cpu.updateMode();
    }

    private static void legacy(Cpu cpu, int size) {
        FarStack from = FarStack.current(cpu, 0);
        from.peek(2 * size, size);
        int code = (int) from.peek(size, size) & 0xffff;
        long rip = from.pop(size);
        from.release(size);
        long flags = from.pop(size);
        int old = cpu.cpl;
        if (size == 4 && (flags & Flags.VM) != 0 && old == 0 && !cpu.longMode()) {
            toVirtual8086(cpu, from, rip, code, flags);
            return;
        }
        int level = code & 3;
        if (level != old) {
            FarReturn.probeOuterStack(from, 0, size);
        }
        long codeDescriptor = FarReturn.returnCode(cpu, code);
        SegmentLoader.checkEntry(cpu, codeDescriptor, rip, 0);
        if (level == old) {
            SegmentLoader.commitCode(cpu, code, codeDescriptor, level);
            cpu.setRflags(merged(cpu, flags, size, old));
            from.commit();
        } else {
            long pointer = from.pop(size);
            int stack = (int) from.pop(size) & 0xffff;
            FarReturn.commitOuter(cpu, code, codeDescriptor, stack, pointer);
            cpu.setRflags(merged(cpu, flags, size, old));
        }
        cpu.setRip(rip);
        cpu.updateMode();
    }

    private static void toVirtual8086(Cpu cpu, FarStack from, long rip, int code, long flags) {
        long pointer = from.pop(4);
        int stack = (int) from.pop(4) & 0xffff;
        int es = (int) from.pop(4) & 0xffff;
        int ds = (int) from.pop(4) & 0xffff;
        int fs = (int) from.pop(4) & 0xffff;
        int gs = (int) from.pop(4) & 0xffff;
        if (rip > 0xffff) {
            throw cpu.generalProtection(null, 0);
        }
        cpu.setRflags(flags & Flags.ALL);
        SegmentLoader.commitVirtual8086(cpu, RegisterFile.CS, code);
        SegmentLoader.commitVirtual8086(cpu, RegisterFile.SS, stack);
        SegmentLoader.commitVirtual8086(cpu, RegisterFile.ES, es);
        SegmentLoader.commitVirtual8086(cpu, RegisterFile.DS, ds);
        SegmentLoader.commitVirtual8086(cpu, RegisterFile.FS, fs);
        SegmentLoader.commitVirtual8086(cpu, RegisterFile.GS, gs);
        cpu.cpl = 3;
        cpu.set64(StateLayout.RSP, pointer);
        cpu.setRip(rip);
        cpu.updateMode();
    }

    private static void real(Cpu cpu, int size) {
        FarStack from = FarStack.current(cpu, 0);
        long rip = from.pop(size);
        int code = (int) from.pop(size) & 0xffff;
        long flags = from.pop(size);
        if (rip > cpu.limit[RegisterFile.CS]) {
            throw cpu.generalProtection(null, 0);
        }
        SegmentLoader.commitReal(cpu, RegisterFile.CS, code);
        // VM, VIF and VIP stay as they are (APM vol. 3, IRET).
        long kept = Flags.VM | Flags.VIF | Flags.VIP;
        cpu.setRflags(merged(cpu, flags, size, 0) & ~kept | cpu.rflags() & kept);
        from.commit();
        cpu.setRip(rip);
        cpu.updateMode();
    }

    private static void virtual8086(Cpu cpu, int size) {
        FarStack from = FarStack.current(cpu, 0);
        long rip = from.pop(size);
        int code = (int) from.pop(size) & 0xffff;
        long flags = from.pop(size);
        if (rip > 0xffff) {
            throw cpu.generalProtection(null, 0);
        }
        SegmentLoader.commitVirtual8086(cpu, RegisterFile.CS, code);
        cpu.setRflags(merged(cpu, flags, size, 3));
        from.commit();
        cpu.setRip(rip);
        cpu.updateMode();
    }

    /** IOPL below 3: only a 16-bit IRET under CR4.VME returns, and it moves VIF instead of IF (SDM vol. 3, 20.3.3). */
    private static void virtual8086Extended(Cpu cpu, int size) {
        if (size != 2 || !VirtualInterruptFlag.extensions(cpu)) {
            throw cpu.generalProtection(null, 0);
        }
        FarStack from = FarStack.current(cpu, 0);
        long rip = from.pop(2);
        int code = (int) from.pop(2) & 0xffff;
        long flags = from.pop(2);
        if ((flags & Flags.IF) != 0 && cpu.flag(Flags.VIP) || (flags & Flags.TF) != 0) {
            throw cpu.generalProtection(null, 0);
        }
        SegmentLoader.commitVirtual8086(cpu, RegisterFile.CS, code);
        long merged = merged(cpu, flags, 2, 3);
        cpu.setRflags(VirtualInterruptFlag.with(merged, (flags & Flags.IF) != 0));
        from.commit();
        cpu.setRip(rip);
        cpu.updateMode();
    }
}
