package dev.quoll.emulator.lab;

import dev.quoll.bindings.code.HostCpuid;
import dev.quoll.emulator.isa.CpuFeature;

/**
 * What the host's processor is.
 *
 * @param amd whether AMD made it
 * @param decoderFeatures {@link CpuFeature} bits it has
 */
record HostFeatures(boolean amd, long decoderFeatures) {
    /** The first four letters of AuthenticAMD. */
    private static final int AMD = 0x6874_7541;

    static HostFeatures read() {
        try (HostCpuid cpuid = HostCpuid.open()) {
            long features = 0;
            for (CpuFeature feature : CpuFeature.values()) {
                if (feature.cpuid().map(bit -> shows(cpuid, bit)).orElse(true)) {
                    features |= feature.mask();
                }
            }
            return new HostFeatures(cpuid.query(0, 0).ebx() == AMD, features);
        }
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
        return (decoderFeatures & feature.mask()) != 0;
    }
}
