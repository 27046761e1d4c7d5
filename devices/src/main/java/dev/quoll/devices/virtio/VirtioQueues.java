package dev.quoll.devices.virtio;

/** What a started device gets of its transport. Valid until {@link VirtioDevice#stop} returns; methods from any thread. */
public interface VirtioQueues {
    /** Feature bits negotiated; a subset of those offered. */
    long features();

    /** Whether a feature bit was negotiated. @param bit 0-63 */
    default boolean has(int bit) {
        return (features() >>> bit & 1) != 0;
    }

    /** The queue, or null when the driver did not enable it. */
    Virtqueue queue(int index);

    /** Tells the driver that configuration space has changed (section 2.5). */
    void configChanged();

    /**
     * The driver broke the rules in a way that leaves no sane way on: sets DEVICE_NEEDS_RESET and tells the driver (section 2.1.2). The
     * device stops using its queues until the reset comes.
     *
     * @param reason one sentence, for the log
     */
    void needsReset(String reason);
}
