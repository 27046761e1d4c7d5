package dev.quoll.kvm;

import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.kvm.kvm_msr_filter;
import dev.quoll.bindings.kvm.kvm_msr_filter_range;
import dev.quoll.machine.MsrTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Which model-specific registers a guest reaches in KVM (api.rst, KVM_X86_SET_MSR_FILTER): those that have an effect there
 * and stand in {@link MsrTable}. All others exit, so that they are the same registers with the same values as on the
 * emulator. The x2APIC's are beyond any filter and always KVM's.
 */
final class MsrFilter {
    private static final Set<Integer> KEPT = Set.of(
            MsrTable.TSC,
            MsrTable.KVM_WALL_CLOCK,
            MsrTable.KVM_SYSTEM_TIME,
            MsrTable.APIC_BASE,
            MsrTable.TSC_ADJUST,
            MsrTable.SYSENTER_CS,
            MsrTable.SYSENTER_ESP,
            MsrTable.SYSENTER_EIP,
            MsrTable.PAT,
            MsrTable.TSC_DEADLINE,
            MsrTable.XSS,
            MsrTable.KVM_WALL_CLOCK_NEW,
            MsrTable.KVM_SYSTEM_TIME_NEW,
            MsrTable.EFER,
            MsrTable.STAR,
            MsrTable.LSTAR,
            MsrTable.CSTAR,
            MsrTable.SFMASK,
            MsrTable.FS_BASE,
            MsrTable.GS_BASE,
            MsrTable.KERNEL_GS_BASE,
            MsrTable.TSC_AUX);
    /** Numbers farther apart than this go into different ranges; a range has one bit a number. */
    private static final int GAP = 0x1000;

    private MsrFilter() {}

    /** Whether KVM keeps a register of the table and acts upon it. */
    static boolean keptByKvm(int number) {
        return KEPT.contains(number);
    }

    /** Lets the guests of a machine reach these registers of {@code table} and no others. */
    static void install(FileDescriptor machine, MsrTable table) {
        List<Integer> numbers = table.rows().stream()
                .map(MsrTable.Msr::number)
                .filter(MsrFilter::keptByKvm)
                .sorted(Integer::compareUnsigned)
                .toList();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment filter = kvm_msr_filter.allocate(arena);
            kvm_msr_filter.flags(filter, kvm_h.KVM_MSR_FILTER_DEFAULT_DENY());
            List<Integer> group = new ArrayList<>();
            int range = 0;
            for (int number : numbers) {
                if (!group.isEmpty() && number - group.getLast() > GAP) {
                    fill(kvm_msr_filter.ranges(filter, range++), group, arena);
                    group.clear();
                }
                group.add(number);
            }
            fill(kvm_msr_filter.ranges(filter, range), group, arena);
            machine.ioctl("KVM_X86_SET_MSR_FILTER", kvm_h.KVM_X86_SET_MSR_FILTER(), filter);
        }
    }

    private static void fill(MemorySegment range, List<Integer> numbers, Arena arena) {
        int base = numbers.getFirst();
        int count = numbers.getLast() - base + 1;
        MemorySegment bitmap = arena.allocate((count + 63) / 64 * 8L, 8);
        for (int number : numbers) {
            long at = number - base >>> 3;
            bitmap.set(ValueLayout.JAVA_BYTE, at, (byte) (bitmap.get(ValueLayout.JAVA_BYTE, at) | 1 << (number - base & 7)));
        }
        kvm_msr_filter_range.flags(range, kvm_h.KVM_MSR_FILTER_READ() | kvm_h.KVM_MSR_FILTER_WRITE());
        kvm_msr_filter_range.base(range, base);
        kvm_msr_filter_range.nmsrs(range, count);
        kvm_msr_filter_range.bitmap(range, bitmap);
    }
}
