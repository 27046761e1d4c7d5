package dev.quoll.devices.ata;

/**
 * How a command went, as the drive's registers tell it afterwards (ATA8-ACS, 4.5 and clause 7).
 *
 * @param status the status register
 * @param error the error register
 * @param count the sector count register; for a PACKET command the interrupt reason
 * @param programmed whether data went to the host by programmed I/O, which ends without a register FIS
 */
record AtaResult(int status, int error, int count, boolean programmed) {
    static final int ERR = 0x01;
    static final int DF = 0x20;
    static final int DRDY = 0x40;
    static final int BSY = 0x80;
    /** With command completion, the bit that used to say that a seek is complete. */
    static final int READY = DRDY | 0x10;

    private static final int ABORTED = 0x04;

    /** A command that has done what was asked. */
    static final AtaResult DONE = new AtaResult(READY, 0, 0, false);
    /** The same, having sent data by programmed I/O. */
    static final AtaResult SENT = new AtaResult(READY, 0, 0, true);
    /** A command that the drive does not know, or not with these parameters. */
    static final AtaResult ABORT = new AtaResult(READY | ERR, ABORTED, 0, false);

    boolean failed() {
        return (status & (ERR | DF)) != 0;
    }
}
