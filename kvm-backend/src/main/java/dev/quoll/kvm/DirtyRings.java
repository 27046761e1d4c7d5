package dev.quoll.kvm;

import dev.quoll.bindings.Errno;
import dev.quoll.bindings.NativeException;
import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_dirty_gfn;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.memory.MemoryMapping;
import dev.quoll.bindings.memory.Protection;
import dev.quoll.machine.DirtyLog;
import dev.quoll.machine.RamRegion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The log of written pages as a ring for each vCPU, which it fills and this process empties (api.rst,
 * KVM_CAP_DIRTY_LOG_RING): its cost goes with the pages written, not with the size of RAM. A vCPU whose ring is full comes
 * out and empties them all. What a processor holds back of a vCPU that runs shows at a later collection.
 */
final class DirtyRings implements DirtyLog, AutoCloseable {
    /** A power of two; 64 KiB for a vCPU. */
    static final int ENTRIES = 4096;
    /** Bytes of a ring, the argument of the capability. */
    static final long BYTES = ENTRIES * kvm_dirty_gfn.sizeof();

    private static final long HOST_PAGE = 4096;
    private static final VarHandle FLAGS = ValueLayout.JAVA_INT.varHandle();

    /** One vCPU's ring, and where it goes on. */
    private static final class Ring {
        private final MemoryMapping mapping;
        private int next;
        /** {@link #next} when this ring was last told to be full. */
        private int nextAtExit;

        Ring(MemoryMapping mapping) {
            this.mapping = mapping;
        }
    }

    private final FileDescriptor machine;
    private final MemorySlots slots;
    private final List<Ring> rings = new ArrayList<>();
    /** By slot: what was taken from the rings and not yet told. */
    private final List<BitSet> written = new ArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private boolean logging;

    DirtyRings(FileDescriptor machine, MemorySlots slots) {
        this.machine = machine;
        this.slots = slots;
        slots.regions().forEach(_ -> written.add(new BitSet()));
    }

    /** A vCPU was made. */
    void add(FileDescriptor cpu) {
        rings.add(new Ring(MemoryMapping.shared(
                cpu.number(), kvm_h.KVM_DIRTY_LOG_PAGE_OFFSET() * HOST_PAGE, BYTES, Protection.READ_WRITE)));
    }

    @Override
    public void start() {
        lock.lock();
        try {
            if (!logging) {
                empty();
                written.forEach(BitSet::clear);
                slots.setLogging(true);
                logging = true;
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void stop() {
        lock.lock();
        try {
            if (logging) {
                slots.setLogging(false);
                logging = false;
                empty();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void collect(Pages pages) {
        List<BitSet> taken = new ArrayList<>();
        lock.lock();
        try {
            MemorySlots.requireLogging(logging);
            empty();
            for (BitSet slot : written) {
                taken.add((BitSet) slot.clone());
                slot.clear();
            }
        } finally {
            lock.unlock();
        }
        for (int slot = 0; slot < taken.size(); slot++) {
            MemorySlots.tell(taken.get(slot), slots.regions().get(slot), pages);
        }
    }

    /**
     * A vCPU's ring is full: makes room. The vCPU's thread.
     *
     * @return false when it holds nothing that can be taken: the kernel has written beyond its end
     */
    boolean makeRoom(int cpu) {
        lock.lock();
        try {
            // Another thread may have emptied it since the exit.
            boolean moved = rings.get(cpu).next != rings.get(cpu).nextAtExit;
            empty();
            moved |= rings.get(cpu).next != rings.get(cpu).nextAtExit;
            rings.get(cpu).nextAtExit = rings.get(cpu).next;
            return moved;
        } finally {
            lock.unlock();
        }
    }

    /** Takes what is in the rings and lets the kernel protect these pages again. */
    private void empty() {
        boolean some = false;
        for (Ring ring : rings) {
            some |= empty(ring);
        }
        while (some) {
            try {
                machine.ioctl("KVM_RESET_DIRTY_RINGS", kvm_h.KVM_RESET_DIRTY_RINGS(), 0);
                some = false;
            } catch (NativeException e) {
                if (!e.is(Errno.EINTR)) {
                    throw e;
                }
            }
        }
    }

    private boolean empty(Ring ring) {
        MemorySegment entries = ring.mapping.segment();
        int begin = ring.next;
        while (true) {
            long at = (ring.next & ENTRIES - 1) * kvm_dirty_gfn.sizeof();
            int flags = (int) FLAGS.getAcquire(entries, at + kvm_dirty_gfn.flags$offset());
            if ((flags & kvm_h.KVM_DIRTY_GFN_F_MASK()) != kvm_h.KVM_DIRTY_GFN_F_DIRTY()) {
                return ring.next != begin;
            }
            // The upper half is the address space: there is one here, without system management mode.
            int slot = entries.get(ValueLayout.JAVA_INT, at + kvm_dirty_gfn.slot$offset()) & 0xffff;
            long page = entries.get(ValueLayout.JAVA_LONG, at + kvm_dirty_gfn.offset$offset());
            if (slot < written.size() && page >= 0 && page < slots.regions().get(slot).size() / PAGE) {
                written.get(slot).set((int) page);
            }
            FLAGS.setRelease(entries, at + kvm_dirty_gfn.flags$offset(), kvm_h.KVM_DIRTY_GFN_F_RESET());
            ring.next++;
        }
    }

    @Override
    public void close() {
        rings.forEach(ring -> ring.mapping.close());
    }
}
