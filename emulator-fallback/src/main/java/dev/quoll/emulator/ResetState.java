package dev.quoll.emulator;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.machine.Cpuid;

/** Register values after power-on, INIT and SIPI (SDM vol. 3, table 9-1 and 8.4.3). */
final class ResetState {
    private static final long CR0_RESET = 0x6000_0010L;
    private static final int DATA = 0x93;
    private static final int CODE = 0x9b;

    private ResetState() {}

    static void powerOn(Cpu cpu) {
        init(cpu);
        for (int register = 0; register < 32; register++) {
            for (int part = 0; part < StateLayout.VECTOR_STRIDE; part += 8) {
                cpu.set64(StateLayout.xmm(register) + part, 0);
            }
        }
        cpu.put32(StateLayout.MXCSR, 0x1f80);
        for (int slot = StateLayout.X87; slot < StateLayout.X87_CONTROL; slot += 8) {
            cpu.set64(slot, 0);
        }
        cpu.put32(StateLayout.X87_CONTROL, 0x40);
        cpu.put32(StateLayout.X87_STATUS, 0);
        // After RESET# all registers hold +0.0 and are tagged so; FNINIT would tag them empty.
        cpu.put32(StateLayout.X87_TAG, 0x5555);
        cpu.put32(StateLayout.X87_OPCODE, 0);
        cpu.set64(StateLayout.X87_INSTRUCTION, 0);
        cpu.set64(StateLayout.X87_DATA, 0);
        cpu.put32(StateLayout.X87_INSTRUCTION_SELECTOR, 0);
        cpu.put32(StateLayout.X87_DATA_SELECTOR, 0);
        cpu.xcr0 = 1;
        cpu.star = 0;
        cpu.lstar = 0;
        cpu.cstar = 0;
        cpu.sfmask = 0;
        cpu.kernelGsBase = 0;
        cpu.tscAux = 0;
        cpu.sysenterCs = 0;
        cpu.sysenterEsp = 0;
        cpu.sysenterEip = 0;
        cpu.cr0 = CR0_RESET;
        cpu.updateMode();
    }

    /** INIT keeps the floating-point and vector state, most MSRs and CR0.CD and NW. */
    static void init(Cpu cpu) {
        for (int register = 0; register < 16; register++) {
            cpu.set64(StateLayout.gpr(register), 0);
        }
        cpu.set64(StateLayout.RDX, Cpuid.SIGNATURE);
        cpu.setRflags(2);
        cpu.setRip(0xfff0);
        cpu.cpl = 0;
        for (int segment = RegisterFile.ES; segment <= RegisterFile.GS; segment++) {
            segment(cpu, segment, 0, 0, DATA);
        }
        segment(cpu, RegisterFile.CS, 0xf000, 0xffff0000L, CODE);
        segment(cpu, RegisterFile.LDTR, 0, 0, 0x82);
        segment(cpu, RegisterFile.TR, 0, 0, 0x8b);
        cpu.gdtBase = 0;
        cpu.gdtLimit = 0xffff;
        cpu.idtBase = 0;
        cpu.idtLimit = 0xffff;
        cpu.cr0 = CR0_RESET & ~0x6000_0000L | cpu.cr0 & 0x6000_0000L;
        cpu.cr2 = 0;
        cpu.cr3 = 0;
        cpu.cr4 = 0;
        cpu.efer = 0;
        for (int i = 0; i < 4; i++) {
            cpu.dr[i] = 0;
        }
        cpu.dr6 = 0xffff_0ff0L;
        cpu.dr7 = 0x400;
        cpu.debugControl = 0;
        cpu.nmiBlocked = false;
        cpu.endShadows();
        cpu.flushAll();
        cpu.updateMode();
    }

    /** SIPI: real mode at CS = vector << 8, IP 0. */
    static void startup(Cpu cpu, int vector) {
        segment(cpu, RegisterFile.CS, vector << 8, (long) vector << 12, CODE);
        cpu.setRip(0);
        cpu.updateMode();
    }

    private static void segment(Cpu cpu, int segment, int selector, long base, int access) {
        cpu.selector[segment] = selector;
        cpu.setSegmentBase(segment, base);
        cpu.limit[segment] = 0xffff;
        cpu.access[segment] = access;
    }
}
