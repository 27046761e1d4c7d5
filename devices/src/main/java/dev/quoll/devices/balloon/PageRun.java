package dev.quoll.devices.balloon;

import dev.quoll.machine.GuestMemory;

/** Pages that lie together, gathered so that the host is asked once for many; drivers name them upwards or downwards. */
final class PageRun {
    static final int PAGE = 4096;

    private final GuestMemory memory;
    private long start;
    private long length;
    private long released;

    PageRun(GuestMemory memory) {
        this.memory = memory;
    }

    /** Takes a range in; what is no RAM is nobody's loss and left out. */
    void add(long address, long size) {
        if (length != 0 && address == start + length) {
            length += size;
        } else if (length != 0 && address + size == start) {
            start = address;
            length += size;
        } else {
            release();
            start = address;
            length = size;
        }
    }

    /** Gives what has been gathered back. A run that reaches over the border of RAM is given back page by page. */
    void release() {
        if (length != 0 && memory.isRam(start, length)) {
            memory.release(start, length);
            released += length;
        } else {
            for (long at = start; at < start + length; at += PAGE) {
                if (memory.isRam(at, PAGE)) {
                    memory.release(at, PAGE);
                    released += PAGE;
                }
            }
        }
        length = 0;
    }

    /** Bytes given back so far. */
    long released() {
        return released;
    }
}
