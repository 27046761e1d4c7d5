package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;
import java.util.function.IntConsumer;

/** What split and packed queues share: where they are, what was negotiated, and descriptors as both know them. */
abstract sealed class Ring implements Virtqueue permits SplitRing, PackedRing {
    /** Descriptor flags (sections 2.7.5 and 2.8.14). */
    static final int NEXT = 1;
    static final int WRITE = 2;
    static final int INDIRECT = 4;

    final GuestMemory memory;
    final QueueAreas areas;
    final int size;
    final boolean eventIndex;
    private final boolean indirect;
    private final int index;
    private final IntConsumer interrupt;

    /** @param interrupt takes the queue's number and interrupts the driver */
    Ring(int index, GuestMemory memory, QueueAreas areas, long features, IntConsumer interrupt) {
        this.index = index;
        this.memory = memory;
        this.areas = areas;
        this.interrupt = interrupt;
        size = areas.size();
        eventIndex = VirtioFeature.has(features, VirtioFeature.EVENT_INDEX);
        indirect = VirtioFeature.has(features, VirtioFeature.INDIRECT_DESCRIPTORS);
    }

    /** Makes the queue that the negotiated features ask for. @throws VirtqueueException when its areas are not sound */
    static Ring of(
            int index, GuestMemory memory, QueueAreas areas, long features, RingPosition position, IntConsumer interrupt)
            throws VirtqueueException {
        if (VirtioFeature.has(features, VirtioFeature.PACKED_RING)) {
            areas.checkPacked(memory);
            return new PackedRing(index, memory, areas, features, position, interrupt);
        }
        areas.checkSplit(memory);
        return new SplitRing(index, memory, areas, features, position, interrupt);
    }

    /** How far it has come; while no thread uses it. */
    abstract RingPosition position();

    @Override
    public final int index() {
        return index;
    }

    @Override
    public final int size() {
        return size;
    }

    final void interrupt() {
        interrupt.accept(index);
    }

    /** The number of entries of an indirect table, found sound. */
    final int indirectEntries(long table, int length, int flags) throws VirtqueueException {
        if (!indirect) {
            throw new VirtqueueException("queue %d: an indirect descriptor was not negotiated".formatted(index));
        }
        if ((flags & NEXT) != 0) {
            throw new VirtqueueException("queue %d: an indirect descriptor has a successor".formatted(index));
        }
        if (length <= 0 || length % QueueAreas.DESCRIPTOR_LENGTH != 0 || !memory.isRam(table, length)) {
            throw new VirtqueueException("queue %d: an indirect table of %d bytes at %#x is not whole descriptors in RAM"
                    .formatted(index, Integer.toUnsignedLong(length), table));
        }
        return length / QueueAreas.DESCRIPTOR_LENGTH;
    }
}
