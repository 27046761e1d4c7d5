package dev.quoll.devices.interrupt;

import dev.quoll.machine.InterruptLine;

/** A wire with several drivers: high while any of them drives it high (the wired OR of PCI interrupt lines). */
public final class SharedLine {
    private final InterruptLine line;
    private int drivers;
    private long high;

    public SharedLine(InterruptLine line) {
        this.line = line;
    }

    /** One more driver's end. @throws IllegalStateException beyond 64 drivers */
    public synchronized InterruptLine driver() {
        if (drivers == Long.SIZE) {
            throw new IllegalStateException("an interrupt wire has at most 64 drivers");
        }
        long bit = 1L << drivers++;
        return level -> set(bit, level);
    }

    private synchronized void set(long bit, boolean level) {
        boolean was = high != 0;
        high = level ? high | bit : high & ~bit;
        if (was != (high != 0)) {
            line.setLevel(!was);
        }
    }
}
