package dev.quoll.devices.ata;

import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.GuestMemoryException;
import java.util.function.BooleanSupplier;

/**
 * The memory that a command's data goes to or comes from: the physical region descriptors of its command table, one after the other
 * (AHCI 1.3.1, 4.2.3.3).
 *
 * <p>Threat: descriptors are read as they are come to, each once; a region that leaves memory ends the command.
 */
final class DataArea {
    private static final int DESCRIPTOR = 16;
    private static final int COUNT = 12;
    private static final int COUNT_BITS = 0x3f_ffff;

    private final GuestMemory memory;
    private final BooleanSupplier stopping;
    private long next;
    private int left;
    private long address;
    private int room;
    private long moved;

    /** @param stopping whether a long transfer is to be given up, because the machine ends */
    DataArea(GuestMemory memory, BooleanSupplier stopping) {
        this.memory = memory;
        this.stopping = stopping;
    }

    /** Begins another command's. @param descriptors number of them, from 0 to 65535 */
    void begin(long table, int descriptors) {
        next = table;
        left = descriptors;
        room = 0;
        moved = 0;
    }

    /** Bytes transferred. */
    long moved() {
        return moved;
    }

    /** Whether the machine ends, so that a long command is not worth finishing. */
    boolean stopping() {
        return stopping.getAsBoolean();
    }

    /** Sends bytes to the guest. @return how many there was room for */
    int put(byte[] source, int from, int count) throws GuestMemoryException {
        int done = 0;
        while (done < count && more()) {
            int piece = Math.min(count - done, room);
            memory.write(address, source, from + done, piece);
            done += advance(piece);
        }
        return done;
    }

    /** Takes bytes from the guest. @return how many there were */
    int take(byte[] target, int from, int count) throws GuestMemoryException {
        int done = 0;
        while (done < count && more()) {
            int piece = Math.min(count - done, room);
            memory.read(address, target, from + done, piece);
            done += advance(piece);
        }
        return done;
    }

    private int advance(int piece) {
        address += piece;
        room -= piece;
        moved += piece;
        return piece;
    }

    /** Whether there is room, perhaps in the next region. */
    private boolean more() throws GuestMemoryException {
        if (room == 0 && left > 0) {
            address = memory.readLong(next);
            room = (memory.readInt(next + COUNT) & COUNT_BITS) + 1;
            next += DESCRIPTOR;
            left--;
        }
        return room > 0;
    }
}
