package dev.quoll.devices.virtio;

/**
 * The device's side of one virtqueue, split or packed (sections 2.7 and 2.8). One thread at a time may use it, but for
 * {@link #hasWork}, which any thread may ask. Everything read from guest memory is taken once into a copy and checked there, so
 * that a guest which changes descriptors in flight harms itself only.
 */
public interface Virtqueue {
    int index();

    /** Entries, a power of 2 for split queues. */
    int size();

    /**
     * Takes the next available chain.
     *
     * @param chain filled in; its former content is dropped
     * @return false when there is none
     * @throws VirtqueueException when the ring or the chain breaks the rules (a loop, a bad address, a readable buffer behind a writable
     *     one, ...); the device answers with {@link VirtioQueues#needsReset}
     */
    boolean take(DescriptorChain chain) throws VirtqueueException;

    /**
     * Gives a chain back as used. Not yet visible to the driver's interrupt handler: see {@link #signal}.
     *
     * @param written bytes written to the writable part, as the used ring tells it
     */
    void complete(DescriptorChain chain, int written) throws VirtqueueException;

    /** Interrupts the driver when chains were completed since the last call and the driver wants to know (2.7.7, 2.7.10, 2.8.10). */
    void signal() throws VirtqueueException;

    /** Whether {@link #take} would find a chain. */
    boolean hasWork();

    /**
     * Asks the driver for a doorbell at its next chain and looks once more.
     *
     * @return true when a chain is already there: the caller goes on taking, for no doorbell need come
     */
    boolean enableNotifications() throws VirtqueueException;

    /** Tells the driver that doorbells are not needed while the device is at work. */
    void disableNotifications() throws VirtqueueException;

    /** Puts the last {@code chains} chains taken, none of them completed, back: the next {@link #take} gives them again. */
    void undoTake(int chains);
}
