package dev.quoll.machine;

/**
 * Which pages guest code has written, for copies of memory made while the guest runs. Writes of devices go through
 * {@link GuestMemory} and are its listener's to tell. One thread at a time.
 */
public interface DirtyLog {
    /** Bytes of a page here. */
    int PAGE = 4096;

    /** Takes written pages. */
    @FunctionalInterface
    interface Pages {
        /** A run of pages that the guest has written. @param guestAddress of the first byte; @param length in bytes */
        void written(long guestAddress, long length);
    }

    /** Starts to note writes; every page counts as clean. */
    void start();

    /** Tells the pages written since the start or the last collection and counts them as clean. The guest may run meanwhile. */
    void collect(Pages pages);

    /** Ends it. */
    void stop();
}
