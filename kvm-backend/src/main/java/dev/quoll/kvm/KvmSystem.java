package dev.quoll.kvm;

import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_cpuid2;
import dev.quoll.bindings.kvm.kvm_cpuid_entry2;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.machine.CpuFeature;
import dev.quoll.machine.Cpuid;
import dev.quoll.machine.EngineException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The open {@code /dev/kvm}: what the host offers, and the way to new machines (api.rst, 4, "system ioctls"). */
final class KvmSystem implements AutoCloseable {
    private static final int CPUID_ROOM = 512;
    private static final int ADDRESS_WIDTH_LEAF = 0x8000_0008;

    private final FileDescriptor kvm;

    private KvmSystem(FileDescriptor kvm) {
        this.kvm = kvm;
    }

    /** @throws dev.quoll.bindings.NativeException when it does not open */
    static KvmSystem open() {
        return new KvmSystem(FileDescriptor.open(KvmProbe.DEVICE, linux_h.O_RDWR()));
    }

    /** A new machine with nothing in it. */
    FileDescriptor createMachine() {
        return FileDescriptor.owning(kvm.ioctl("KVM_CREATE_VM", kvm_h.KVM_CREATE_VM(), 0), "KVM machine");
    }

    /** What {@code KVM_CHECK_EXTENSION} says: 0 for no, else yes or a number that means something to the capability. */
    int check(int capability) {
        return kvm.ioctl("KVM_CHECK_EXTENSION", kvm_h.KVM_CHECK_EXTENSION(), capability);
    }

    boolean has(Capability capability) {
        return check(capability.number()) > 0;
    }

    /** @throws EngineException when one of them is not there; what is missing, and the fix */
    void require(Capability... capabilities) throws EngineException {
        List<Capability> missing =
                Arrays.stream(capabilities).filter(capability -> !has(capability)).toList();
        if (!missing.isEmpty()) {
            KvmObstacle obstacle = new KvmObstacle.MissingCapabilities(missing);
            throw new EngineException("%s. %s".formatted(obstacle.reason(), obstacle.fix()));
        }
    }

    /** Bytes that each vCPU shares with the kernel. */
    int sharedSize() {
        return kvm.ioctl("KVM_GET_VCPU_MMAP_SIZE", kvm_h.KVM_GET_VCPU_MMAP_SIZE(), 0);
    }

    /** What guests may be offered here: the host's features that KVM supports, and those that KVM makes by itself. */
    Cpuid.Abilities abilities() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment table = kvm_cpuid2.allocate(CPUID_ROOM, arena);
            kvm_cpuid2.nent(table, CPUID_ROOM);
            kvm.ioctl("KVM_GET_SUPPORTED_CPUID", kvm_h.KVM_GET_SUPPORTED_CPUID(), table);
            Set<CpuFeature> features = EnumSet.of(CpuFeature.HYPERVISOR, CpuFeature.APIC, CpuFeature.HTT, CpuFeature.CMP_LEGACY);
            int addressBits = Cpuid.Abilities.USUAL_PHYSICAL_ADDRESS_BITS;
            for (int i = 0; i < kvm_cpuid2.nent(table); i++) {
                MemorySegment entry = kvm_cpuid2.entries(table, i);
                for (CpuFeature feature : CpuFeature.values()) {
                    if (shows(entry, feature)) {
                        features.add(feature);
                    }
                }
                if (kvm_cpuid_entry2.function(entry) == ADDRESS_WIDTH_LEAF) {
                    addressBits = Math.min(addressBits, Math.max(36, kvm_cpuid_entry2.eax(entry) & 0xff));
                }
            }
            // The list leaves it out, as it depends on the in-kernel local APIC (api.rst, 4.46).
            if (check(kvm_h.KVM_CAP_TSC_DEADLINE_TIMER()) > 0) {
                features.add(CpuFeature.TSC_DEADLINE);
            }
            return new Cpuid.Abilities(features, addressBits);
        }
    }

    private static boolean shows(MemorySegment entry, CpuFeature feature) {
        if (kvm_cpuid_entry2.function(entry) != feature.leaf() || kvm_cpuid_entry2.index(entry) != feature.subleaf()) {
            return false;
        }
        int register = switch (feature.register()) {
            case EAX -> kvm_cpuid_entry2.eax(entry);
            case EBX -> kvm_cpuid_entry2.ebx(entry);
            case ECX -> kvm_cpuid_entry2.ecx(entry);
            case EDX -> kvm_cpuid_entry2.edx(entry);
        };
        return (register >>> feature.bit() & 1) != 0;
    }

    @Override
    public void close() {
        kvm.close();
    }
}
