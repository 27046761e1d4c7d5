package dev.quoll.kvm;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_device_attr;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.MsrTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The time-stamp counter of one vCPU. Its distance from the host's is a device attribute (Documentation/virt/kvm/devices/
 * vcpu.rst, KVM_VCPU_TSC_OFFSET) where the kernel has it: a write of the MSR is taken for a guess at synchronising several
 * CPUs, and changed.
 */
final class GuestTsc {
    private final FileDescriptor cpu;
    private final MsrState msrs;
    private final boolean hasOffset;
    private final boolean hasAdjust;
    private final boolean hasDeadline;
    private final MemorySegment attribute;
    private final MemorySegment offset;
    private boolean fixed;

    GuestTsc(FileDescriptor cpu, MsrState msrs, MsrTable table, Arena arena) {
        this.cpu = cpu;
        this.msrs = msrs;
        hasAdjust = table.slot(MsrTable.TSC_ADJUST) >= 0;
        hasDeadline = table.slot(MsrTable.TSC_DEADLINE) >= 0;
        attribute = kvm_device_attr.allocate(arena);
        offset = arena.allocate(ValueLayout.JAVA_LONG);
        kvm_device_attr.group(attribute, kvm_h.KVM_VCPU_TSC_CTRL());
        kvm_device_attr.attr(attribute, kvm_h.KVM_VCPU_TSC_OFFSET());
        kvm_device_attr.addr(attribute, offset.address());
        hasOffset = hasOffset();
    }

    private boolean hasOffset() {
        try {
            cpu.ioctl("KVM_HAS_DEVICE_ATTR", kvm_h.KVM_HAS_DEVICE_ATTR(), attribute);
            return true;
        } catch (NativeException e) {
            if (e.is(Errno.ENXIO) || e.is(Errno.ENOTTY) || e.is(Errno.EINVAL)) {
                return false;
            }
            throw e;
        }
    }

    long now() {
        return msrs.get(MsrTable.TSC);
    }

    /** Makes the counter read {@code value} now. */
    private void set(long value) {
        if (hasOffset) {
            setOffset(offset() + value - now());
        } else {
            msrs.set(MsrTable.TSC, value);
        }
    }

    /**
     * Moves the counter by so many ticks, in step with the machine's other CPUs; a deadline stays where it is on its scale.
     * Does nothing to a counter that {@link #isFixed}.
     */
    void shift(long ticks, PartitionTime time) {
        long deadline = deadline();
        if (hasOffset) {
            setOffset(time.common(offset() + ticks));
        } else {
            msrs.set(MsrTable.TSC, now() + ticks);
        }
        if (deadline != 0) {
            msrs.set(MsrTable.TSC_DEADLINE, deadline);
        }
    }

    private long offset() {
        cpu.ioctl("KVM_GET_DEVICE_ATTR", kvm_h.KVM_GET_DEVICE_ATTR(), attribute);
        return offset.get(ValueLayout.JAVA_LONG, 0);
    }

    private void setOffset(long value) {
        offset.set(ValueLayout.JAVA_LONG, 0, value);
        cpu.ioctl("KVM_SET_DEVICE_ATTR", kvm_h.KVM_SET_DEVICE_ATTR(), attribute);
        // A KVM whose guests execute RDTSC on the bare processor takes any offset without an error, and drops it.
        fixed = offset() != value;
    }

    /** Whether KVM did not do as told the last time: the guest reads a counter that nobody can move, the host's. */
    boolean isFixed() {
        return fixed;
    }

    private long deadline() {
        return hasDeadline ? msrs.get(MsrTable.TSC_DEADLINE) : 0;
    }

    CpuElement.Tsc read() {
        return new CpuElement.Tsc(now(), hasAdjust ? msrs.get(MsrTable.TSC_ADJUST) : 0, deadline());
    }

    void write(CpuElement.Tsc state) {
        set(state.tsc());
        if (hasAdjust) {
            msrs.set(MsrTable.TSC_ADJUST, state.tscAdjust());
        }
        if (hasDeadline) {
            msrs.set(MsrTable.TSC_DEADLINE, state.deadline());
        }
    }
}
