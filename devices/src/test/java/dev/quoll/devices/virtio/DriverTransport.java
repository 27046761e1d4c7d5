package dev.quoll.devices.virtio;

import dev.quoll.machine.Device;
import dev.quoll.machine.GuestMemory;
import java.util.function.Consumer;

/** A transport as a driver sees it. */
interface DriverTransport {
    /** Makes one around a device. */
    @FunctionalInterface
    interface Maker {
        DriverTransport make(VirtioDevice<?> device, GuestMemory memory, boolean packed, Consumer<String> notices);
    }

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

    /** Returns when the driver has taken note of all interrupts. */
    void settle() throws InterruptedException;

    /** The device under test with its transport, for resets and snapshots. */
    Device<?> underTest();

    void suspend();

    void resume();

    void close();
}
