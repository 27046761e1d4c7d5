package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.RamRegion;
import dev.quoll.machine.SparseFileMemorySource;
import java.io.IOException;
import java.util.List;

/** Descriptor chains without a ring around them, for tests of what devices do with one. */
public final class Chains implements AutoCloseable {
    private static final long READABLE = 0x10000;
    private static final int SIZE = 8 << 20;
    private static final int PIECE = 4096;

    private final GuestMemory memory;
    private final DescriptorChain chain;
    private long writable;

    public Chains() {
        try {
            memory = GuestMemory.create(new SparseFileMemorySource(), List.of(new RamRegion(0, SIZE, 0)));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        chain = new DescriptorChain(memory);
    }

    public GuestMemory memory() {
        return memory;
    }

    /** A chain with these bytes to read, and room to write, in pieces of a page; valid until the next call. */
    public DescriptorChain with(byte[] content, int room) {
        memory.write(READABLE, content);
        writable = READABLE + content.length + 4096 & -4096;
        chain.begin(0);
        try {
            add(READABLE, content.length, false);
            add(writable, room, true);
        } catch (VirtqueueException e) {
            throw new IllegalArgumentException(e);
        }
        return chain;
    }

    private void add(long address, int length, boolean toWrite) throws VirtqueueException {
        for (int at = 0; at < length; at += PIECE) {
            chain.add(address + at, Math.min(PIECE, length - at), toWrite);
        }
    }

    /** What has been written to the chain. */
    public byte[] written() {
        byte[] bytes = new byte[chain.written()];
        memory.read(writable, bytes, 0, bytes.length);
        return bytes;
    }

    @Override
    public void close() {
        memory.close();
    }
}
