package dev.quoll.emulator.lab;

import dev.quoll.bindings.code.HostCpuid;
import dev.quoll.emulator.isa.CpuFeature;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

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

    /** The processor's name as CPUID gives it (leaves 8000_0002 to 8000_0004), and its family, model and stepping. */
    static String model() {
        try (HostCpuid cpuid = HostCpuid.open()) {
            ByteBuffer name = ByteBuffer.allocate(48).order(ByteOrder.LITTLE_ENDIAN);
            for (int leaf = 0x8000_0002; leaf <= 0x8000_0004; leaf++) {
                HostCpuid.Registers part = cpuid.query(leaf, 0);
                name.putInt(part.eax()).putInt(part.ebx()).putInt(part.ecx()).putInt(part.edx());
            }
            int signature = cpuid.query(1, 0).eax();
            int family = (signature >> 8 & 15) + (signature >> 20 & 255);
            int model = signature >> 4 & 15 | signature >> 12 & 0xf0;
            return "%s (family %#x, model %#x, stepping %d)".formatted(
                    new String(name.array(), StandardCharsets.US_ASCII).trim(), family, model, signature & 15);
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
