package dev.quoll.kvm;

import dev.quoll.bindings.CapturedErrno;
import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.kvm.kvm_irq_routing;
import dev.quoll.bindings.kvm.kvm_irq_routing_entry;
import dev.quoll.bindings.kvm.kvm_irq_routing_irqchip;
import dev.quoll.bindings.kvm.kvm_irq_routing_msi;
import dev.quoll.bindings.kvm.kvm_msi;
import dev.quoll.bindings.linux.linux_h;
import dev.quoll.machine.MsiSink;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Messages to the local APICs of a machine, and its table of interrupt routes (api.rst, KVM_SET_GSI_ROUTING).
 *
 * <p>With a split irqchip KVM tells of the end of an interrupt only for vectors that a level-triggered route among the first {@link #LEVEL} can
 * send (api.rst, KVM_CAP_SPLIT_IRQCHIP). So each new level-triggered message gets a route before it is delivered; the
 * board's I/O APIC need not know. With all controllers in the kernel, the first routes are their wires.
 */
final class InterruptRoutes implements MsiSink {
    /** Routes for level-triggered messages: more than an I/O APIC has pins, so that none under way is pushed out. */
    static final int LEVEL = 64;
    /** The kernel's KVM_MAX_IRQ_ROUTES. */
    private static final int MOST = 4096;

    private static final int LEVEL_TRIGGERED = 1 << 15;
    /** Vector, delivery mode and trigger mode: what tells one level-triggered message from another. */
    private static final int ROUTED_BITS = 0x87ff;
    private static final long MSI_PAGE_MASK = 0xfff0_0000L;
    private static final long MSI_PAGE = 0xfee0_0000L;

    /** A route's message; the level of an entry does not matter for it. */
    private record Message(long address, int data) {
        boolean is(long otherAddress, int otherData) {
            return address == otherAddress && (data & ROUTED_BITS) == (otherData & ROUTED_BITS);
        }
    }

    private final FileDescriptor machine;
    private final ThreadLocal<MemorySegment> scratch =
            ThreadLocal.withInitial(() -> kvm_msi.allocate(Arena.ofAuto()));
    private final ReentrantLock lock = new ReentrantLock();
    /** By GSI; a null is no route. Replaced as a whole, so that {@link #signal} looks without the lock. */
    private volatile Message[] table = new Message[LEVEL];
    private int oldest;
    private final BitSet taken = new BitSet();
    private final boolean levelsEndHere;
    /** The kernel's own controllers, where it has them. */
    private final List<KernelIrqchip.Wire> wires;

    private InterruptRoutes(FileDescriptor machine, boolean levelsEndHere, List<KernelIrqchip.Wire> wires) {
        this.machine = machine;
        this.levelsEndHere = levelsEndHere;
        this.wires = wires;
    }

    /** Of a machine whose I/O APIC is in this process. */
    static InterruptRoutes split(FileDescriptor machine) {
        return new InterruptRoutes(machine, true, List.of());
    }

    /** Of a machine whose controllers are all the kernel's. */
    static InterruptRoutes full(FileDescriptor machine) {
        InterruptRoutes routes = new InterruptRoutes(machine, false, KernelIrqchip.wires());
        routes.install(routes.table);
        return routes;
    }

    @Override
    public void signal(long address, int data) {
        if ((address & MSI_PAGE_MASK) != MSI_PAGE) {
            return; // a write to RAM or to a device, which no interrupt message is
        }
        if (levelsEndHere && (data & LEVEL_TRIGGERED) != 0 && !routed(address, data)) {
            addLevel(address, data);
        }
        MemorySegment message = scratch.get();
        kvm_msi.address_lo(message, (int) address);
        kvm_msi.address_hi(message, (int) (address >>> 32));
        kvm_msi.data(message, data);
        MemorySegment errno = CapturedErrno.current();
        if (linux_h.ioctl(errno, machine.number(), kvm_h.KVM_SIGNAL_MSI(), message) < 0) {
            int error = CapturedErrno.value(errno);
            // A message that addresses no CPU, or has a form that no CPU takes, is lost as on a real bus.
            if (error != Errno.EPERM.number() && error != Errno.EINVAL.number()) {
                throw new NativeException("KVM_SIGNAL_MSI", machine.name(), error);
            }
        }
    }

    private boolean routed(long address, int data) {
        Message[] now = table;
        for (int gsi = 0; gsi < LEVEL; gsi++) {
            Message message = now[gsi];
            if (message != null && message.is(address, data)) {
                return true;
            }
        }
        return false;
    }

    /** Sees to it that the end of this level-triggered message's interrupt will be told. */
    void addLevel(long address, int data) {
        lock.lock();
        try {
            if (levelsEndHere && !routed(address, data)) {
                set(oldest, new Message(address, data));
                oldest = (oldest + 1) % LEVEL;
            }
        } finally {
            lock.unlock();
        }
    }

    /** A route of its own for a descriptor's interrupts; it leads nowhere until {@link #setRoute}. */
    int allocate() {
        lock.lock();
        try {
            int gsi = taken.nextClearBit(LEVEL);
            if (gsi >= MOST) {
                throw new IllegalStateException("this machine has no interrupt route left; it has " + MOST);
            }
            taken.set(gsi);
            return gsi;
        } finally {
            lock.unlock();
        }
    }

    /** Makes the interrupts of {@code gsi} this message. */
    void setRoute(int gsi, long address, int data) {
        lock.lock();
        try {
            set(gsi, new Message(address, data));
        } finally {
            lock.unlock();
        }
    }

    /** Makes the interrupts of {@code gsi} lead nowhere. */
    void clearRoute(int gsi) {
        lock.lock();
        try {
            if (gsi < table.length && table[gsi] != null) {
                set(gsi, null);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Gives back what {@link #allocate} gave. */
    void free(int gsi) {
        lock.lock();
        try {
            clearRoute(gsi);
            taken.clear(gsi);
        } finally {
            lock.unlock();
        }
    }

    private void set(int gsi, Message message) {
        Message[] changed = Arrays.copyOf(table, Math.max(table.length, gsi + 1));
        changed[gsi] = message;
        install(changed);
        table = changed;
    }

    private void install(Message[] messages) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment routing = kvm_irq_routing.allocate(wires.size() + messages.length, arena);
            int count = 0;
            for (KernelIrqchip.Wire wire : wires) {
                fill(kvm_irq_routing.entries(routing, count++), wire);
            }
            for (int gsi = 0; gsi < messages.length; gsi++) {
                if (messages[gsi] != null) {
                    fill(kvm_irq_routing.entries(routing, count++), gsi, messages[gsi]);
                }
            }
            kvm_irq_routing.nr(routing, count);
            machine.ioctl("KVM_SET_GSI_ROUTING", kvm_h.KVM_SET_GSI_ROUTING(), routing);
        }
    }

    private static void fill(MemorySegment entry, KernelIrqchip.Wire wire) {
        kvm_irq_routing_entry.gsi(entry, wire.gsi());
        kvm_irq_routing_entry.type(entry, kvm_h.KVM_IRQ_ROUTING_IRQCHIP());
        MemorySegment pin = kvm_irq_routing_entry.u.irqchip(kvm_irq_routing_entry.u(entry));
        kvm_irq_routing_irqchip.irqchip(pin, wire.chip());
        kvm_irq_routing_irqchip.pin(pin, wire.pin());
    }

    private static void fill(MemorySegment entry, int gsi, Message message) {
        kvm_irq_routing_entry.gsi(entry, gsi);
        kvm_irq_routing_entry.type(entry, kvm_h.KVM_IRQ_ROUTING_MSI());
        MemorySegment msi = kvm_irq_routing_entry.u.msi(kvm_irq_routing_entry.u(entry));
        kvm_irq_routing_msi.address_lo(msi, (int) message.address);
        kvm_irq_routing_msi.address_hi(msi, (int) (message.address >>> 32));
        kvm_irq_routing_msi.data(msi, message.data);
    }
}
