package dev.quoll.emulator.translate.host;

import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.code.HostCpuid;
import dev.quoll.emulator.core.HostMemory;
import dev.quoll.emulator.isa.CpuFeature;
import java.util.Optional;

/**
 * The processor that translated code runs on.
 *
 * @param features {@link CpuFeature} bits of what it has and the host's system has enabled
 * @param amd whether AMD made it
 * @param obstacle why it runs no translated code, as the end of a sentence
 */
record HostProcessor(long features, boolean amd, Optional<String> obstacle) {
    /** What integer code is translated to. */
    private static final long NEEDED = CpuFeature.maskOf(
            CpuFeature.SSE3, CpuFeature.SSE4_2, CpuFeature.CX16, CpuFeature.MOVBE, CpuFeature.POPCNT, CpuFeature.BMI1, CpuFeature.BMI2,
            CpuFeature.ADX, CpuFeature.LAHF64, CpuFeature.LZCNT);

    /** What works with YMM registers, beyond AVX itself. */
    private static final long WITH_AVX = CpuFeature.maskOf(
                    CpuFeature.AVX, CpuFeature.AVX2, CpuFeature.FMA, CpuFeature.F16C, CpuFeature.VAES, CpuFeature.VPCLMULQDQ)
            & ~CpuFeature.BASE.mask();

    /** XCR0: XMM and the upper halves of YMM. */
    private static final int VECTOR_STATE = 6;

    /** The first four letters of AuthenticAMD. */
    private static final int AMD = 0x6874_7541;

    /** This host's. */
    static final HostProcessor THIS = read();

    private static HostProcessor read() {
        if (!System.getProperty("os.arch").equals("amd64")) {
            return useless("the host is no x86-64 machine");
        }
        if (!HostMemory.DIRECT) {
            return useless("native access is denied (--enable-native-access=dev.quoll.bindings grants it)");
        }
        try (HostCpuid cpuid = HostCpuid.open()) {
            long features = 0;
            for (CpuFeature feature : CpuFeature.values()) {
                if (feature.cpuid().map(bit -> shows(cpuid, bit)).orElse(true)) {
                    features |= feature.mask();
                }
            }
            if ((features & NEEDED) != NEEDED) {
                return useless("the host's processor lacks BMI2, ADX or other instructions of x86-64-v3");
            }
            boolean wide = (cpuid.enabledState() & VECTOR_STATE) == VECTOR_STATE;
            boolean amd = cpuid.query(0, 0).ebx() == AMD;
            return new HostProcessor(wide ? features : features & ~WITH_AVX, amd, Optional.empty());
        } catch (NativeException e) {
            return useless("executable memory is refused (%s)".formatted(e.getMessage()));
        }
    }

    private static HostProcessor useless(String why) {
        return new HostProcessor(0, false, Optional.of(why));
    }

    private static boolean shows(HostCpuid cpuid, dev.quoll.machine.CpuFeature bit) {
        HostCpuid.Registers answer = cpuid.query(bit.leaf(), bit.subleaf());
        int value = switch (bit.register()) {
            case EAX -> answer.eax();
            case EBX -> answer.ebx();
            case ECX -> answer.ecx();
            case EDX -> answer.edx();
        };
        return (value >>> bit.bit() & 1) != 0;
    }

    boolean has(CpuFeature feature) {
        return (features & feature.mask()) != 0;
    }
}
