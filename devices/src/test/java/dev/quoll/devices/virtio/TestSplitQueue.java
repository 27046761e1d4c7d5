package dev.quoll.devices.virtio;

import java.lang.invoke.VarHandle;
import java.util.List;

/** A split ring from the driver's side (section 2.7), with event indexes when negotiated. */
final class TestSplitQueue extends TestQueue {
    private final long descriptors;
    private final long available;
    private final long used;
    private final boolean eventIndex;
    private final int[][] chains;
    private int nextAvailable;
    private int lastUsed;

    TestSplitQueue(int index, int size, DriverTransport transport, TestMemory room, boolean eventIndex) {
        super(index, size, transport, room);
        this.eventIndex = eventIndex;
        chains = new int[size][];
        descriptors = room.allocateRing(16 * size);
        available = room.allocateRing(6 + 2 * size);
        used = room.allocateRing(6 + 8 * size);
    }

    private void writeDescriptor(long table, int entry, Buffer buffer, int flags, int next) {
        long at = table + 16L * entry;
        memory.writeLong(at, buffer.address());
        memory.writeInt(at + 8, buffer.length());
        memory.writeShort(at + 12, (short) (flags | (buffer.writable() ? 2 : 0)));
        memory.writeShort(at + 14, (short) next);
    }

    @Override
    void publish(int[] ids, List<Buffer> chain, boolean indirect) {
        long table = indirect ? room().allocate(16 * chain.size(), 16) : descriptors;
        for (int i = 0; i < chain.size(); i++) {
            boolean last = i == chain.size() - 1;
            int next = last ? 0 : indirect ? i + 1 : ids[i + 1];
            writeDescriptor(table, indirect ? i : ids[i], chain.get(i), last ? 0 : 1, next);
        }
        if (indirect) {
            writeDescriptor(descriptors, ids[0], new Buffer(table, 16 * chain.size(), false), 4, 0);
        }
        chains[ids[0]] = ids;
        memory.writeShort(available + 4 + 2L * (nextAvailable % size), (short) ids[0]);
        nextAvailable = nextAvailable + 1 & 0xffff;
        memory.writeShortRelease(available + 2, (short) nextAvailable);
        VarHandle.fullFence();
    }

    @Override
    int[] nextUsed() {
        if (memory.readShortAcquire(used + 2) == (short) lastUsed) {
            return null;
        }
        long at = used + 4 + 8L * (lastUsed % size);
        lastUsed = lastUsed + 1 & 0xffff;
        return new int[] {memory.readInt(at), memory.readInt(at + 4)};
    }

    @Override
    void wantInterrupt() {
        if (eventIndex) {
            memory.writeShort(available + 4 + 2L * size, (short) lastUsed);
        }
        VarHandle.fullFence();
    }

    @Override
    boolean doorbellWanted() {
        if (eventIndex) {
            int event = memory.readShort(used + 4 + 8L * size) & 0xffff;
            return event == (nextAvailable - 1 & 0xffff);
        }
        return (memory.readShort(used) & 1) == 0;
    }

    @Override
    int[] release(int id) {
        return chains[id];
    }

    @Override
    long descriptors() {
        return descriptors;
    }

    @Override
    long driverArea() {
        return available;
    }

    @Override
    long deviceArea() {
        return used;
    }
}
