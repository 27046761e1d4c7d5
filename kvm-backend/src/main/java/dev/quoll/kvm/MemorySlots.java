package dev.quoll.kvm;

import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_clear_dirty_log;
import dev.quoll.bindings.kvm.kvm_dirty_log;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.kvm.kvm_userspace_memory_region;
import dev.quoll.machine.DirtyLog;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.RamRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;

/**
 * The guest's RAM as KVM's memory slots, one a region, and the log of pages written in them (api.rst, KVM_GET_DIRTY_LOG).
 * Where the kernel has it, pages are protected again in a call of their own (KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2), only
 * those that were taken.
 */
final class MemorySlots implements DirtyLog {
    /** KVM_CLEAR_DIRTY_LOG works on 64 pages at a time. */
    private static final int WORD_PAGES = 64;

    private final FileDescriptor machine;
    private final GuestMemory memory;
    private final boolean manual;
    private boolean logging;

    /** @param manual whether KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 is enabled */
    MemorySlots(FileDescriptor machine, GuestMemory memory, boolean manual) {
        this.machine = machine;
        this.memory = memory;
        this.manual = manual;
    }

    /** Gives the guest its RAM. */
    void map() {
        set(0);
    }

    /** The RAM, in the order of the slots. */
    List<RamRegion> regions() {
        return memory.regions();
    }

    void setLogging(boolean wanted) {
        set(wanted ? kvm_h.KVM_MEM_LOG_DIRTY_PAGES() : 0);
    }

    private void set(int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment region = kvm_userspace_memory_region.allocate(arena);
            int slot = 0;
            for (RamRegion ram : memory.regions()) {
                kvm_userspace_memory_region.slot(region, slot++);
                kvm_userspace_memory_region.flags(region, flags);
                kvm_userspace_memory_region.guest_phys_addr(region, ram.guestAddress());
                kvm_userspace_memory_region.memory_size(region, ram.size());
                kvm_userspace_memory_region.userspace_addr(region, memory.mapping().address() + ram.offset());
                machine.ioctl("KVM_SET_USER_MEMORY_REGION", kvm_h.KVM_SET_USER_MEMORY_REGION(), region);
            }
        }
    }

    @Override
    public void start() {
        if (!logging) {
            setLogging(true);
            logging = true;
        }
    }

    @Override
    public void stop() {
        if (logging) {
            setLogging(false);
            logging = false;
        }
    }

    @Override
    public void collect(Pages pages) {
        requireLogging(logging);
        int slot = 0;
        for (RamRegion ram : memory.regions()) {
            collect(slot++, ram, pages);
        }
    }

    private void collect(int slot, RamRegion ram, Pages pages) {
        long count = ram.size() / PAGE;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bitmap = arena.allocate((count + WORD_PAGES - 1) / WORD_PAGES * 8, 8);
            MemorySegment request = kvm_dirty_log.allocate(arena);
            kvm_dirty_log.slot(request, slot);
            kvm_dirty_log.dirty_bitmap(request, bitmap);
            machine.ioctl("KVM_GET_DIRTY_LOG", kvm_h.KVM_GET_DIRTY_LOG(), request);
            if (manual) {
                MemorySegment clear = kvm_clear_dirty_log.allocate(arena);
                kvm_clear_dirty_log.slot(clear, slot);
                kvm_clear_dirty_log.num_pages(clear, (int) count);
                kvm_clear_dirty_log.dirty_bitmap(clear, bitmap);
                machine.ioctl("KVM_CLEAR_DIRTY_LOG", kvm_h.KVM_CLEAR_DIRTY_LOG(), clear);
            }
            tell(BitSet.valueOf(bitmap.asByteBuffer()), ram, pages);
        }
    }

    static void requireLogging(boolean logging) {
        if (!logging) {
            throw new IllegalStateException("the log of written pages was not started");
        }
    }

    /** Tells runs of pages. @param written by page of {@code ram} */
    static void tell(BitSet written, RamRegion ram, Pages pages) {
        for (int first = written.nextSetBit(0); first >= 0; ) {
            int end = written.nextClearBit(first);
            pages.written(ram.guestAddress() + first * (long) PAGE, (end - first) * (long) PAGE);
            first = written.nextSetBit(end);
        }
    }
}
