package dev.quoll.devices.virtio;

import dev.quoll.devices.interrupt.InterruptOutput;
import dev.quoll.machine.InterruptLine;
import java.util.function.BooleanSupplier;

/** The interrupt status register and the wire behind it (sections 4.1.4.5 and 4.2.2): the wire is high while a bit is set. */
final class InterruptStatus {
    static final int QUEUE = 1;
    static final int CONFIGURATION = 2;

    private final InterruptOutput output;
    private final BooleanSupplier wireInUse;
    private int bits;

    /** @param wireInUse whether the wire may be driven high now; called with this object locked */
    InterruptStatus(InterruptLine line, BooleanSupplier wireInUse) {
        output = new InterruptOutput(line);
        this.wireInUse = wireInUse;
    }

    /** Sets a bit. A wire that is high already falls first: where it is taken for edge triggered, the new bit needs one. */
    void raise(int bit) {
        boolean again;
        synchronized (this) {
            again = bits != 0 && (bits & bit) == 0;
            if (again) {
                output.want(false);
            }
        }
        if (again) {
            output.drive();
        }
        synchronized (this) {
            bits |= bit;
            want();
        }
        output.drive();
    }

    /** Clears bits. @return what was set before */
    int acknowledge(int clear) {
        int before;
        synchronized (this) {
            before = bits;
            bits &= ~clear;
            want();
        }
        output.drive();
        return before;
    }

    synchronized int bits() {
        return bits;
    }

    /** Whether the wire may be driven has changed. */
    void update() {
        synchronized (this) {
            want();
        }
        output.drive();
    }

    /** Sets saved bits, and the wire whatever it was before. */
    void restore(int saved) {
        boolean high;
        synchronized (this) {
            bits = saved & (QUEUE | CONFIGURATION);
            high = bits != 0 && wireInUse.getAsBoolean();
        }
        output.force(high);
    }

    private void want() {
        output.want(bits != 0 && wireInUse.getAsBoolean());
    }
}
