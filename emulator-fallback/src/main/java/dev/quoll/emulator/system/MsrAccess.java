package dev.quoll.emulator.system;

import dev.quoll.emulator.core.ControlBits;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.RegisterFile;
import dev.quoll.machine.MsrTable;

/**
 * Model-specific registers as RDMSR and WRMSR see them: those the core keeps, and behind them the platform's. Also for
 * engines that save and restore state. On the vCPU's thread, or while it stands still.
 */
public final class MsrAccess {
    private MsrAccess() {}

    /** Reads into {@code value[0]}; false when the register does not exist. */
    public static boolean read(Cpu cpu, int number, long[] value) {
        switch (number) {
            case MsrTable.EFER -> value[0] = cpu.efer;
            case MsrTable.STAR -> value[0] = cpu.star;
            case MsrTable.LSTAR -> value[0] = cpu.lstar;
            case MsrTable.CSTAR -> value[0] = cpu.cstar;
            case MsrTable.SFMASK -> value[0] = cpu.sfmask;
            case MsrTable.FS_BASE -> value[0] = cpu.segmentBase(RegisterFile.FS);
            case MsrTable.GS_BASE -> value[0] = cpu.segmentBase(RegisterFile.GS);
            case MsrTable.KERNEL_GS_BASE -> value[0] = cpu.kernelGsBase;
            case MsrTable.TSC_AUX -> value[0] = cpu.tscAux;
            case MsrTable.SYSENTER_CS -> value[0] = cpu.sysenterCs;
            case MsrTable.DEBUG_CTL -> value[0] = cpu.debugControl;
            case MsrTable.SYSENTER_ESP -> value[0] = cpu.sysenterEsp;
            case MsrTable.SYSENTER_EIP -> value[0] = cpu.sysenterEip;
            default -> {
                return cpu.platform().readMsr(number, value);
            }
        }
        return true;
    }

    /** Writes; false when the register does not exist or does not take the value. */
    public static boolean write(Cpu cpu, int number, long value) {
        return switch (number) {
            case MsrTable.EFER -> ControlRegisters.writeEfer(cpu, value);
            case MsrTable.LSTAR,
                    MsrTable.CSTAR,
                    MsrTable.FS_BASE,
                    MsrTable.GS_BASE,
                    MsrTable.KERNEL_GS_BASE,
                    MsrTable.SYSENTER_ESP,
                    MsrTable.SYSENTER_EIP -> cpu.canonicalBase(value) && writeAddress(cpu, number, value);
            case MsrTable.SFMASK, MsrTable.TSC_AUX, MsrTable.SYSENTER_CS ->
                value >>> 32 == 0 && writeWord(cpu, number, value);
            case MsrTable.STAR -> {
                cpu.star = value;
                yield true;
            }
            case MsrTable.DEBUG_CTL -> {
                boolean taken = (value & ~ControlBits.BRANCH_STEP) == 0;
                cpu.debugControl = taken ? value : cpu.debugControl;
                yield taken;
            }
            default -> cpu.platform().writeMsr(number, value);
        };
    }

    private static boolean writeAddress(Cpu cpu, int number, long value) {
        switch (number) {
            case MsrTable.LSTAR -> cpu.lstar = value;
            case MsrTable.CSTAR -> cpu.cstar = value;
            case MsrTable.FS_BASE -> cpu.setSegmentBase(RegisterFile.FS, value);
            case MsrTable.GS_BASE -> cpu.setSegmentBase(RegisterFile.GS, value);
            case MsrTable.KERNEL_GS_BASE -> cpu.kernelGsBase = value;
            case MsrTable.SYSENTER_ESP -> cpu.sysenterEsp = value;
            default -> cpu.sysenterEip = value;
        }
        return true;
    }

    private static boolean writeWord(Cpu cpu, int number, long value) {
        switch (number) {
            case MsrTable.SFMASK -> cpu.sfmask = value;
            case MsrTable.TSC_AUX -> cpu.tscAux = value;
            default -> cpu.sysenterCs = value;
        }
        return true;
    }
}
