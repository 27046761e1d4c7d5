package dev.quoll.devices.net.user;

/** A few disjoint ranges of sequence numbers, in order: what has come out of order, or what the peer says has come to it. */
final class SequenceRanges {
    private final int[] start;
    private final int[] end;
    private int size;
    /** A number within the range that was added last, for RFC 2018's rule that the newest block is told first. */
    private int newest;

    SequenceRanges(int most) {
        start = new int[most];
        end = new int[most];
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    int start(int index) {
        return start[index];
    }

    int end(int index) {
        return end[index];
    }

    void clear() {
        size = 0;
    }

    /** Numbers covered. */
    int covered() {
        int total = 0;
        for (int i = 0; i < size; i++) {
            total += end[i] - start[i];
        }
        return total;
    }

    /** Adds a range that is not empty, joined with those it touches. @return false when there is no room for one more */
    boolean add(int from, int to) {
        int first = 0;
        while (first < size && Sequence.before(end[first], from)) {
            first++;
        }
        int last = first;
        int low = from;
        int high = to;
        while (last < size && !Sequence.after(start[last], to)) {
            low = Sequence.earlier(low, start[last]);
            high = Sequence.later(high, end[last]);
            last++;
        }
        if (last == first && size == start.length) {
            return false;
        }
        move(last, first + 1);
        start[first] = low;
        end[first] = high;
        newest = from;
        return true;
    }

    /** Moves the ranges from {@code source} on to {@code target} on. */
    private void move(int source, int target) {
        System.arraycopy(start, source, start, target, size - source);
        System.arraycopy(end, source, end, target, size - source);
        size += target - source;
    }

    /** Forgets all before a number. */
    void dropBefore(int number) {
        int gone = 0;
        while (gone < size && !Sequence.after(end[gone], number)) {
            gone++;
        }
        move(gone, 0);
        if (size > 0) {
            start[0] = Sequence.later(start[0], number);
        }
    }

    /** The first number not covered, from {@code number} on. */
    int gapFrom(int number) {
        int gap = number;
        for (int i = 0; i < size; i++) {
            if (!Sequence.after(start[i], gap) && Sequence.after(end[i], gap)) {
                gap = end[i];
            }
        }
        return gap;
    }

    /** The index of the first range that begins after a number, or {@link #size()}. */
    int rangeAfter(int number) {
        int index = 0;
        while (index < size && !Sequence.after(start[index], number)) {
            index++;
        }
        return index;
    }

    /** The index of the range added to last; 0 when it is gone. */
    int newest() {
        for (int i = 0; i < size; i++) {
            if (!Sequence.after(start[i], newest) && Sequence.after(end[i], newest)) {
                return i;
            }
        }
        return 0;
    }
}
