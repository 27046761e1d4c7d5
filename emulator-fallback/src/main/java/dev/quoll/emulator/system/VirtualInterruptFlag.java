package dev.quoll.emulator.system;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.isa.Flags;

/** VIF in place of IF: virtual-8086 mode extensions and protected-mode virtual interrupts (SDM vol. 3, 20.3, 20.4). */
final class VirtualInterruptFlag {
    private VirtualInterruptFlag() {}

    /** Whether virtual-8086 code with IOPL below 3 works upon VIF. */
    static boolean extensions(Cpu cpu) {
        return (cpu.cr4 & ControlBits.CR4_VME) != 0;
    }

    /** Whether CLI and STI at CPL 3 with IOPL below 3 work upon VIF. */
    private static boolean protectedMode(Cpu cpu) {
        return (cpu.cr4 & ControlBits.CR4_PVI) != 0 && cpu.cpl == 3;
    }

    static long with(long flags, boolean enabled) {
        return enabled ? flags | Flags.VIF : flags & ~(long) Flags.VIF;
    }

    /** Whether CLI or STI may change IF itself. */
    static boolean ownsInterruptFlag(Cpu cpu) {
        return !cpu.protectedMode() || cpu.cpl <= ((int) cpu.systemFlags() >>> 12 & 3);
    }

    /** CLI or STI where IF is out of reach: changes VIF or raises #GP(0). */
    static void change(Cpu cpu, boolean enable, Op op) {
        boolean virtual = cpu.virtual8086() ? extensions(cpu) : protectedMode(cpu);
        if (!virtual || enable && cpu.flag(Flags.VIP)) {
            throw cpu.generalProtection(op, 0);
        }
        cpu.setFlag(Flags.VIF, enable);
    }

    /**
     * INT n of virtual-8086 code through its own vector table at linear 0 (SDM vol. 3, 20.3.1): as in real mode, but
     * with IOPL below 3 the image has VIF for IF and IOPL 3.
     */
    static void redirect(Cpu cpu, int vector, long next, boolean ownsFlag) {
        long pointer = cpu.loadStackAt(3, (long) vector << 2, 4);
        long flags = cpu.rflags();
        if (!ownsFlag) {
            flags = flags & ~(long) Flags.IF | Flags.IOPL | (cpu.flag(Flags.VIF) ? Flags.IF : 0);
        }
        FarStack stack = FarStack.current(cpu, 0);
        stack.push(2, flags);
        stack.push(2, cpu.selector[RegisterFile.CS]);
        stack.push(2, next);
        stack.commit();
        SegmentLoader.commitVirtual8086(cpu, RegisterFile.CS, (int) (pointer >>> 16));
        cpu.setFlag((ownsFlag ? Flags.IF : Flags.VIF) | Flags.TF | Flags.NT, false);
        cpu.setRip(pointer & 0xffff);
        cpu.dropTrap();
        cpu.updateMode();
    }
}
