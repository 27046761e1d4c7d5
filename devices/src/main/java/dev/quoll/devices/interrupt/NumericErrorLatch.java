package dev.quoll.devices.interrupt;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.PortDevice;

/**
 * What a PC has between the processor's FERR# pin and interrupt 13 (SDM vol. 1, 8.7 and D.2.1): FERR# raises the interrupt; the handler's
 * write to port 0xF0 takes it back and asserts IGNNE#, so that the handler itself may use the x87 until it has cleared the exception, which
 * lets FERR# go and IGNNE# with it.
 *
 * <p>Threat: three bits of state.
 */
public final class NumericErrorLatch implements Device<NumericErrorLatch.State>, PortDevice {
    /** Number of ports: the write that clears, and one that the 80287 had for its reset and that does nothing. */
    public static final int PORTS = 2;

    /** How they are accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE;

    /** FERR# as it came in, the interrupt and IGNNE# as they go out; true for asserted. */
    public record State(boolean error, boolean interrupt, boolean ignored) {}

    private final InterruptOutput interrupt;
    private final InterruptOutput ignored;
    private boolean error;

    /**
     * @param interrupt ISA interrupt 13
     * @param ignore the processor's IGNNE# pin, high for asserted
     */
    public NumericErrorLatch(InterruptLine interrupt, InterruptLine ignore) {
        this.interrupt = new InterruptOutput(interrupt);
        ignored = new InterruptOutput(ignore);
    }

    @Override
    public String name() {
        return "numeric-error";
    }

    /** The end of the wire from FERR#, high for asserted. */
    public InterruptLine ferr() {
        return this::setError;
    }

    private void setError(boolean asserted) {
        synchronized (this) {
            if (asserted && !error) {
                interrupt.want(true);
            } else if (!asserted) {
                ignored.want(false);
            }
            error = asserted;
        }
        drive();
    }

    private void drive() {
        ignored.drive();
        interrupt.drive();
    }

    @Override
    public int readPort(int offset, int width) {
        return 0xff;
    }

    @Override
    public void writePort(int offset, int width, int value) {
        if (offset != 0) {
            return;
        }
        synchronized (this) {
            interrupt.want(false);
            ignored.want(error);
        }
        drive();
    }

    @Override
    public void reset() {
        restore(new State(false, false, false));
    }

    @Override
    public synchronized State save() {
        return new State(error, interrupt.wanted(), ignored.wanted());
    }

    @Override
    public void restore(State state) {
        synchronized (this) {
            error = state.error;
            interrupt.want(state.interrupt);
            ignored.want(state.ignored);
        }
        drive();
    }
}
