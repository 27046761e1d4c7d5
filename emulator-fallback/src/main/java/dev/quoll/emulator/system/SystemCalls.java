package dev.quoll.emulator.system;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;

/**
 * SYSCALL and SYSRET, SYSENTER and SYSEXIT as AMD defines them (APM vol. 3): SYSRET checks neither RCX nor touches the
 * hidden part of SS, and SYSENTER does not exist in long mode. RIP has to stand at the instruction.
 */
final class SystemCalls {
    // Present, code or data, accessed, 4 GiB: DPL is or-ed in.
    private static final int CODE64 = 0x9b | Descriptor.LONG | Descriptor.GRANULAR;
    private static final int CODE32 = 0x9b | Descriptor.BIG | Descriptor.GRANULAR;
    private static final int DATA = 0x93 | Descriptor.BIG | Descriptor.GRANULAR;
    private static final int DPL3 = 3 << 5;

    private SystemCalls() {}

    static void enter(Cpu cpu, Op op) {
        if ((cpu.efer & ControlBits.EFER_SCE) == 0 || !cpu.protectedMode() || cpu.virtual8086()) {
            throw cpu.invalidOpcode(null);
        }
        int code = (int) (cpu.star >>> 32) & 0xfffc;
        long next = op.nextRip(cpu);
        if (cpu.longMode()) {
            cpu.set64(StateLayout.RCX, next);
            long flags = cpu.rflags() & ~(long) Flags.RF;
            cpu.set64(StateLayout.gpr(11), flags);
            cpu.setRip(cpu.is64() ? cpu.lstar : cpu.cstar);
            flat(cpu, RegisterFile.CS, code, CODE64);
            cpu.setRflags(flags & ~cpu.sfmask);
        } else {
            cpu.set64(StateLayout.RCX, next);
            cpu.setRip(cpu.star & 0xffffffffL);
            flat(cpu, RegisterFile.CS, code, CODE32);
            cpu.setFlag(Flags.IF | Flags.VM | Flags.RF, false);
        }
        flat(cpu, RegisterFile.SS, code + 8, DATA);
        cpu.cpl = 0;
        if (!cpu.flag(Flags.TF)) {
            cpu.dropTrap();
        }
        cpu.updateMode();
    }

    private static void flat(Cpu cpu, int segment, int selector, int access) {
        cpu.selector[segment] = selector & 0xffff;
        cpu.access[segment] = access;
        cpu.limit[segment] = 0xffffffffL;
        cpu.setSegmentBase(segment, 0);
    }

    /** @param to64 whether the operand size is 64 */
    static void leave(Cpu cpu, boolean to64) {
        if ((cpu.efer & ControlBits.EFER_SCE) == 0) {
            throw cpu.invalidOpcode(null);
        }
        if (!cpu.protectedMode() || cpu.cpl != 0) {
            throw cpu.generalProtection(null, 0);
        }
        int code = (int) (cpu.star >>> 48);
        if (to64) {
            flat(cpu, RegisterFile.CS, code + 16 | 3, CODE64 | DPL3);
            // A non-canonical RCX faults at the fetch, at CPL 3.
            cpu.setRip(cpu.get64(StateLayout.RCX));
        } else {
            flat(cpu, RegisterFile.CS, code | 3, CODE32 | DPL3);
            cpu.setRip(cpu.get64(StateLayout.RCX) & 0xffffffffL);
        }
        cpu.selector[RegisterFile.SS] = code + 8 & 0xffff | 3;
        if (cpu.longMode()) {
            long flags = cpu.get64(StateLayout.gpr(11));
            cpu.setRflags(flags & Flags.ALL & ~(long) (Flags.RF | Flags.VM));
        } else {
            cpu.setFlag(Flags.IF, true);
        }
        cpu.cpl = 3;
        cpu.updateMode();
        cpu.interruptsMayBeOpen();
        if (cpu.flag(Flags.TF)) {
            cpu.trapAtOnce();
        }
    }

    static void sysenter(Cpu cpu) {
        if (cpu.longMode()) {
            throw cpu.invalidOpcode(null);
        }
        int code = (int) cpu.sysenterCs & 0xfffc;
        if (!cpu.protectedMode() || code == 0) {
            throw cpu.generalProtection(null, 0);
        }
        cpu.setFlag(Flags.VM | Flags.IF | Flags.RF, false);
        flat(cpu, RegisterFile.CS, code, CODE32);
        flat(cpu, RegisterFile.SS, code + 8, DATA);
        cpu.cpl = 0;
        cpu.set64(StateLayout.RSP, cpu.sysenterEsp & 0xffffffffL);
        cpu.setRip(cpu.sysenterEip & 0xffffffffL);
        cpu.updateMode();
    }

    static void sysexit(Cpu cpu) {
        if (cpu.longMode()) {
            throw cpu.invalidOpcode(null);
        }
        int code = (int) cpu.sysenterCs & 0xfffc;
        if (!cpu.protectedMode() || cpu.cpl != 0 || code == 0) {
            throw cpu.generalProtection(null, 0);
        }
        flat(cpu, RegisterFile.CS, code + 16 | 3, CODE32 | DPL3);
        flat(cpu, RegisterFile.SS, code + 24 | 3, DATA | DPL3);
        cpu.cpl = 3;
        cpu.set64(StateLayout.RSP, cpu.get64(StateLayout.RCX) & 0xffffffffL);
        cpu.setRip(cpu.get64(StateLayout.RDX) & 0xffffffffL);
        cpu.updateMode();
    }
}
