package dev.quoll.devices.interrupt;

import dev.quoll.machine.InterruptLine;

/**
 * The output side of an interrupt wire: a device decides the level under its own lock with {@link #want} and carries it
 * to the wire with {@link #drive} once the lock is free. Whatever order threads come to {@code drive} in, the wire ends
 * at the level wanted last; levels wanted in between may be skipped, so a device that needs an edge drives twice.
 */
public final class InterruptOutput {
    private final InterruptLine line;
    private volatile boolean wanted;
    private volatile boolean driven;

    public InterruptOutput(InterruptLine line) {
        this.line = line;
    }

    /** Sets the level to be driven; call with the device's lock held. */
    public void want(boolean high) {
        if (wanted != high) {
            wanted = high;
        }
    }

    /** The level wanted last. */
    public boolean wanted() {
        return wanted;
    }

    /** Brings the wire to the wanted level; call with no device lock held. Cheap when nothing changed. */
    public void drive() {
        if (wanted == driven) {
            return;
        }
        synchronized (this) {
            // The re-read after the store to 'driven' catches a thread that compared its new level with the old value.
            boolean level = wanted;
            while (level != driven) {
                driven = level;
                line.setLevel(level);
                level = wanted;
            }
        }
    }

    /** Sets the level and tells the wire even when it has not changed; after a restore, when the wire may disagree. */
    public void force(boolean high) {
        synchronized (this) {
            wanted = high;
            driven = high;
            line.setLevel(high);
        }
    }
}
