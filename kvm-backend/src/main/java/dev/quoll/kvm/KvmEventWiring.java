package dev.quoll.kvm;

import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.kvm.kvm_ioeventfd;
import dev.quoll.bindings.kvm.kvm_irqfd;
import dev.quoll.machine.EventWiring;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/** Doorbells by ioeventfd, interrupts by irqfd (api.rst, KVM_IOEVENTFD and KVM_IRQFD). */
final class KvmEventWiring implements EventWiring {
    private final FileDescriptor machine;
    private final InterruptRoutes routes;

    KvmEventWiring(FileDescriptor machine, InterruptRoutes routes) {
        this.machine = machine;
        this.routes = routes;
    }

    @Override
    public Wire doorbell(long address, int width, int descriptor) {
        joinDoorbell(address, width, descriptor, 0);
        AtomicBoolean closed = new AtomicBoolean();
        return () -> {
            if (closed.compareAndSet(false, true)) {
                joinDoorbell(address, width, descriptor, kvm_h.KVM_IOEVENTFD_FLAG_DEASSIGN());
            }
        };
    }

    private void joinDoorbell(long address, int width, int descriptor, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = kvm_ioeventfd.allocate(arena);
            kvm_ioeventfd.addr(request, address);
            kvm_ioeventfd.len(request, width);
            kvm_ioeventfd.fd(request, descriptor);
            kvm_ioeventfd.flags(request, flags);
            ask("KVM_IOEVENTFD", kvm_h.KVM_IOEVENTFD(), request);
        }
    }

    @Override
    public MessageWire interrupt(int descriptor) {
        int gsi = routes.allocate();
        try {
            joinInterrupt(gsi, descriptor, 0);
        } catch (IllegalStateException e) {
            routes.free(gsi);
            throw e;
        }
        return new MessageWire() {
            private final AtomicBoolean closed = new AtomicBoolean();

            @Override
            public void set(long address, int data) {
                routes.setRoute(gsi, address, data);
            }

            @Override
            public void mask() {
                routes.clearRoute(gsi);
            }

            @Override
            public void close() {
                if (closed.compareAndSet(false, true)) {
                    joinInterrupt(gsi, descriptor, kvm_h.KVM_IRQFD_FLAG_DEASSIGN());
                    routes.free(gsi);
                }
            }
        };
    }

    private void joinInterrupt(int gsi, int descriptor, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = kvm_irqfd.allocate(arena);
            kvm_irqfd.fd(request, descriptor);
            kvm_irqfd.gsi(request, gsi);
            kvm_irqfd.flags(request, flags);
            ask("KVM_IRQFD", kvm_h.KVM_IRQFD(), request);
        }
    }

    private void ask(String call, long request, MemorySegment argument) {
        try {
            machine.ioctl(call, request, argument);
        } catch (NativeException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }
}
