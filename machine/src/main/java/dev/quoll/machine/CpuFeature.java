package dev.quoll.machine;

/**
 * CPUID feature bits by their manual names: the single truth for where each bit stands (SDM vol. 2, CPUID; APM vol. 3,
 * appendix E). A leaf's other output fields (sizes, counts, identifiers) are made by {@link Cpuid}.
 *
 * <p>Where the manuals differ the common name of the instruction or facility is used: {@code LZCNT} is AMD's ABM,
 * {@code PCLMULQDQ} and {@code AES} are instruction sets, {@code LAHF64} is LAHF and SAHF in 64-bit mode.
 */
public enum CpuFeature {
    // Leaf 1, EDX.
    FPU(1, Register.EDX, 0),
    VME(1, Register.EDX, 1),
    DE(1, Register.EDX, 2),
    PSE(1, Register.EDX, 3),
    TSC(1, Register.EDX, 4),
    MSR(1, Register.EDX, 5),
    PAE(1, Register.EDX, 6),
    MCE(1, Register.EDX, 7),
    CX8(1, Register.EDX, 8),
    /** Mirrors IA32_APIC_BASE.EN at run time. */
    APIC(1, Register.EDX, 9),
    SEP(1, Register.EDX, 11),
    MTRR(1, Register.EDX, 12),
    PGE(1, Register.EDX, 13),
    MCA(1, Register.EDX, 14),
    CMOV(1, Register.EDX, 15),
    PAT(1, Register.EDX, 16),
    PSE36(1, Register.EDX, 17),
    CLFSH(1, Register.EDX, 19),
    MMX(1, Register.EDX, 23),
    FXSR(1, Register.EDX, 24),
    SSE(1, Register.EDX, 25),
    SSE2(1, Register.EDX, 26),
    /** The package has more than one logical processor: follows the number of CPUs, not the profile. */
    HTT(1, Register.EDX, 28),

    // Leaf 1, ECX.
    SSE3(1, Register.ECX, 0),
    PCLMULQDQ(1, Register.ECX, 1),
    MONITOR(1, Register.ECX, 3),
    SSSE3(1, Register.ECX, 9),
    FMA(1, Register.ECX, 12),
    CX16(1, Register.ECX, 13),
    PCID(1, Register.ECX, 17),
    SSE4_1(1, Register.ECX, 19),
    SSE4_2(1, Register.ECX, 20),
    X2APIC(1, Register.ECX, 21),
    MOVBE(1, Register.ECX, 22),
    POPCNT(1, Register.ECX, 23),
    TSC_DEADLINE(1, Register.ECX, 24),
    AES(1, Register.ECX, 25),
    XSAVE(1, Register.ECX, 26),
    /** Mirrors CR4.OSXSAVE at run time. */
    OSXSAVE(1, Register.ECX, 27),
    AVX(1, Register.ECX, 28),
    F16C(1, Register.ECX, 29),
    RDRAND(1, Register.ECX, 30),
    /** A hypervisor is present: leaf 0x40000000 is valid and VMCALL and VMMCALL reach it. */
    HYPERVISOR(1, Register.ECX, 31),

    // Leaf 6, EAX.
    /** The local APIC timer runs in every power state. */
    ARAT(6, Register.EAX, 2),

    // Leaf 7, EBX.
    FSGSBASE(7, Register.EBX, 0),
    TSC_ADJUST(7, Register.EBX, 1),
    BMI1(7, Register.EBX, 3),
    AVX2(7, Register.EBX, 5),
    SMEP(7, Register.EBX, 7),
    BMI2(7, Register.EBX, 8),
    ERMS(7, Register.EBX, 9),
    INVPCID(7, Register.EBX, 10),
    RDSEED(7, Register.EBX, 18),
    ADX(7, Register.EBX, 19),
    SMAP(7, Register.EBX, 20),
    CLFLUSHOPT(7, Register.EBX, 23),
    CLWB(7, Register.EBX, 24),
    SHA(7, Register.EBX, 29),

    // Leaf 7, ECX.
    UMIP(7, Register.ECX, 2),
    PKU(7, Register.ECX, 3),
    /** Mirrors CR4.PKE at run time. */
    OSPKE(7, Register.ECX, 4),
    GFNI(7, Register.ECX, 8),
    VAES(7, Register.ECX, 9),
    VPCLMULQDQ(7, Register.ECX, 10),
    /** Five-level paging and 57-bit linear addresses. */
    LA57(7, Register.ECX, 16),
    RDPID(7, Register.ECX, 22),
    MOVDIRI(7, Register.ECX, 27),
    MOVDIR64B(7, Register.ECX, 28),

    // Leaf 7, EDX.
    FSRM(7, Register.EDX, 4),
    SERIALIZE(7, Register.EDX, 14),
    ARCH_CAPABILITIES(7, Register.EDX, 29),

    // Leaf 0xd, subleaf 1, EAX.
    XSAVEOPT(0xd, 1, Register.EAX, 0),
    XSAVEC(0xd, 1, Register.EAX, 1),
    XGETBV1(0xd, 1, Register.EAX, 2),
    XSAVES(0xd, 1, Register.EAX, 3),

    // Leaf 0x80000001, EDX. The bits that repeat leaf 1 are made by Cpuid.
    SYSCALL(0x8000_0001, Register.EDX, 11),
    NX(0x8000_0001, Register.EDX, 20),
    MMXEXT(0x8000_0001, Register.EDX, 22),
    FFXSR(0x8000_0001, Register.EDX, 25),
    PAGE1GB(0x8000_0001, Register.EDX, 26),
    RDTSCP(0x8000_0001, Register.EDX, 27),
    LONG_MODE(0x8000_0001, Register.EDX, 29),

    // Leaf 0x80000001, ECX.
    LAHF64(0x8000_0001, Register.ECX, 0),
    /** Logical processors of the package are cores: follows the number of CPUs, not the profile. */
    CMP_LEGACY(0x8000_0001, Register.ECX, 1),
    SVM(0x8000_0001, Register.ECX, 2),
    EXTAPIC(0x8000_0001, Register.ECX, 3),
    ALTMOVCR8(0x8000_0001, Register.ECX, 4),
    LZCNT(0x8000_0001, Register.ECX, 5),
    SSE4A(0x8000_0001, Register.ECX, 6),
    MISALIGNSSE(0x8000_0001, Register.ECX, 7),
    PREFETCHW(0x8000_0001, Register.ECX, 8),
    OSVW(0x8000_0001, Register.ECX, 9),
    /** Leaves 0x8000001d and 0x8000001e are valid. */
    TOPOEXT(0x8000_0001, Register.ECX, 22),
    PERFCTR_CORE(0x8000_0001, Register.ECX, 23),

    // Leaf 0x80000007, EDX.
    INVARIANT_TSC(0x8000_0007, Register.EDX, 8),

    // Leaf 0x80000008, EBX.
    CLZERO(0x8000_0008, Register.EBX, 0),
    XSAVEERPTR(0x8000_0008, Register.EBX, 2),
    RDPRU(0x8000_0008, Register.EBX, 4),
    WBNOINVD(0x8000_0008, Register.EBX, 9),
    IBPB(0x8000_0008, Register.EBX, 12),
    IBRS(0x8000_0008, Register.EBX, 14),
    STIBP(0x8000_0008, Register.EBX, 15),
    SSBD(0x8000_0008, Register.EBX, 24),
    VIRT_SSBD(0x8000_0008, Register.EBX, 25),
    /** Loads never pass older stores of unknown address. */
    SSB_NO(0x8000_0008, Register.EBX, 26),
    /** No branch type confusion. */
    BTC_NO(0x8000_0008, Register.EBX, 29),

    // Leaf 0x80000021, EAX and ECX.
    NO_NESTED_DATA_BP(0x8000_0021, Register.EAX, 0),
    /** LFENCE is dispatch serialising, whatever DE_CFG says. */
    LFENCE_SERIALIZING(0x8000_0021, Register.EAX, 2),
    /** Loading a null selector clears the segment's base. */
    NULL_SELECTOR_CLEARS_BASE(0x8000_0021, Register.EAX, 6),
    /** Automatic IBRS: EFER bit 21 may be set. */
    AUTO_IBRS(0x8000_0021, Register.EAX, 8),
    /** No speculative return stack overflow. */
    SRSO_NO(0x8000_0021, Register.EAX, 29),
    /** No speculative return stack overflow across the user and kernel border. */
    SRSO_USER_KERNEL_NO(0x8000_0021, Register.EAX, 30),
    /** No transient scheduler attack through the store queue. */
    TSA_SQ_NO(0x8000_0021, Register.ECX, 1),
    /** No transient scheduler attack through the L1 data cache. */
    TSA_L1_NO(0x8000_0021, Register.ECX, 2);

    /** CPUID output registers; the ordinal is the index in an output array. */
    public enum Register {
        EAX,
        EBX,
        ECX,
        EDX
    }

    private final int leaf;
    private final int subleaf;
    private final Register register;
    private final int bit;

    CpuFeature(int leaf, Register register, int bit) {
        this(leaf, 0, register, bit);
    }

    CpuFeature(int leaf, int subleaf, Register register, int bit) {
        this.leaf = leaf;
        this.subleaf = subleaf;
        this.register = register;
        this.bit = bit;
    }

    /** The value of EAX that shows the feature. */
    public int leaf() {
        return leaf;
    }

    /** The value of ECX that shows the feature, 0 where the leaf has no subleaves. */
    public int subleaf() {
        return subleaf;
    }

    /** The output register. */
    public Register register() {
        return register;
    }

    /** The bit of that register, 0 to 31. */
    public int bit() {
        return bit;
    }
}
