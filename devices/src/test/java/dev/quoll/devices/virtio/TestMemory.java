package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.RamRegion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** Guest RAM of a test, with places in it given out in a circle: what was allocated long ago is used again. */
public final class TestMemory implements AutoCloseable {
    /** Bytes of RAM, from address 0. */
    public static final long SIZE = 32L << 20;

    private static final long RINGS = 1L << 20;
    private static final long BUFFERS = 8L << 20;

    private final GuestMemory memory;
    private long nextRing = RINGS;
    private long nextBuffer = BUFFERS;

    public TestMemory() {
        try {
            memory = GuestMemory.create(List.of(new RamRegion(0, SIZE, 0)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public GuestMemory memory() {
        return memory;
    }

    /** Room for a buffer. */
    public long allocate(int length, int alignment) {
        long at = nextBuffer + alignment - 1 & -alignment;
        if (at + length > SIZE) {
            at = BUFFERS;
        }
        nextBuffer = at + length;
        return at;
    }

    /** Room that stays, cleared. */
    long allocateRing(int length) {
        long at = nextRing;
        nextRing = at + length + 4095 & -4096;
        memory.clear(at, length);
        return at;
    }

    /** Gives all rings back: the device has been reset. */
    void freeRings() {
        nextRing = RINGS;
    }

    @Override
    public void close() {
        memory.close();
    }
}
