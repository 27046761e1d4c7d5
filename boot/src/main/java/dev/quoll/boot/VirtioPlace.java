package dev.quoll.boot;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Where devices of a kind sit on PCI bus 0. Fixed, so that a guest's names for them stay what they are whatever else is on the board.
 * Part of a snapshot's board name: never change what is here, only add.
 */
public enum VirtioPlace {
    /** The first is the root disk. */
    DISK("disks", 0x01, 7),
    NETWORK("network interfaces", 0x08, 8),
    ENTROPY("entropy devices", 0x10, 1),
    CONSOLE("virtio consoles", 0x11, 1),
    SOCKET("vsock devices", 0x12, 1),
    BALLOON("balloons", 0x13, 1),
    FILE_SHARING("shared folders", 0x14, 1),
    PERSISTENT_MEMORY("persistent memory devices", 0x15, 1);

    /** Slots of no kind of their own: for more disks and folders than the first slots hold. */
    private static final int OVERFLOW = 0x16;

    private static final int OVERFLOW_COUNT = 8;

    private final String plural;
    private final List<Integer> slots;

    VirtioPlace(String plural, int first, int count) {
        this.plural = plural;
        slots = IntStream.range(first, first + count).boxed().toList();
    }

    /** The slots to try, in order. */
    List<Integer> slots() {
        boolean mayOverflow = this == DISK || this == FILE_SHARING;
        return mayOverflow
                ? IntStream.concat(slots.stream().mapToInt(slot -> slot), IntStream.range(OVERFLOW, OVERFLOW + OVERFLOW_COUNT))
                        .boxed()
                        .toList()
                : slots;
    }

    /** What there are too many of, for messages. */
    String plural() {
        return plural;
    }
}
