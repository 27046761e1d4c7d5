package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.InterruptLine;
import java.util.function.Consumer;

/**
 * What a board gives to the transport of a virtio device, whichever it is.
 *
 * @param memory where queues lie
 * @param line the interrupt wire
 * @param packedRings whether packed rings are offered to drivers; those that know them prefer them
 * @param notices takes a sentence for the user when a driver breaks the rules; any thread
 */
public record VirtioWiring(GuestMemory memory, InterruptLine line, boolean packedRings, Consumer<String> notices) {
    /** The reserved feature bits that transport and queues offer. */
    long features() {
        return VirtioFeature.mask(VirtioFeature.INDIRECT_DESCRIPTORS)
                | VirtioFeature.mask(VirtioFeature.EVENT_INDEX)
                | VirtioFeature.mask(VirtioFeature.VERSION_1)
                | (packedRings ? VirtioFeature.mask(VirtioFeature.PACKED_RING) : 0);
    }
}
