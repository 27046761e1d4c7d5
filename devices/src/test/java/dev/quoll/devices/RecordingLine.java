package dev.quoll.devices;

import dev.quoll.machine.InterruptLine;

/** A wire that remembers its level and counts rising edges. */
public final class RecordingLine implements InterruptLine {
    private boolean high;
    private int edges;

    @Override
    public synchronized void setLevel(boolean level) {
        if (level && !high) {
            edges++;
        }
        high = level;
    }

    public synchronized boolean high() {
        return high;
    }

    public synchronized int edges() {
        return edges;
    }
}
