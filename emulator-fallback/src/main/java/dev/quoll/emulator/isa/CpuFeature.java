package dev.quoll.emulator.isa;

import java.util.Optional;

/// The features that make instructions of the opcode table valid. Each but [#BASE] is the CPUID bit of the same name in
/// [dev.quoll.machine.CpuFeature], which knows where the bit stands; this enum only numbers those that matter to decoding.
///
/// A set of features is a `long` of [#mask] bits.
public enum CpuFeature {
    /// Every processor with x86-64 (in 16- and 32-bit code too).
    BASE(null),
    FPU(dev.quoll.machine.CpuFeature.FPU),
    TSC(dev.quoll.machine.CpuFeature.TSC),
    MSR(dev.quoll.machine.CpuFeature.MSR),
    CX8(dev.quoll.machine.CpuFeature.CX8),
    SEP(dev.quoll.machine.CpuFeature.SEP),
    CMOV(dev.quoll.machine.CpuFeature.CMOV),
    CLFSH(dev.quoll.machine.CpuFeature.CLFSH),
    MMX(dev.quoll.machine.CpuFeature.MMX),
    FXSR(dev.quoll.machine.CpuFeature.FXSR),
    SSE(dev.quoll.machine.CpuFeature.SSE),
    SSE2(dev.quoll.machine.CpuFeature.SSE2),
    SSE3(dev.quoll.machine.CpuFeature.SSE3),
    PCLMULQDQ(dev.quoll.machine.CpuFeature.PCLMULQDQ),
    MONITOR(dev.quoll.machine.CpuFeature.MONITOR),
    SSSE3(dev.quoll.machine.CpuFeature.SSSE3),
    FMA(dev.quoll.machine.CpuFeature.FMA),
    CX16(dev.quoll.machine.CpuFeature.CX16),
    SSE4_1(dev.quoll.machine.CpuFeature.SSE4_1),
    SSE4_2(dev.quoll.machine.CpuFeature.SSE4_2),
    MOVBE(dev.quoll.machine.CpuFeature.MOVBE),
    POPCNT(dev.quoll.machine.CpuFeature.POPCNT),
    AES(dev.quoll.machine.CpuFeature.AES),
    XSAVE(dev.quoll.machine.CpuFeature.XSAVE),
    AVX(dev.quoll.machine.CpuFeature.AVX),
    F16C(dev.quoll.machine.CpuFeature.F16C),
    RDRAND(dev.quoll.machine.CpuFeature.RDRAND),
    HYPERVISOR(dev.quoll.machine.CpuFeature.HYPERVISOR),
    FSGSBASE(dev.quoll.machine.CpuFeature.FSGSBASE),
    BMI1(dev.quoll.machine.CpuFeature.BMI1),
    AVX2(dev.quoll.machine.CpuFeature.AVX2),
    BMI2(dev.quoll.machine.CpuFeature.BMI2),
    INVPCID(dev.quoll.machine.CpuFeature.INVPCID),
    RDSEED(dev.quoll.machine.CpuFeature.RDSEED),
    ADX(dev.quoll.machine.CpuFeature.ADX),
    SMAP(dev.quoll.machine.CpuFeature.SMAP),
    CLFLUSHOPT(dev.quoll.machine.CpuFeature.CLFLUSHOPT),
    CLWB(dev.quoll.machine.CpuFeature.CLWB),
    SHA(dev.quoll.machine.CpuFeature.SHA),
    PKU(dev.quoll.machine.CpuFeature.PKU),
    GFNI(dev.quoll.machine.CpuFeature.GFNI),
    VAES(dev.quoll.machine.CpuFeature.VAES),
    VPCLMULQDQ(dev.quoll.machine.CpuFeature.VPCLMULQDQ),
    RDPID(dev.quoll.machine.CpuFeature.RDPID),
    MOVDIRI(dev.quoll.machine.CpuFeature.MOVDIRI),
    SERIALIZE(dev.quoll.machine.CpuFeature.SERIALIZE),
    XSAVEOPT(dev.quoll.machine.CpuFeature.XSAVEOPT),
    XSAVEC(dev.quoll.machine.CpuFeature.XSAVEC),
    XSAVES(dev.quoll.machine.CpuFeature.XSAVES),
    LAHF64(dev.quoll.machine.CpuFeature.LAHF64),
    LZCNT(dev.quoll.machine.CpuFeature.LZCNT),
    PREFETCHW(dev.quoll.machine.CpuFeature.PREFETCHW),
    SYSCALL(dev.quoll.machine.CpuFeature.SYSCALL),
    RDTSCP(dev.quoll.machine.CpuFeature.RDTSCP),
    CLZERO(dev.quoll.machine.CpuFeature.CLZERO),
    LONG_MODE(dev.quoll.machine.CpuFeature.LONG_MODE);

    /// Every feature of this enum.
    public static final long ALL = (1L << values().length) - 1;

    private final dev.quoll.machine.CpuFeature cpuid;

    CpuFeature(dev.quoll.machine.CpuFeature cpuid) {
        this.cpuid = cpuid;
    }

    /// Returns this feature's bit in a set of features.
    public long mask() {
        return 1L << ordinal();
    }

    /// Returns the set of some features; [#BASE] is always in it.
    public static long maskOf(CpuFeature... features) {
        long mask = BASE.mask();
        for (CpuFeature feature : features) {
            mask |= feature.mask();
        }
        return mask;
    }

    /// Returns the CPUID bit that shows the feature, none for [#BASE].
    public Optional<dev.quoll.machine.CpuFeature> cpuid() {
        return Optional.ofNullable(cpuid);
    }
}
