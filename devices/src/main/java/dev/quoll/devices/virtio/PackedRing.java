package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;
import java.lang.invoke.VarHandle;
import java.util.function.IntConsumer;

/**
 * A packed virtqueue (section 2.8): one ring that both sides write. Order as in {@link SplitRing}, with a descriptor's flags in the
 * place of the indexes.
 *
 * <p>Threat: as for {@link SplitRing}. A chain takes at most as many entries as the ring has, and an entry is given back only where
 * one was taken, so a driver that scribbles over the ring damages its own requests.
 */
final class PackedRing extends Ring {
    private static final int AVAILABLE = 1 << 7;
    private static final int USED = 1 << 15;
    private static final int LENGTH = 8;
    private static final int ID = 12;
    private static final int FLAGS = 14;

    /** Event suppression (2.8.10): the flags word behind the offset word. */
    private static final int EVENT_FLAGS = 2;
    private static final int EVENTS_ON = 0;
    private static final int EVENTS_OFF = 1;
    private static final int EVENTS_AT = 2;

    private static final int WRAP = 0x8000;

    /** Index in bits 14:0, wrap counter in bit 15, as the event suppression words have it. Read by any thread. */
    private volatile int nextAvailable;
    private int nextUsed;
    /** Ring entries used since the last look at the driver's wishes; no more than the ring has. */
    private int unsignalled;
    /** Entries of the chains taken last, for {@link #undoTake}. */
    private final int[] taken;
    private int takenAt;

    PackedRing(
            int index, GuestMemory memory, QueueAreas areas, long features, RingPosition position, IntConsumer interrupt) {
        super(index, memory, areas, features, interrupt);
        nextAvailable = within(position.available());
        nextUsed = within(position.used());
        taken = new int[size];
    }

    /** A saved position may come from anywhere. */
    private int within(int position) {
        return position & WRAP | (position & WRAP - 1) % size;
    }

    @Override
    RingPosition position() {
        return new RingPosition(nextAvailable, nextUsed);
    }

    private int advanced(int position, int entries) {
        int next = (position & WRAP - 1) + entries;
        return next < size ? position + entries : position & WRAP ^ WRAP | next - size;
    }

    private long descriptor(int position) {
        return areas.descriptors() + (long) (position & WRAP - 1) * QueueAreas.DESCRIPTOR_LENGTH;
    }

    private static boolean available(int flags, int position) {
        boolean wrap = (position & WRAP) != 0;
        return (flags & AVAILABLE) != 0 == wrap && (flags & USED) != 0 != wrap;
    }

    @Override
    public boolean take(DescriptorChain chain) throws VirtqueueException {
        int at = nextAvailable;
        if (!available(memory.readShortAcquire(descriptor(at) + FLAGS), at)) {
            return false;
        }
        chain.begin(0);
        int entries = 0;
        int flags;
        int id;
        do {
            if (entries == size) {
                throw new VirtqueueException("queue %d: a chain loops or is longer than its ring".formatted(index()));
            }
            long descriptor = descriptor(advanced(at, entries));
            long address = memory.readLong(descriptor);
            long rest = memory.readLong(descriptor + 8);
            int length = (int) rest;
            id = (int) (rest >>> 32) & 0xffff;
            flags = (int) (rest >>> 48);
            if ((flags & INDIRECT) != 0) {
                addTable(chain, address, indirectEntries(address, length, flags));
            } else {
                chain.add(address, length, (flags & WRITE) != 0);
            }
            entries++;
        } while ((flags & NEXT) != 0);
        chain.identify(id, entries);
        taken[takenAt] = entries;
        takenAt = (takenAt + 1) % size;
        nextAvailable = advanced(at, entries);
        return true;
    }

    /** In an indirect table all entries follow one another, and only the write flag counts (2.8.7). */
    private void addTable(DescriptorChain chain, long table, int entries) throws VirtqueueException {
        for (int i = 0; i < entries; i++) {
            long descriptor = table + (long) i * QueueAreas.DESCRIPTOR_LENGTH;
            long address = memory.readLong(descriptor);
            long rest = memory.readLong(descriptor + 8);
            chain.add(address, (int) rest, ((int) (rest >>> 48) & WRITE) != 0);
        }
    }

    @Override
    public void complete(DescriptorChain chain, int written) {
        int at = nextUsed;
        long descriptor = descriptor(at);
        memory.writeInt(descriptor + LENGTH, written);
        memory.writeShort(descriptor + ID, (short) chain.id());
        int flags = ((at & WRAP) != 0 ? AVAILABLE | USED : 0) | (written != 0 ? WRITE : 0);
        memory.writeShortRelease(descriptor + FLAGS, (short) flags);
        nextUsed = advanced(at, chain.entries());
        unsignalled = Math.min(size, unsignalled + chain.entries());
    }

    @Override
    public void signal() {
        int since = unsignalled;
        if (since == 0) {
            return;
        }
        unsignalled = 0;
        VarHandle.fullFence();
        int event = memory.readInt(areas.driver());
        int mode = event >>> 16 & 3;
        if (mode == EVENTS_AT && eventIndex) {
            // The entry that the driver waits for, counted from the beginning of the lap that the device is in.
            int place = (event & WRAP - 1) - ((event & WRAP) == (nextUsed & WRAP) ? 0 : size);
            int now = nextUsed & WRAP - 1;
            if (place < now && place >= now - since) {
                interrupt();
            }
        } else if (mode != EVENTS_OFF) {
            interrupt();
        }
    }

    @Override
    public boolean hasWork() {
        int at = nextAvailable;
        return available(memory.readShortAcquire(descriptor(at) + FLAGS), at);
    }

    @Override
    public boolean enableNotifications() {
        if (eventIndex) {
            memory.writeShort(areas.device(), (short) nextAvailable);
            memory.writeShortRelease(areas.device() + EVENT_FLAGS, (short) EVENTS_AT);
        } else {
            memory.writeShortRelease(areas.device() + EVENT_FLAGS, (short) EVENTS_ON);
        }
        VarHandle.fullFence();
        return hasWork();
    }

    @Override
    public void disableNotifications() {
        memory.writeShort(areas.device() + EVENT_FLAGS, (short) EVENTS_OFF);
    }

    @Override
    public void undoTake(int chains) {
        for (int i = 0; i < chains; i++) {
            takenAt = (takenAt + size - 1) % size;
            int back = (nextAvailable & WRAP - 1) - taken[takenAt];
            nextAvailable = back >= 0 ? nextAvailable & WRAP | back : nextAvailable & WRAP ^ WRAP | back + size;
        }
    }
}
