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

/**
 * Written pages as a ring for each vCPU, which it fills and this process empties (api.rst, KVM_CAP_DIRTY_LOG_RING): the cost
 * goes with the pages written, not with the size of RAM. A vCPU whose ring is full comes out and has them all emptied. What a
 * processor holds back of a vCPU that runs shows at a later time.
 */
final class DirtyRings implements MemorySlots.Notes, AutoCloseable {
    /** A power of two; 64 KiB for a vCPU. */
    private static final int ENTRIES = 4096;
    /** Bytes of a ring, the argument of the capability. */
    static final long BYTES = ENTRIES * kvm_dirty_gfn.sizeof();

    private static final VarHandle FLAGS = ValueLayout.JAVA_INT.varHandle();

    /** One vCPU's ring, and where it goes on. */
    private static final class Ring {
        private final MemoryMapping mapping;
        private volatile int next;
        /** {@link #next} when this ring was last told to be full. */
        private int nextAtExit;

        Ring(MemoryMapping mapping) {
            this.mapping = mapping;
        }
    }

    private final FileDescriptor machine;
    private final List<Ring> rings = new ArrayList<>();

    DirtyRings(FileDescriptor machine) {
        this.machine = machine;
    }

    /** A vCPU was made. */
    void add(FileDescriptor cpu) {
        rings.add(new Ring(MemoryMapping.shared(
                cpu.number(), (long) kvm_h.KVM_DIRTY_LOG_PAGE_OFFSET() * DirtyLog.PAGE, BYTES, Protection.READ_WRITE)));
    }

    /**
     * A vCPU's ring is full: makes room. The vCPU's thread.
     *
     * @return false when it held nothing that could be taken, here or by another thread: the kernel has written beyond its end
     */
    boolean makeRoom(int cpu, MemorySlots slots) {
        Ring ring = rings.get(cpu);
        slots.drain();
        boolean moved = ring.next != ring.nextAtExit;
        ring.nextAtExit = ring.next;
        return moved;
    }

    /** Takes what is in the rings and lets the kernel protect these pages again. */
    @Override
    public void drain(List<RamRegion> slots, BitSet pages) {
        boolean some = false;
        for (Ring ring : rings) {
            some |= take(ring, slots, pages);
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

    private static boolean take(Ring ring, List<RamRegion> slots, BitSet pages) {
        MemorySegment entries = ring.mapping.segment();
        int next = ring.next;
        while (true) {
            long at = (next & ENTRIES - 1) * kvm_dirty_gfn.sizeof();
            int flags = (int) FLAGS.getAcquire(entries, at + kvm_dirty_gfn.flags$offset());
            if ((flags & kvm_h.KVM_DIRTY_GFN_F_MASK()) != kvm_h.KVM_DIRTY_GFN_F_DIRTY()) {
                boolean some = next != ring.next;
                ring.next = next;
                return some;
            }
            // The upper half is the address space: there is one here, without system management mode.
            int slot = entries.get(ValueLayout.JAVA_INT, at + kvm_dirty_gfn.slot$offset()) & 0xffff;
            long page = entries.get(ValueLayout.JAVA_LONG, at + kvm_dirty_gfn.offset$offset());
            RamRegion region = slot < slots.size() ? slots.get(slot) : null;
            if (region != null && page >= 0 && page < region.size() / DirtyLog.PAGE) {
                pages.set((int) (region.guestAddress() / DirtyLog.PAGE + page));
            }
            FLAGS.setRelease(entries, at + kvm_dirty_gfn.flags$offset(), kvm_h.KVM_DIRTY_GFN_F_RESET());
            next++;
        }
    }

    @Override
    public void close() {
        rings.forEach(ring -> ring.mapping.close());
    }
}
