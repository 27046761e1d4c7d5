package dev.quoll.devices.net;

/** What is at the other end of a card's wire: a tap interface, a network in user mode. */
public interface NetworkBackend extends AutoCloseable {
    /** What frames from the guest may leave to the back-end. */
    Offloads accepts();

    /** What the back-end would leave to a guest that accepts it. */
    Offloads provides();

    /** The largest IP packet of the network, in bytes, as the card tells its driver. */
    int mtu();

    /**
     * Begins to move frames, on a thread of the back-end.
     *
     * @param threadName the thread's name
     */
    void start(NetworkPort port, String threadName);

    /** The guest has sent frames or has made room, or may have. Any thread; does not block; harmless when not started. */
    void wake();

    /**
     * Returns when the port is used no more. What the back-end knows of the guest's conversations is dropped: the driver that comes
     * next knows nothing of them.
     */
    void stop();

    /** Stops and gives back what the host lent. */
    @Override
    void close();
}
