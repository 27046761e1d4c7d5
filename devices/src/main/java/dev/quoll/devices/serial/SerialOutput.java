package dev.quoll.devices.serial;

/**
 * Where a serial port's bytes go on the host. Neither method blocks: a host that cannot keep up answers {@code false}
 * and the device holds the byte, as a UART whose line is busy does.
 */
public interface SerialOutput {
    /** Drops everything. */
    SerialOutput NONE = new SerialOutput() {
        @Override
        public boolean offer(int octet) {
            return true;
        }

        @Override
        public void whenReady(Runnable callback) {
            // never refuses, so there is nothing to announce
        }
    };

    /** Takes one byte (0-255); false when there is no room now. Callers serialise their calls. */
    boolean offer(int octet);

    /** Sets what runs, on a thread of the output's, when there is room again after a refused byte. */
    void whenReady(Runnable callback);
}
