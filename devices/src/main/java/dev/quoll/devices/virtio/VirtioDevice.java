package dev.quoll.devices.virtio;

/**
 * A virtio device apart from its transport: feature bits, configuration space, and what happens on its queues. The transport (PCI or
 * MMIO) owns the status byte, feature negotiation, queue addresses and interrupts, and refuses whatever is out of order, so a device
 * sees only whole life cycles: {@link #start}, notifications, {@link #stop}, and again.
 *
 * <p>Threads: configuration space and notifications come from any vCPU thread and must not block; work on queues is done by threads of
 * the device. {@link #start} and {@link #stop} are never called at the same time.
 *
 * @param <S> all of the device's guest-visible state but what transport and queues hold
 */
public interface VirtioDevice<S extends Record> {
    /** Stable name, unique on a board: {@code disk0}. */
    String name();

    /** Device id (section 5): 1 network, 2 block, 3 console, ... */
    int deviceId();

    /**
     * Device-specific feature bits offered (bits 0 to 23 and 50 up; section 2.2). The transport adds the reserved ones that queues and
     * transport understand.
     */
    long features();

    /** Number of queues, constant. */
    int queues();

    /** Largest size of a queue, a power of 2 up to 32768. */
    int queueSize(int queue);

    /** Length of the configuration space in bytes. */
    int configLength();

    /** Reads configuration space; {@code offset + width} lies within it. @param width 1, 2, 4 or 8 */
    long readConfig(int offset, int width);

    /** Writes configuration space; fields that are read-only ignore it. @param width 1, 2, 4 or 8 */
    void writeConfig(int offset, int width, long value);

    /**
     * The driver has set DRIVER_OK (section 3.1.1): from here on the queues that it enabled may be used, until {@link #stop} has
     * returned.
     */
    void start(VirtioQueues queues);

    /**
     * The driver rang the doorbell of a queue, or a queue has to be looked at anew after a restore. Called on a vCPU thread: wakes a
     * worker and returns. Spurious calls are harmless; one may come while another thread is in {@link #stop}, or has just left it. Not
     * called for a queue that is not enabled.
     */
    void notified(int queue);

    /**
     * Device reset, machine reset or close: ends all work and returns when no thread of the device touches a queue or guest memory any
     * more. Requests already handed to the host may be finished, but are not completed to the guest. Configuration goes back to its
     * power-on values. Without a {@link #start} before it, does no more than that.
     */
    void stop();

    /** The state now. The machine is paused and {@link #quiesce} has returned. */
    S save();

    /** Takes over a saved state; {@link #start} follows when the saved device was started. */
    void restore(S state);

    /**
     * Waits until every request taken from a queue has been completed and takes no new one until {@link #notified} is called. Called
     * before {@link #save} while the machine pauses.
     */
    void quiesce();
}
