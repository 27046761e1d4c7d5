package dev.quoll.kvm;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.kvm.kvm_xsave;
import dev.quoll.machine.CpuElement;
import dev.quoll.machine.XsaveComponent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** x87, SSE and AVX registers of a vCPU that does not run. KVM's area has the standard format, as the element has. */
final class VectorState {
    /** The components that profiles offer; whatever else the host's area has stays as it is. */
    private static final int SIZE = XsaveComponent.AVX.offset() + XsaveComponent.AVX.size();

    private final FileDescriptor cpu;
    private final MemorySegment area;
    private final boolean large;

    /** @param size what KVM_CAP_XSAVE2 says of the machine, 0 without that capability */
    VectorState(FileDescriptor cpu, Arena arena, int size) {
        this.cpu = cpu;
        large = size > kvm_xsave.sizeof();
        area = arena.allocate(Math.max(size, kvm_xsave.sizeof()), 64);
    }

    CpuElement.Xsave read() {
        fetch();
        byte[] bytes = new byte[SIZE];
        MemorySegment.copy(area, ValueLayout.JAVA_BYTE, 0, bytes, 0, SIZE);
        return new CpuElement.Xsave(bytes);
    }

    private void fetch() {
        if (large) {
            cpu.ioctl("KVM_GET_XSAVE2", kvm_h.KVM_GET_XSAVE2(), area);
        } else {
            cpu.ioctl("KVM_GET_XSAVE", kvm_h.KVM_GET_XSAVE(), area);
        }
    }

    /** Throws {@link IllegalArgumentException} for reserved bits in MXCSR or in the header. */
    void write(CpuElement.Xsave state) {
        byte[] bytes = state.area();
        if (bytes.length < XsaveComponent.LEGACY_AND_HEADER) {
            throw new IllegalArgumentException("an XSAVE area has at least %d bytes, not %d"
                    .formatted(XsaveComponent.LEGACY_AND_HEADER, bytes.length));
        }
        area.fill((byte) 0);
        MemorySegment.copy(bytes, 0, area, ValueLayout.JAVA_BYTE, 0, Math.min(bytes.length, SIZE));
        try {
            cpu.ioctl("KVM_SET_XSAVE", kvm_h.KVM_SET_XSAVE(), area);
        } catch (NativeException e) {
            if (e.is(Errno.EINVAL)) {
                throw new IllegalArgumentException("KVM cannot hold these values of the XSAVE area", e);
            }
            throw e;
        }
    }
}
