package dev.quoll.devices.virtio;

/** A transport as a driver sees it. */
interface DriverTransport {
    int status();

    void setStatus(int value);

    long deviceFeatures();

    void setDriverFeatures(long features);

    int queueMaximum(int queue);

    /** Sets a queue up and enables it. */
    void enableQueue(int queue, int size, long descriptors, long driver, long device);

    void notify(int queue);

    long readConfig(int offset, int width);

    void writeConfig(int offset, int width, long value);

    /** Interrupts of a queue since the start, however they came. */
    int queueInterrupts(int queue);

    /** Interrupts for changes of configuration or status since the start. */
    int configInterrupts();

    /** Waits until any interrupt has come after {@code seen} of them, or the time is over. @return interrupts in all */
    int awaitInterrupt(int seen, long millis) throws InterruptedException;

    /** The device under test with its transport, for resets and snapshots. */
    dev.quoll.machine.Device<?> underTest();

    void suspend();

    void resume();

    void close();
}
