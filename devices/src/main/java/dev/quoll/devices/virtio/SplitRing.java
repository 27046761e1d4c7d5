package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;
import java.lang.invoke.VarHandle;
import java.util.function.IntConsumer;

/**
 * A split virtqueue (section 2.7). Order: the available index is read with acquire before the entries it covers; the used index is
 * written with release behind them; a full fence stands between what this side publishes and the other side's flags and event index,
 * because each side writes one and then reads the other (2.7.13.1).
 *
 * <p>Threat: the driver writes all of it, at any time. Each field is read once and judged in its copy; a chain is followed for no
 * more steps than the queue or table has entries, so a loop ends; every address is checked against RAM; an index that runs away is
 * an error, not a long walk.
 */
final class SplitRing extends Ring {
    private static final int NO_INTERRUPT = 1;
    private static final int NO_NOTIFY = 1;
    private static final int INDEX = 2;
    private static final int ENTRIES = 4;
    private static final int USED_ENTRY_LENGTH = 8;

    /** Read by any thread through {@link #hasWork}. */
    private volatile int nextAvailable;
    private int nextUsed;
    private int signalled;

    SplitRing(
            int index, GuestMemory memory, QueueAreas areas, long features, RingPosition position, IntConsumer interrupt) {
        super(index, memory, areas, features, interrupt);
        nextAvailable = position.available() & 0xffff;
        nextUsed = position.used() & 0xffff;
        signalled = nextUsed;
    }

    @Override
    RingPosition position() {
        return new RingPosition(nextAvailable, nextUsed);
    }

    @Override
    public boolean take(DescriptorChain chain) throws VirtqueueException {
        int at = nextAvailable;
        int waiting = (memory.readShortAcquire(areas.driver() + INDEX) - at) & 0xffff;
        if (waiting == 0) {
            return false;
        }
        if (waiting > size) {
            throw new VirtqueueException("queue %d: %d chains are available in a queue of %d".formatted(index(), waiting, size));
        }
        int head = memory.readShort(areas.driver() + ENTRIES + 2L * (at & size - 1)) & 0xffff;
        chain.begin(head);
        follow(chain, areas.descriptors(), size, head, true);
        nextAvailable = at + 1 & 0xffff;
        return true;
    }

    /** Walks a table from an entry; an indirect one is walked by a second call, which allows no third. */
    private void follow(DescriptorChain chain, long table, int entries, int first, boolean mayIndirect)
            throws VirtqueueException {
        int entry = first;
        for (int steps = 0; ; steps++) {
            if (entry >= entries || steps == entries) {
                throw new VirtqueueException(
                        steps == entries
                                ? "queue %d: a chain loops or is longer than its table".formatted(index())
                                : "queue %d: descriptor %d of %d does not exist".formatted(index(), entry, entries));
            }
            long descriptor = table + (long) entry * QueueAreas.DESCRIPTOR_LENGTH;
            long address = memory.readLong(descriptor);
            long rest = memory.readLong(descriptor + 8);
            int length = (int) rest;
            int flags = (int) (rest >>> 32) & 0xffff;
            if ((flags & INDIRECT) != 0) {
                if (!mayIndirect) {
                    throw new VirtqueueException("queue %d: an indirect table holds another".formatted(index()));
                }
                follow(chain, address, indirectEntries(address, length, flags), 0, false);
                return;
            }
            chain.add(address, length, (flags & WRITE) != 0);
            if ((flags & NEXT) == 0) {
                return;
            }
            entry = (int) (rest >>> 48);
        }
    }

    @Override
    public void complete(DescriptorChain chain, int written) {
        long entry = areas.device() + ENTRIES + (long) USED_ENTRY_LENGTH * (nextUsed & size - 1);
        memory.writeLong(entry, chain.id() & 0xffff | (long) written << 32);
        nextUsed = nextUsed + 1 & 0xffff;
        memory.writeShortRelease(areas.device() + INDEX, (short) nextUsed);
    }

    @Override
    public void signal() {
        int before = signalled;
        int now = nextUsed;
        if (before == now) {
            return;
        }
        signalled = now;
        VarHandle.fullFence();
        boolean wanted;
        if (eventIndex) {
            int event = memory.readShort(areas.driver() + ENTRIES + 2L * size);
            wanted = (now - event - 1 & 0xffff) < (now - before & 0xffff);
        } else {
            wanted = (memory.readShort(areas.driver()) & NO_INTERRUPT) == 0;
        }
        if (wanted) {
            interrupt();
        }
    }

    @Override
    public boolean hasWork() {
        return (short) nextAvailable != memory.readShortAcquire(areas.driver() + INDEX);
    }

    @Override
    public boolean enableNotifications() {
        if (eventIndex) {
            memory.writeShort(areas.device() + ENTRIES + (long) USED_ENTRY_LENGTH * size, (short) nextAvailable);
        } else {
            memory.writeShort(areas.device(), (short) 0);
        }
        VarHandle.fullFence();
        return hasWork();
    }

    @Override
    public void disableNotifications() {
        // With event indexes the one given last is passed already: no doorbell comes until it is moved.
        if (!eventIndex) {
            memory.writeShort(areas.device(), (short) NO_NOTIFY);
        }
    }

    @Override
    public void undoTake(int chains) {
        nextAvailable = nextAvailable - chains & 0xffff;
    }
}
