package dev.quoll.devices.ata;

/**
 * A command as its register FIS says it (Serial ATA 3.0, 10.5.5; ATA8-ACS), with the packet of a PACKET command.
 *
 * @param code the command register
 * @param features 16 bits
 * @param address the 48 bits of LBA high, middle and low, both halves
 * @param device the device register
 * @param count 16 bits
 * @param packet the 16 bytes of the packet; meaningful with {@link #PACKET} only
 */
record AtaCommand(int code, int features, long address, int device, int count, byte[] packet) {
    static final int PACKET = 0xa0;
    static final int IDENTIFY_PACKET_DEVICE = 0xa1;
    static final int IDENTIFY_DEVICE = 0xec;
    static final int SET_FEATURES = 0xef;

    private static final int FIS_COMMAND = 2;
    private static final int FIS_FEATURES = 3;
    private static final int FIS_LBA = 4;
    private static final int FIS_DEVICE = 7;
    private static final int FIS_LBA_HIGH = 8;
    private static final int FIS_FEATURES_HIGH = 11;
    private static final int FIS_COUNT = 12;

    static AtaCommand of(byte[] fis, byte[] packet) {
        return new AtaCommand(
                fis[FIS_COMMAND] & 0xff,
                fis[FIS_FEATURES] & 0xff | (fis[FIS_FEATURES_HIGH] & 0xff) << 8,
                three(fis, FIS_LBA) | three(fis, FIS_LBA_HIGH) << 24,
                fis[FIS_DEVICE] & 0xff,
                fis[FIS_COUNT] & 0xff | (fis[FIS_COUNT + 1] & 0xff) << 8,
                packet);
    }

    private static long three(byte[] fis, int at) {
        return fis[at] & 0xff | (fis[at + 1] & 0xff) << 8 | (long) (fis[at + 2] & 0xff) << 16;
    }
}
