package dev.quoll.kvm;

import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_clear_dirty_log;
import dev.quoll.bindings.kvm.kvm_dirty_log;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.machine.DirtyLog;
import dev.quoll.machine.RamRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;

/**
 * Written pages as a bitmap for each slot (api.rst, KVM_GET_DIRTY_LOG). Where the kernel has it, pages are protected again in
 * a call of their own (KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2), only those that were taken.
 *
 * @param manual whether KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 is enabled
 */
record DirtyBitmap(FileDescriptor machine, boolean manual) implements MemorySlots.Notes {
    /** The bitmap is made of words of so many pages. */
    private static final int WORD_PAGES = 64;

    @Override
    public void drain(List<RamRegion> slots, BitSet pages) {
        for (int slot = 0; slot < slots.size(); slot++) {
            RamRegion region = slots.get(slot);
            if (region != null && region.writable()) {
                BitSet written = take(slot, region.size() / DirtyLog.PAGE);
                int first = (int) (region.guestAddress() / DirtyLog.PAGE);
                written.stream().forEach(page -> pages.set(first + page));
            }
        }
    }

    private BitSet take(int slot, long count) {
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
            return BitSet.valueOf(bitmap.asByteBuffer());
        }
    }
}
