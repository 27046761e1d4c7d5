package dev.quoll.emulator;

import dev.quoll.emulator.core.Cpu;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.MsrTable;
import java.util.List;

/** Saved model-specific registers that live in the CPU core's own fields. */
final class CoreMsrs {
    private static final int[] NUMBERS = {
        MsrTable.STAR,
        MsrTable.LSTAR,
        MsrTable.CSTAR,
        MsrTable.SFMASK,
        MsrTable.KERNEL_GS_BASE,
        MsrTable.TSC_AUX,
        MsrTable.DEBUG_CTL,
        MsrTable.SYSENTER_CS,
        MsrTable.SYSENTER_ESP,
        MsrTable.SYSENTER_EIP
    };

    private CoreMsrs() {}

    static boolean owns(int number) {
        for (int each : NUMBERS) {
            if (each == number) {
                return true;
            }
        }
        return false;
    }

    static void save(Cpu cpu, List<CpuElement.Msr> into) {
        for (int number : NUMBERS) {
            into.add(save(cpu, number));
        }
    }

    /** One of those that {@link #owns} is true for. */
    static CpuElement.Msr save(Cpu cpu, int number) {
        return new CpuElement.Msr(
                number,
                switch (number) {
                    case MsrTable.STAR -> cpu.star;
                    case MsrTable.LSTAR -> cpu.lstar;
                    case MsrTable.CSTAR -> cpu.cstar;
                    case MsrTable.SFMASK -> cpu.sfmask;
                    case MsrTable.KERNEL_GS_BASE -> cpu.kernelGsBase;
                    case MsrTable.TSC_AUX -> cpu.tscAux;
                    case MsrTable.DEBUG_CTL -> cpu.debugControl;
                    case MsrTable.SYSENTER_CS -> cpu.sysenterCs;
                    case MsrTable.SYSENTER_ESP -> cpu.sysenterEsp;
                    default -> cpu.sysenterEip;
                });
    }

    static void restore(Cpu cpu, CpuElement.Msr msr) {
        long value = msr.value();
        switch (msr.number()) {
            case MsrTable.STAR -> cpu.star = value;
            case MsrTable.LSTAR -> cpu.lstar = value;
            case MsrTable.CSTAR -> cpu.cstar = value;
            case MsrTable.SFMASK -> cpu.sfmask = value;
            case MsrTable.KERNEL_GS_BASE -> cpu.kernelGsBase = value;
            case MsrTable.TSC_AUX -> cpu.tscAux = value;
            case MsrTable.DEBUG_CTL -> cpu.debugControl = value;
            case MsrTable.SYSENTER_CS -> cpu.sysenterCs = value;
            case MsrTable.SYSENTER_ESP -> cpu.sysenterEsp = value;
            default -> cpu.sysenterEip = value;
        }
    }
}
