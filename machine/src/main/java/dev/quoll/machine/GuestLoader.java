package dev.quoll.machine;

import java.io.IOException;

/** Puts the guest's first code and data into a machine; the board's part of start and reset. */
@FunctionalInterface
public interface GuestLoader {
    /**
     * Writes the guest's images and tables into memory and CPU 0's entry state. Called with every vCPU stopped, after all
     * devices and CPUs are in their power-on state; memory still holds what the guest before a reset left there.
     *
     * @throws IOException with one sentence for the user when an image cannot be read
     */
    void load(Machine machine) throws IOException;
}
