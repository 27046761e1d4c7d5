package dev.quoll.cli;

import dev.quoll.devices.serial.Uart16550;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Input from a pipe that waits until somebody in the guest listens: {@code echo cmd | quoll run} has its bytes ready long
 * before the guest has a driver, and a driver that starts clears the port. The guest listens once it has switched the
 * port's receive interrupt on and left it on.
 */
final class HeldInput extends FilterInputStream {
    private static final int RECEIVE_INTERRUPT = 1;
    private static final long POLL_MILLIS = 20;
    /** Drivers switch it on for moments while they probe. */
    private static final int STEADY_POLLS = 10;

    private final Uart16550 port;
    private boolean open;

    HeldInput(InputStream in, Uart16550 port) {
        super(in);
        this.port = port;
    }

    @Override
    public int read(byte[] bytes, int start, int length) throws IOException {
        if (!open) {
            int steady = 0;
            while (steady < STEADY_POLLS) {
                steady = (port.save().interruptEnable() & RECEIVE_INTERRUPT) != 0 ? steady + 1 : 0;
                try {
                    Thread.sleep(POLL_MILLIS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return -1;
                }
            }
            open = true;
        }
        return super.read(bytes, start, length);
    }
}
