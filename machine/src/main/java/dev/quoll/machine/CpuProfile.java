package dev.quoll.machine;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A named set of CPU features offered to a guest. What a guest sees is the profile less what the engine cannot honour;
 * see {@link Cpuid}.
 *
 * @param name as on the command line, for example {@code v2}
 */
public record CpuProfile(String name, Set<CpuFeature> features) {
    /** x86-64-v2 and what kernels use everywhere; no state beyond XMM. */
    public static final CpuProfile V2 = new CpuProfile("v2", v2());

    /** {@link #V2} with the 256-bit vector extensions. */
    public static final CpuProfile V3 = new CpuProfile("v3", v3());

    private static final List<CpuProfile> TABLE = List.of(V2, V3);

    /** What may be added to a profile: features that few guests gain by, or that change what a guest sees of memory. */
    private static final Set<CpuFeature> MORE = EnumSet.of(
            CpuFeature.CLFLUSHOPT, CpuFeature.CLWB, CpuFeature.CLZERO, CpuFeature.LA57, CpuFeature.RDPID);

    public CpuProfile {
        features = Set.copyOf(features);
    }

    /**
     * The profile of a name, which may have {@link #more} behind plus signs: {@code v3+clzero+la57}.
     *
     * @throws IllegalArgumentException for an unknown name; the message lists the known ones
     */
    public static CpuProfile named(String name) {
        String[] parts = name.split("\\+", -1);
        CpuProfile profile = TABLE.stream()
                .filter(known -> known.name.equals(parts[0]))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no CPU profile \"%s\"; the profiles are %s"
                        .formatted(parts[0], TABLE.stream().map(CpuProfile::name).collect(Collectors.joining(", ")))));
        if (parts.length == 1) {
            return profile;
        }
        EnumSet<CpuFeature> features = EnumSet.copyOf(profile.features);
        for (String part : Arrays.asList(parts).subList(1, parts.length)) {
            features.add(MORE.stream()
                    .filter(feature -> optionName(feature).equals(part))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("no CPU feature \"%s\" to add to a profile; there are %s"
                            .formatted(part, String.join(", ", more())))));
        }
        return new CpuProfile(name, features);
    }

    /** Names of the features that may be added to a profile. */
    public static List<String> more() {
        return MORE.stream().map(CpuProfile::optionName).toList();
    }

    private static String optionName(CpuFeature feature) {
        return feature.name().toLowerCase(Locale.ROOT);
    }

    /** Every named profile, the default first. */
    public static List<CpuProfile> all() {
        return TABLE;
    }

    /** Whether the profile offers a feature. */
    public boolean offers(CpuFeature feature) {
        return features.contains(feature);
    }

    private static Set<CpuFeature> v2() {
        EnumSet<CpuFeature> set = EnumSet.noneOf(CpuFeature.class);
        // Every long-mode processor, and the x86-64-v1 and v2 levels of the psABI (section 3.1.1, "micro-architecture
        // levels").
        add(set, CpuFeature.FPU, CpuFeature.DE, CpuFeature.PSE, CpuFeature.TSC, CpuFeature.MSR, CpuFeature.PAE);
        add(set, CpuFeature.MCE, CpuFeature.CX8, CpuFeature.APIC, CpuFeature.SEP, CpuFeature.MTRR, CpuFeature.PGE);
        add(set, CpuFeature.MCA, CpuFeature.CMOV, CpuFeature.PAT, CpuFeature.PSE36, CpuFeature.CLFSH, CpuFeature.MMX);
        add(set, CpuFeature.FXSR, CpuFeature.SSE, CpuFeature.SSE2, CpuFeature.SYSCALL, CpuFeature.NX);
        add(set, CpuFeature.MMXEXT, CpuFeature.LONG_MODE, CpuFeature.PREFETCHW);
        add(set, CpuFeature.SSE3, CpuFeature.SSSE3, CpuFeature.SSE4_1, CpuFeature.SSE4_2, CpuFeature.POPCNT);
        add(set, CpuFeature.CX16, CpuFeature.LAHF64);
        // What kernels and their cryptography use wherever they find it.
        add(set, CpuFeature.XSAVE, CpuFeature.FSGSBASE, CpuFeature.PCID, CpuFeature.INVPCID, CpuFeature.SMEP);
        add(set, CpuFeature.SMAP, CpuFeature.UMIP, CpuFeature.RDTSCP, CpuFeature.RDRAND, CpuFeature.RDSEED);
        add(set, CpuFeature.MOVBE, CpuFeature.ADX, CpuFeature.AES);
        // These come together: every processor with BMI2 has LZCNT, and libzstd takes code with LZCNT in it (which elsewhere
        // is BSR and gives other numbers) where it finds BMI1 and BMI2.
        add(set, CpuFeature.BMI1, CpuFeature.BMI2, CpuFeature.LZCNT);
        // With XSAVEERPTR a kernel need not clear the x87 error pointers on each context switch.
        add(set, CpuFeature.XSAVEOPT, CpuFeature.XSAVEC, CpuFeature.XGETBV1, CpuFeature.XSAVEERPTR);
        add(set, CpuFeature.PCLMULQDQ, CpuFeature.PAGE1GB, CpuFeature.ERMS, CpuFeature.FSRM);
        // Time and interrupts: an invariant TSC that every CPU shares, and a timer that never stops.
        add(set, CpuFeature.X2APIC, CpuFeature.TSC_DEADLINE, CpuFeature.TSC_ADJUST, CpuFeature.INVARIANT_TSC);
        add(set, CpuFeature.ARAT, CpuFeature.HYPERVISOR, CpuFeature.TOPOEXT);
        // What a processor says that needs no mitigation. With AUTO_IBRS a kernel builds no retpolines, and without
        // IBPB, IBRS, STIBP and SSBD it writes no speculation control MSR on a context switch.
        add(set, CpuFeature.SSB_NO, CpuFeature.BTC_NO, CpuFeature.SRSO_NO, CpuFeature.SRSO_USER_KERNEL_NO);
        add(set, CpuFeature.TSA_SQ_NO, CpuFeature.TSA_L1_NO, CpuFeature.AUTO_IBRS, CpuFeature.LFENCE_SERIALIZING);
        add(set, CpuFeature.NO_NESTED_DATA_BP, CpuFeature.NULL_SELECTOR_CLEARS_BASE);
        return set;
    }

    private static Set<CpuFeature> v3() {
        EnumSet<CpuFeature> set = EnumSet.copyOf(v2());
        add(set, CpuFeature.AVX, CpuFeature.AVX2, CpuFeature.FMA, CpuFeature.F16C, CpuFeature.SHA);
        add(set, CpuFeature.VAES, CpuFeature.VPCLMULQDQ);
        return set;
    }

    private static void add(Set<CpuFeature> set, CpuFeature... features) {
        set.addAll(Arrays.asList(features));
    }
}
