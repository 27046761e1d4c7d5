package dev.quoll.machine;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Where the off-heap mapping behind guest RAM comes from. Providers are found by {@link java.util.ServiceLoader}; the
 * supported one with the highest {@link #priority} wins. A mapping reads as zeroes and costs host memory only for the
 * pages that are touched.
 */
public interface MemorySource {
    /** Short name for reports, for example {@code memfd}. */
    String name();

    /** Whether this host can do it; must not throw. */
    boolean supported();

    /** Higher wins. The JDK-only sparse file, which works everywhere, is 0. */
    int priority();

    /**
     * Maps fresh zero memory.
     *
     * @param size bytes, a multiple of 4096
     * @throws IOException with one sentence a user can act on, when the host refuses
     */
    Mapping map(long size) throws IOException;

    /**
     * As {@link #map}, in huge pages that the host has set aside: all of them are taken now, so that none can be missing later.
     *
     * @throws IOException with one sentence a user can act on, when there are not enough, or this source has none
     */
    default Mapping mapHuge(long size) throws IOException {
        throw new IOException("huge pages for guest memory need Linux and native access.");
    }

    /** One mapping; closing it unmaps. No thread may use the segment during or after the close. */
    interface Mapping extends AutoCloseable {
        /** The whole mapping, usable from any thread. */
        MemorySegment segment();

        /** The file descriptor behind the mapping where an engine can share it, else -1. */
        int fileDescriptor();

        /**
         * Gives a part back to the host: it reads as zeroes from now on, and costs memory again once it is touched. Any thread.
         *
         * @param offset bytes, a multiple of 4096, like {@code length}
         * @return false when the host cannot do that; the part is as it was
         */
        default boolean release(long offset, long length) {
            return false;
        }

        @Override
        void close();
    }
}
