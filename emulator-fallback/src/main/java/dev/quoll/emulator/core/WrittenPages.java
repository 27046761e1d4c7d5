package dev.quoll.emulator.core;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** Pages of the RAM mapping that vCPUs have written; any number of threads. */
public final class WrittenPages {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] words;

    public WrittenPages(int pages) {
        words = new long[(pages + 63) / 64];
    }

    private WrittenPages(long[] words) {
        this.words = words;
    }

    /** As many pages, the same of them written. */
    public WrittenPages copy() {
        return new WrittenPages(words.clone());
    }

    void add(int page) {
        long bit = 1L << page;
        if (((long) WORD.getOpaque(words, page >>> 6) & bit) == 0) {
            WORD.getAndBitwiseOr(words, page >>> 6, bit);
        }
    }

    /** Whether a page was written; once nobody adds any more. */
    public boolean contains(int page) {
        return (words[page >>> 6] & 1L << page) != 0;
    }
}
