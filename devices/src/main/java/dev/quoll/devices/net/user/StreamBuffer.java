package dev.quoll.devices.net.user;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Bytes of one direction of a connection: a ring that grows as it fills, up to {@link Limits#TCP_BUFFER}. Bytes can be placed behind
 * the end, where they wait for the gap before them to be filled.
 */
final class StreamBuffer {
    private static final byte[] NONE = new byte[0];

    private final BufferBudget budget;
    private byte[] ring = NONE;
    private ByteBuffer view = ByteBuffer.wrap(NONE);
    private int head;
    private int count;

    StreamBuffer(BufferBudget budget) {
        this.budget = budget;
    }

    /** Bytes in it, without those behind a gap. */
    int count() {
        return count;
    }

    /** Makes room for so many bytes, as far as it may. @return the room, for bytes held and to come */
    int reserve(int bytes) {
        int wanted = Math.min(bytes, Limits.TCP_BUFFER);
        if (wanted <= ring.length) {
            return ring.length;
        }
        int size = Math.max(Integer.highestOneBit(wanted - 1) << 1, Limits.TCP_BUFFER_ASSURED);
        while (size > ring.length && size > Limits.TCP_BUFFER_ASSURED && !budget.take(size - Math.max(ring.length, Limits.TCP_BUFFER_ASSURED))) {
            size >>>= 1;
        }
        if (size > ring.length) {
            byte[] larger = new byte[size];
            copyOut(0, larger, 0, ring.length);
            ring = larger;
            view = ByteBuffer.wrap(ring);
            head = 0;
        }
        return ring.length;
    }

    /** Places bytes at a distance from the first byte; they must fit within what {@link #reserve} gave. */
    void place(int distance, byte[] source, int offset, int length) {
        if (length == 0) {
            return;
        }
        int at = head + distance & ring.length - 1;
        int piece = Math.min(length, ring.length - at);
        System.arraycopy(source, offset, ring, at, piece);
        System.arraycopy(source, offset + piece, ring, 0, length - piece);
    }

    /** The next so many bytes, placed before, belong to it from now on. */
    void extend(int bytes) {
        count += bytes;
    }

    /** Copies bytes at a distance from the first. */
    void copyOut(int distance, byte[] target, int offset, int length) {
        if (length == 0) {
            return;
        }
        int at = head + distance & ring.length - 1;
        int piece = Math.min(length, ring.length - at);
        System.arraycopy(ring, at, target, offset, piece);
        System.arraycopy(ring, 0, target, offset + piece, length - piece);
    }

    /** Removes the first bytes. */
    void drop(int bytes) {
        count -= bytes;
        if (ring.length > 0) {
            head = head + bytes & ring.length - 1;
        }
    }

    /** Gives its room back when it is empty, nothing waits behind a gap and room is scarce. */
    void relax() {
        if (count == 0 && ring.length > Limits.TCP_BUFFER_ASSURED && budget.scarce()) {
            release();
        }
    }

    /** Gives its room back. */
    void release() {
        if (ring.length > Limits.TCP_BUFFER_ASSURED) {
            budget.giveBack(ring.length - Limits.TCP_BUFFER_ASSURED);
        }
        ring = NONE;
        view = ByteBuffer.wrap(NONE);
        head = 0;
        count = 0;
    }

    /**
     * Fills it from the host until it is full, the host has no more or the turn is over.
     *
     * @return whether the stream of the host has ended
     */
    boolean fill(HostStream host) throws IOException {
        int turn = Limits.BYTES_A_TURN;
        while (turn > 0 && count < Limits.TCP_BUFFER) {
            if (count == ring.length && reserve(2 * count + 1) == count) {
                return false;
            }
            int tail = head + count & ring.length - 1;
            int piece = tail < head ? head - tail : ring.length - tail;
            view.limit(tail + piece).position(tail);
            int got = host.read(view);
            if (got < 0) {
                return true;
            }
            count += got;
            turn -= got;
            if (got < piece) {
                return false;
            }
        }
        return false;
    }

    /** Whether {@link #fill} would find room. */
    boolean hasRoom() {
        return count < ring.length || reserve(2 * count + 1) > count;
    }

    /** Writes to the host what it takes. */
    void drain(HostStream host) throws IOException {
        while (count > 0) {
            int piece = Math.min(count, ring.length - head);
            view.limit(head + piece).position(head);
            int taken = host.write(view);
            drop(taken);
            if (taken < piece) {
                return;
            }
        }
    }
}
