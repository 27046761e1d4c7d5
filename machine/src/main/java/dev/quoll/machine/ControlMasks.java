package dev.quoll.machine;

import java.util.Set;

/**
 * Which bits of the control registers exist, given the features offered: all others are reserved, and setting one
 * raises #GP (SDM vol. 3, 2.5; APM vol. 2, 3.1).
 */
public final class ControlMasks {
    /** EFER.LMA: read-only to software; a write keeps the current value. */
    public static final long EFER_LMA = 1L << 10;

    private ControlMasks() {}

    /** Writable bits of CR4. */
    public static long cr4(Set<CpuFeature> offered) {
        // PCE has no feature bit of its own.
        return bit(offered, CpuFeature.VME, 0)
                | bit(offered, CpuFeature.VME, 1)
                | bit(offered, CpuFeature.TSC, 2)
                | bit(offered, CpuFeature.DE, 3)
                | bit(offered, CpuFeature.PSE, 4)
                | bit(offered, CpuFeature.PAE, 5)
                | bit(offered, CpuFeature.MCE, 6)
                | bit(offered, CpuFeature.PGE, 7)
                | 1L << 8
                | bit(offered, CpuFeature.FXSR, 9)
                | bit(offered, CpuFeature.SSE, 10)
                | bit(offered, CpuFeature.UMIP, 11)
                | bit(offered, CpuFeature.LA57, 12)
                | bit(offered, CpuFeature.FSGSBASE, 16)
                | bit(offered, CpuFeature.PCID, 17)
                | bit(offered, CpuFeature.XSAVE, 18)
                | bit(offered, CpuFeature.SMEP, 20)
                | bit(offered, CpuFeature.SMAP, 21)
                | bit(offered, CpuFeature.PKU, 22);
    }

    /** Bits of EFER that a write may have set, {@link #EFER_LMA} included. */
    public static long efer(Set<CpuFeature> offered) {
        return bit(offered, CpuFeature.SYSCALL, 0)
                | bit(offered, CpuFeature.LONG_MODE, 8)
                | bit(offered, CpuFeature.LONG_MODE, 10)
                | bit(offered, CpuFeature.NX, 11)
                | bit(offered, CpuFeature.SVM, 12)
                | bit(offered, CpuFeature.FFXSR, 14)
                | bit(offered, CpuFeature.AUTO_IBRS, 21);
    }

    private static long bit(Set<CpuFeature> offered, CpuFeature feature, int bit) {
        return offered.contains(feature) ? 1L << bit : 0;
    }
}
