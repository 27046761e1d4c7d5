package dev.quoll.devices.ata;

import dev.quoll.machine.GuestMemoryException;
import java.io.IOException;

/** What is at a port. One thread at a time. */
interface AtaDrive {
    /** What the drive tells of itself after a reset: LBA high, middle and low, and the sector count (ATA8-ACS, 4.3). */
    int signature();

    /** Executes one command. */
    AtaResult execute(AtaCommand command, DataArea data) throws GuestMemoryException, IOException;

    /** As after power-on. */
    void reset();
}
