package dev.quoll.emulator.isa;

/// The CPUID feature bits that make instructions of the opcode table valid (SDM vol. 2, CPUID; APM vol. 3, appendix E).
///
/// A set of features is a `long` of [#mask] bits.
public enum CpuFeature {
    /// Every processor with x86-64 (in 16- and 32-bit code too).
    BASE(0, 0, Register.NONE, 0),
    FPU(1, 0, Register.EDX, 0),
    TSC(1, 0, Register.EDX, 4),
    MSR(1, 0, Register.EDX, 5),
    CX8(1, 0, Register.EDX, 8),
    SEP(1, 0, Register.EDX, 11),
    CMOV(1, 0, Register.EDX, 15),
    CLFSH(1, 0, Register.EDX, 19),
    MMX(1, 0, Register.EDX, 23),
    FXSR(1, 0, Register.EDX, 24),
    SSE(1, 0, Register.EDX, 25),
    SSE2(1, 0, Register.EDX, 26),
    SSE3(1, 0, Register.ECX, 0),
    PCLMULQDQ(1, 0, Register.ECX, 1),
    MONITOR(1, 0, Register.ECX, 3),
    SSSE3(1, 0, Register.ECX, 9),
    FMA(1, 0, Register.ECX, 12),
    CX16(1, 0, Register.ECX, 13),
    SSE4_1(1, 0, Register.ECX, 19),
    SSE4_2(1, 0, Register.ECX, 20),
    MOVBE(1, 0, Register.ECX, 22),
    POPCNT(1, 0, Register.ECX, 23),
    AES(1, 0, Register.ECX, 25),
    XSAVE(1, 0, Register.ECX, 26),
    AVX(1, 0, Register.ECX, 28),
    F16C(1, 0, Register.ECX, 29),
    RDRAND(1, 0, Register.ECX, 30),
    /// A hypervisor is present: its call instructions VMCALL and VMMCALL reach it.
    HYPERVISOR(1, 0, Register.ECX, 31),
    FSGSBASE(7, 0, Register.EBX, 0),
    BMI1(7, 0, Register.EBX, 3),
    AVX2(7, 0, Register.EBX, 5),
    BMI2(7, 0, Register.EBX, 8),
    INVPCID(7, 0, Register.EBX, 10),
    RDSEED(7, 0, Register.EBX, 18),
    ADX(7, 0, Register.EBX, 19),
    SMAP(7, 0, Register.EBX, 20),
    CLFLUSHOPT(7, 0, Register.EBX, 23),
    CLWB(7, 0, Register.EBX, 24),
    SHA(7, 0, Register.EBX, 29),
    PKU(7, 0, Register.ECX, 3),
    GFNI(7, 0, Register.ECX, 8),
    VAES(7, 0, Register.ECX, 9),
    VPCLMULQDQ(7, 0, Register.ECX, 10),
    RDPID(7, 0, Register.ECX, 22),
    MOVDIRI(7, 0, Register.ECX, 27),
    SERIALIZE(7, 0, Register.EDX, 14),
    XSAVEOPT(0xd, 1, Register.EAX, 0),
    XSAVEC(0xd, 1, Register.EAX, 1),
    XSAVES(0xd, 1, Register.EAX, 3),
    /// LAHF and SAHF in 64-bit mode; elsewhere they always exist.
    LAHF64(0x8000_0001, 0, Register.ECX, 0),
    /// LZCNT, which AMD calls ABM.
    LZCNT(0x8000_0001, 0, Register.ECX, 5),
    PREFETCHW(0x8000_0001, 0, Register.ECX, 8),
    SYSCALL(0x8000_0001, 0, Register.EDX, 11),
    RDTSCP(0x8000_0001, 0, Register.EDX, 27),
    LONG_MODE(0x8000_0001, 0, Register.EDX, 29);

    /// The register of a CPUID leaf that holds a bit.
    public enum Register {
        NONE,
        EAX,
        EBX,
        ECX,
        EDX
    }

    /// Every feature of this enum.
    public static final long ALL = (1L << values().length) - 1;

    private final int leaf;
    private final int subleaf;
    private final Register register;
    private final int bit;

    CpuFeature(int leaf, int subleaf, Register register, int bit) {
        this.leaf = leaf;
        this.subleaf = subleaf;
        this.register = register;
        this.bit = bit;
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

    /// Returns the CPUID leaf (EAX) that shows the feature.
    public int leaf() {
        return leaf;
    }

    /// Returns the sub-leaf (ECX) that shows the feature.
    public int subleaf() {
        return subleaf;
    }

    /// Returns the register that shows the feature, [Register#NONE] for [#BASE].
    public Register register() {
        return register;
    }

    /// Returns the bit of that register, 0 to 31.
    public int bit() {
        return bit;
    }
}
