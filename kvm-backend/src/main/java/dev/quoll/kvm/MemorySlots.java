package dev.quoll.kvm;

import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.kvm.kvm_userspace_memory_region;
import dev.quoll.machine.DirtyLog;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.RamRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The guest's RAM as KVM's memory slots, one a region (api.rst, KVM_SET_USER_MEMORY_REGION), and the log of pages written in
 * them. Any thread.
 */
final class MemorySlots implements DirtyLog {
    /** Where the kernel's notes of written pages come from. Called under the lock of the slots. */
    interface Notes {
        /** Adds the guest's page numbers of all pages written since the last time. @param slots null where there is none */
        void drain(List<RamRegion> slots, BitSet pages);
    }

    private final FileDescriptor machine;
    private final GuestMemory memory;
    private final Notes notes;
    private final ReentrantLock lock = new ReentrantLock();
    /** By slot; null for a free one. */
    private final List<RamRegion> slots = new ArrayList<>();
    /** Numbers of the guest's pages that were written and not yet told. */
    private BitSet written = new BitSet();
    private boolean logging;

    MemorySlots(FileDescriptor machine, GuestMemory memory, Notes notes) {
        this.machine = machine;
        this.memory = memory;
        this.notes = notes;
    }

    /**
     * Gives the guest its RAM as it is now. Regions that stay are not touched; for a moment a vCPU that runs meanwhile may
     * find one that changes to be no memory.
     */
    void map() {
        lock.lock();
        try {
            List<RamRegion> wanted = memory.regions();
            if (logging) {
                notes.drain(slots, written);
            }
            for (int slot = 0; slot < slots.size(); slot++) {
                RamRegion region = slots.get(slot);
                if (region != null && !wanted.contains(region)) {
                    set(slot, region, 0, 0);
                    slots.set(slot, null);
                }
            }
            for (RamRegion region : wanted) {
                if (!slots.contains(region)) {
                    int slot = slots.indexOf(null);
                    if (slot < 0) {
                        slot = slots.size();
                        slots.add(null);
                    }
                    set(slot, region, region.size(), flags(region));
                    slots.set(slot, region);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private int flags(RamRegion region) {
        return (logging ? kvm_h.KVM_MEM_LOG_DIRTY_PAGES() : 0) | (region.writable() ? 0 : kvm_h.KVM_MEM_READONLY());
    }

    /** @param size 0 takes the slot away */
    private void set(int slot, RamRegion ram, long size, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment region = kvm_userspace_memory_region.allocate(arena);
            kvm_userspace_memory_region.slot(region, slot);
            kvm_userspace_memory_region.flags(region, flags);
            kvm_userspace_memory_region.guest_phys_addr(region, ram.guestAddress());
            kvm_userspace_memory_region.memory_size(region, size);
            kvm_userspace_memory_region.userspace_addr(region, memory.mapping().address() + ram.offset());
            machine.ioctl("KVM_SET_USER_MEMORY_REGION", kvm_h.KVM_SET_USER_MEMORY_REGION(), region);
        }
    }

    @Override
    public void start() {
        log(true);
    }

    @Override
    public void stop() {
        log(false);
    }

    private void log(boolean wanted) {
        lock.lock();
        try {
            if (logging == wanted) {
                return;
            }
            logging = wanted;
            for (int slot = 0; slot < slots.size(); slot++) {
                RamRegion region = slots.get(slot);
                if (region != null) {
                    set(slot, region, region.size(), flags(region));
                }
            }
            written = new BitSet();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void collect(Pages pages) {
        BitSet taken;
        lock.lock();
        try {
            if (!logging) {
                throw new IllegalStateException("the log of written pages was not started");
            }
            notes.drain(slots, written);
            taken = written;
            written = new BitSet();
        } finally {
            lock.unlock();
        }
        for (int first = taken.nextSetBit(0); first >= 0; ) {
            int end = taken.nextClearBit(first);
            pages.written(first * (long) PAGE, (end - first) * (long) PAGE);
            first = taken.nextSetBit(end);
        }
    }

    /** Takes over what the kernel has noted so far, so that it has room again. */
    void drain() {
        lock.lock();
        try {
            notes.drain(slots, written);
        } finally {
            lock.unlock();
        }
    }

    /** For tests. */
    List<RamRegion> slots() {
        lock.lock();
        try {
            return Collections.unmodifiableList(new ArrayList<>(slots));
        } finally {
            lock.unlock();
        }
    }
}
