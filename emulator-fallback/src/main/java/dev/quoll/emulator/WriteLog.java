package dev.quoll.emulator;

import dev.quoll.emulator.core.CpuGroup;
import dev.quoll.emulator.core.PhysicalMemory;
import dev.quoll.emulator.core.WrittenPages;
import dev.quoll.machine.DirtyLog;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.RamRegion;

/**
 * Which pages the vCPUs write. A TLB entry that lets a vCPU write is made after its page was noted, so the vCPUs' stores cost
 * nothing more; a collection stops the vCPUs for a moment and takes the entries away.
 */
final class WriteLog implements DirtyLog {
    private final GuestMemory memory;
    private final PhysicalMemory physical;
    private final CpuGroup group;
    private final EmulatorCpu[] cpus;
    /** Null while there is no log. */
    private WrittenPages current;

    WriteLog(GuestMemory memory, PhysicalMemory physical, CpuGroup group, EmulatorCpu[] cpus) {
        this.memory = memory;
        this.physical = physical;
        this.group = group;
        this.cpus = cpus;
    }

    @Override
    public void start() {
        if (current == null) {
            group.whileAllStand(_ -> note(new WrittenPages(physical.pageCount())));
        }
    }

    @Override
    public void stop() {
        if (current != null) {
            group.whileAllStand(_ -> note(null));
        }
    }

    private void note(WrittenPages pages) {
        current = pages;
        physical.noteWrites(pages);
        if (pages != null) {
            for (EmulatorCpu cpu : cpus) {
                cpu.flushAll();
            }
        }
    }

    @Override
    public void collect(Pages pages) {
        if (current == null) {
            throw new IllegalStateException("the log of written pages was not started");
        }
        WrittenPages taken = current;
        // A vCPU within an instruction may write to a page that it noted before: such pages are told now and once more.
        group.whileAllStand(midway -> note(midway ? taken.copy() : new WrittenPages(physical.pageCount())));
        for (RamRegion region : memory.regions()) {
            tell(taken, region, pages);
        }
    }

    private static void tell(WrittenPages written, RamRegion region, Pages pages) {
        int base = (int) (region.offset() / PAGE);
        int count = (int) (region.size() / PAGE);
        int first = -1;
        for (int page = 0; page <= count; page++) {
            boolean dirty = page < count && written.contains(base + page);
            if (dirty && first < 0) {
                first = page;
            } else if (!dirty && first >= 0) {
                pages.written(region.guestAddress() + (long) first * PAGE, (long) (page - first) * PAGE);
                first = -1;
            }
        }
    }
}
