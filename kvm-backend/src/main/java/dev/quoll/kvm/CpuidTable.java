package dev.quoll.kvm;

import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_cpuid2;
import dev.quoll.bindings.kvm.kvm_cpuid_entry2;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.machine.Cpuid;
import dev.quoll.machine.XsaveComponent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What a vCPU answers to CPUID. A KVM without hardware virtualization sets bits of the host's in leaves 1 and 7 and in the
 * head of leaf 0xd, whatever it is given, as user-mode code of its guests sees them anyway. Kernels check the sizes in leaf
 * 0xd against its head, so the subleaves of what was added have to be there too.
 */
final class CpuidTable {
    private static final int XSAVE_LEAF = 0xd;

    private CpuidTable() {}

    /** Gives a vCPU the table, before its first run. */
    static void set(FileDescriptor cpu, List<Cpuid.Entry> entries) {
        try (Arena arena = Arena.ofConfined()) {
            write(cpu, entries, arena);
            List<Cpuid.Entry> whole = new ArrayList<>(entries);
            whole.addAll(missing(entries, stateComponents(cpu, entries.size(), arena)));
            if (whole.size() != entries.size()) {
                write(cpu, whole, arena);
            }
        }
    }

    /** The subleaves of leaf 0xd that components in its head want and the table has not. */
    static List<Cpuid.Entry> missing(List<Cpuid.Entry> entries, long components) {
        List<Cpuid.Entry> missing = new ArrayList<>();
        for (XsaveComponent component : XsaveComponent.values()) {
            boolean shown = component.extended() && (components >>> component.number() & 1) != 0;
            boolean there = entries.stream()
                    .anyMatch(entry -> entry.leaf() == XSAVE_LEAF && entry.subleaf() == component.number());
            if (shown && !there) {
                missing.add(new Cpuid.Entry(
                        XSAVE_LEAF, component.number(), true, component.size(), component.offset(), 0, 0));
            }
        }
        return missing;
    }

    private static void write(FileDescriptor cpu, List<Cpuid.Entry> entries, Arena arena) {
        MemorySegment table = kvm_cpuid2.allocate(entries.size(), arena);
        kvm_cpuid2.nent(table, entries.size());
        for (int i = 0; i < entries.size(); i++) {
            Cpuid.Entry entry = entries.get(i);
            MemorySegment row = kvm_cpuid2.entries(table, i);
            kvm_cpuid_entry2.function(row, entry.leaf());
            kvm_cpuid_entry2.index(row, entry.subleaf());
            kvm_cpuid_entry2.flags(row, entry.indexed() ? kvm_h.KVM_CPUID_FLAG_SIGNIFCANT_INDEX() : 0);
            kvm_cpuid_entry2.eax(row, entry.eax());
            kvm_cpuid_entry2.ebx(row, entry.ebx());
            kvm_cpuid_entry2.ecx(row, entry.ecx());
            kvm_cpuid_entry2.edx(row, entry.edx());
        }
        cpu.ioctl("KVM_SET_CPUID2", kvm_h.KVM_SET_CPUID2(), table);
    }

    /** What the vCPU now shows in EDX:EAX of leaf 0xd, subleaf 0. @param count of the rows that were set */
    private static long stateComponents(FileDescriptor cpu, int count, Arena arena) {
        MemorySegment table = kvm_cpuid2.allocate(count, arena);
        kvm_cpuid2.nent(table, count);
        cpu.ioctl("KVM_GET_CPUID2", kvm_h.KVM_GET_CPUID2(), table);
        for (int i = 0; i < kvm_cpuid2.nent(table); i++) {
            MemorySegment row = kvm_cpuid2.entries(table, i);
            if (kvm_cpuid_entry2.function(row) == XSAVE_LEAF && kvm_cpuid_entry2.index(row) == 0) {
                return (long) kvm_cpuid_entry2.edx(row) << 32 | kvm_cpuid_entry2.eax(row) & 0xffff_ffffL;
            }
        }
        return 0;
    }
}
