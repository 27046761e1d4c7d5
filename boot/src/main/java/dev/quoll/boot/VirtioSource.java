package dev.quoll.boot;

import dev.quoll.devices.virtio.VirtioDevice;
import dev.quoll.machine.Machine;
import java.io.IOException;
import java.util.function.Consumer;

/** Makes a virtio device for a machine: a builder's plan may be built more than once. */
@FunctionalInterface
public interface VirtioSource {
    /**
     * Makes the device. What it holds of the host beyond its own threads is registered with {@link Machine#closeWith}; that is closed
     * after the device has been stopped.
     *
     * @param machine for its memory, clock and timers
     * @param notices takes sentences for the user, from any thread
     * @throws IOException when the host refuses what the device needs; one sentence for the user
     */
    VirtioDevice<?> make(Machine machine, Consumer<String> notices) throws IOException;
}
