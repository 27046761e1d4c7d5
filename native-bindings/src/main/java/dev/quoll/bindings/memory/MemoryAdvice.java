package dev.quoll.bindings.memory;

import dev.quoll.bindings.linux.linux_h;

/** Advice to the kernel about a part of a mapping; the names are those of madvise(2). */
public enum MemoryAdvice {
    NORMAL(linux_h.MADV_NORMAL()),
    SEQUENTIAL(linux_h.MADV_SEQUENTIAL()),
    RANDOM(linux_h.MADV_RANDOM()),
    WILLNEED(linux_h.MADV_WILLNEED()),
    /** Drops the pages of this mapping; private memory reads as zero afterwards, a file keeps its content. */
    DONTNEED(linux_h.MADV_DONTNEED()),
    /** Gives the pages back and punches a hole in the file below: all mappings read zero afterwards. */
    REMOVE(linux_h.MADV_REMOVE()),
    MERGEABLE(linux_h.MADV_MERGEABLE()),
    HUGEPAGE(linux_h.MADV_HUGEPAGE()),
    NOHUGEPAGE(linux_h.MADV_NOHUGEPAGE()),
    DONTDUMP(linux_h.MADV_DONTDUMP());

    private final int number;

    MemoryAdvice(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}
