package dev.quoll.devices.net.user;

import java.util.Arrays;

/** Things to be done at points of time: a binary heap. An entry has one point at most. */
final class Deadlines {
    static final long NEVER = Long.MAX_VALUE;

    /** Something with a deadline. */
    abstract static class Entry {
        private long deadline = NEVER;
        private int slot = -1;

        /** The time has come; the entry is not in the heap any more. */
        abstract void expired(long now);
    }

    private Entry[] heap = new Entry[64];
    private int size;

    /** The first deadline, or {@link #NEVER}. */
    long first() {
        return size == 0 ? NEVER : heap[0].deadline;
    }

    /** Sets an entry's deadline in place of an earlier one. */
    void set(Entry entry, long deadline) {
        if (entry.slot >= 0) {
            if (entry.deadline == deadline) {
                return;
            }
            remove(entry);
        }
        if (deadline != NEVER) {
            entry.deadline = deadline;
            if (size == heap.length) {
                heap = Arrays.copyOf(heap, size * 2);
            }
            place(entry, size++);
            up(entry.slot);
        }
    }

    void remove(Entry entry) {
        int slot = entry.slot;
        if (slot < 0) {
            return;
        }
        entry.slot = -1;
        Entry last = heap[--size];
        heap[size] = null;
        if (last != entry) {
            place(last, slot);
            down(slot);
            up(last.slot);
        }
    }

    /** Calls all that are due. */
    void expire(long now) {
        while (size > 0 && heap[0].deadline <= now) {
            Entry due = heap[0];
            remove(due);
            due.expired(now);
        }
    }

    private void place(Entry entry, int slot) {
        heap[slot] = entry;
        entry.slot = slot;
    }

    private void up(int from) {
        Entry entry = heap[from];
        int slot = from;
        while (slot > 0 && heap[slot - 1 >>> 1].deadline > entry.deadline) {
            place(heap[slot - 1 >>> 1], slot);
            slot = slot - 1 >>> 1;
        }
        place(entry, slot);
    }

    private void down(int from) {
        Entry entry = heap[from];
        int slot = from;
        while (true) {
            int child = 2 * slot + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && heap[child + 1].deadline < heap[child].deadline) {
                child++;
            }
            if (heap[child].deadline >= entry.deadline) {
                break;
            }
            place(heap[child], slot);
            slot = child;
        }
        place(entry, slot);
    }
}
