package dev.quoll.machine;

/**
 * A {@link Device} with threads of its own that use guest memory: they stand still with the guest. Called in turns, on the thread
 * that pauses or resumes the machine, with all vCPUs stopped.
 */
public interface SuspendableDevice {
    /** Finishes what is under way and begins nothing more; on return no thread of the device touches guest memory. */
    void suspend();

    /** Goes on with what the guest has asked for. */
    void resume();
}
