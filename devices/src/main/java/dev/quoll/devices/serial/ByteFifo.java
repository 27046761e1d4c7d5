package dev.quoll.devices.serial;

import dev.quoll.devices.Bytes;

/** A fixed ring of values 0-65535 (a byte and its flags), first in first out; not thread safe. */
final class ByteFifo {
    private final short[] ring;
    private int head;
    private int size;

    /** @param capacity a power of two */
    ByteFifo(int capacity) {
        ring = new short[capacity];
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** False when full. */
    boolean add(int value) {
        if (size == ring.length) {
            return false;
        }
        ring[(head + size++) & (ring.length - 1)] = (short) value;
        return true;
    }

    /** The oldest value; the FIFO must not be empty. */
    int peek() {
        return ring[head] & 0xffff;
    }

    /** Replaces the newest value; the FIFO must not be empty. */
    void replaceLast(int value) {
        ring[(head + size - 1) & (ring.length - 1)] = (short) value;
    }

    /** Takes the oldest value; the FIFO must not be empty. */
    int remove() {
        int value = peek();
        head = (head + 1) & (ring.length - 1);
        size--;
        return value;
    }

    /** Whether any value has one of the given bits. */
    boolean anyHas(int bits) {
        for (int i = 0; i < size; i++) {
            if ((ring[(head + i) & (ring.length - 1)] & bits) != 0) {
                return true;
            }
        }
        return false;
    }

    void clear() {
        size = 0;
    }

    /** Contents, two bytes a value, oldest first. */
    Bytes save() {
        byte[] bytes = new byte[size * 2];
        for (int i = 0; i < size; i++) {
            short value = ring[(head + i) & (ring.length - 1)];
            bytes[2 * i] = (byte) value;
            bytes[2 * i + 1] = (byte) (value >>> 8);
        }
        return new Bytes(bytes);
    }

    void restore(Bytes saved) {
        byte[] bytes = saved.values();
        if (bytes.length % 2 != 0 || bytes.length > ring.length * 2) {
            throw new IllegalArgumentException(
                    "saved FIFO of " + bytes.length + " bytes does not fit " + ring.length + " entries");
        }
        clear();
        for (int i = 0; i < bytes.length; i += 2) {
            add(bytes[i] & 0xff | (bytes[i + 1] & 0xff) << 8);
        }
    }
}
