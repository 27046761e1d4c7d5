package dev.quoll.devices.virtio;

import java.lang.invoke.VarHandle;
import java.util.List;

/** A packed ring from the driver's side (section 2.8), with event suppression by descriptor when negotiated. */
final class TestPackedQueue extends TestQueue {
    private static final int AVAILABLE = 0x80;
    private static final int USED = 0x8000;

    private final long ring;
    private final long driverEvents;
    private final long deviceEvents;
    private final boolean eventIndex;
    private final int[][] chains;
    private int next;
    private boolean wrap = true;
    private int publishedAt;
    private boolean publishedWrap;
    private int publishedEntries;
    private int nextUsed;
    private boolean usedWrap = true;

    TestPackedQueue(int index, int size, DriverTransport transport, TestMemory room, boolean eventIndex) {
        super(index, size, transport, room);
        this.eventIndex = eventIndex;
        chains = new int[size][];
        ring = room.allocateRing(16 * size);
        driverEvents = room.allocateRing(4);
        deviceEvents = room.allocateRing(4);
    }

    @Override
    void publish(int[] ids, List<Buffer> chain, boolean indirect) {
        List<Buffer> inRing = chain;
        if (indirect) {
            long table = room().allocate(16 * chain.size(), 16);
            for (int i = 0; i < chain.size(); i++) {
                Buffer buffer = chain.get(i);
                memory.writeLong(table + 16L * i, buffer.address());
                memory.writeInt(table + 16L * i + 8, buffer.length());
                memory.writeInt(table + 16L * i + 12, buffer.writable() ? 2 << 16 : 0);
            }
            inRing = List.of(new Buffer(table, 16 * chain.size(), false));
        }
        publishedAt = next;
        publishedWrap = wrap;
        publishedEntries = inRing.size();
        chains[ids[0]] = ids;
        int headFlags = 0;
        for (int i = 0; i < inRing.size(); i++) {
            Buffer buffer = inRing.get(i);
            long at = ring + 16L * next;
            int flags = (indirect ? 4 : 0) | (buffer.writable() ? 2 : 0) | (i < inRing.size() - 1 ? 1 : 0)
                    | (wrap ? AVAILABLE : USED);
            memory.writeLong(at, buffer.address());
            memory.writeInt(at + 8, buffer.length());
            memory.writeShort(at + 12, (short) ids[0]);
            if (i == 0) {
                headFlags = flags;
            } else {
                memory.writeShort(at + 14, (short) flags);
            }
            next++;
            if (next == size) {
                next = 0;
                wrap = !wrap;
            }
        }
        memory.writeShortRelease(ring + 16L * publishedAt + 14, (short) headFlags);
        VarHandle.fullFence();
    }

    @Override
    int[] nextUsed() {
        long at = ring + 16L * nextUsed;
        int flags = memory.readShortAcquire(at + 14);
        if ((flags & AVAILABLE) != 0 != usedWrap || (flags & USED) != 0 != usedWrap) {
            return null;
        }
        int id = memory.readShort(at + 12) & 0xffff;
        int length = (flags & 2) != 0 ? memory.readInt(at + 8) : 0;
        nextUsed += chains[id].length;
        if (nextUsed >= size) {
            nextUsed -= size;
            usedWrap = !usedWrap;
        }
        return new int[] {id, length};
    }

    @Override
    void wantInterrupt() {
        if (eventIndex) {
            memory.writeShort(driverEvents, (short) (nextUsed | (usedWrap ? 0x8000 : 0)));
            memory.writeShort(driverEvents + 2, (short) 2);
        } else {
            memory.writeShort(driverEvents + 2, (short) 0);
        }
        VarHandle.fullFence();
    }

    @Override
    boolean doorbellWanted() {
        int events = memory.readInt(deviceEvents);
        int mode = events >>> 16 & 3;
        if (mode != 2) {
            return mode == 0;
        }
        int distance = (events & 0x7fff) - publishedAt;
        if ((events & 0x8000) != 0 != publishedWrap) {
            distance += size;
        }
        return distance >= 0 && distance < publishedEntries;
    }

    @Override
    int[] release(int id) {
        return chains[id];
    }

    @Override
    long descriptors() {
        return ring;
    }

    @Override
    long driverArea() {
        return driverEvents;
    }

    @Override
    long deviceArea() {
        return deviceEvents;
    }
}
