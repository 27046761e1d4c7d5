package dev.quoll.devices.virtio;

import dev.quoll.machine.GuestMemory;

/**
 * Where a driver has put a queue (sections 2.7 and 2.8).
 *
 * @param size entries
 * @param descriptors guest address of the descriptor table, or packed ring
 * @param driver guest address of the available ring, or the driver's event suppression
 * @param device guest address of the used ring, or the device's event suppression
 */
record QueueAreas(int size, long descriptors, long driver, long device) {
    static final int MAX_SIZE = 32768;
    static final int DESCRIPTOR_LENGTH = 16;

    /** @throws VirtqueueException when a split queue cannot lie there */
    void checkSplit(GuestMemory memory) throws VirtqueueException {
        if (Integer.bitCount(size) != 1 || size > MAX_SIZE) {
            throw new VirtqueueException("a split queue has a power of 2 of entries, not %d".formatted(size));
        }
        check(memory, "descriptor table", descriptors, (long) size * DESCRIPTOR_LENGTH, 16);
        check(memory, "available ring", driver, 6 + 2L * size, 2);
        check(memory, "used ring", device, 6 + 8L * size, 4);
    }

    /** @throws VirtqueueException when a packed queue cannot lie there */
    void checkPacked(GuestMemory memory) throws VirtqueueException {
        if (size < 1 || size > MAX_SIZE) {
            throw new VirtqueueException("a packed queue has 1 to %d entries, not %d".formatted(MAX_SIZE, size));
        }
        check(memory, "descriptor ring", descriptors, (long) size * DESCRIPTOR_LENGTH, 16);
        check(memory, "driver event suppression", driver, 4, 4);
        check(memory, "device event suppression", device, 4, 4);
    }

    private static void check(GuestMemory memory, String what, long address, long length, int alignment)
            throws VirtqueueException {
        if ((address & alignment - 1) != 0 || !memory.isRam(address, length)) {
            throw new VirtqueueException("the %s of %d bytes at %#x is not aligned RAM".formatted(what, length, address));
        }
    }
}
