package dev.quoll.devices.ata;

/** The 256 words by which a drive describes itself (ATA8-ACS, 7.16 and 7.17). */
final class IdentifyData {
    /** Bytes. */
    static final int LENGTH = 512;

    private static final int SERIAL = 10;
    private static final int SERIAL_LENGTH = 20;
    private static final int FIRMWARE = 23;
    private static final int FIRMWARE_LENGTH = 8;
    private static final int MODEL = 27;
    private static final int MODEL_LENGTH = 40;
    private static final int CAPABILITIES = 49;
    private static final int DMA_AND_LBA = 0x0300;
    private static final int VALID_FIELDS = 53;
    private static final int WORDS_64_TO_70_AND_88 = 6;
    private static final int MULTIWORD_DMA = 63;
    private static final int PIO_MODES = 64;
    private static final int CYCLE_TIMES = 65;
    private static final int CYCLE_NANOS = 120;
    private static final int SATA_CAPABILITIES = 76;
    private static final int GENERATION_1 = 2;
    private static final int MAJOR_VERSION = 80;
    /** ATA8-ACS and those before it from ATA/ATAPI-5 on. */
    private static final int VERSIONS = 0x01e0;

    private static final int ULTRA_DMA = 88;
    /** Modes 0 to 5 there are, 5 is selected. */
    private static final int ULTRA_DMA_5 = 0x203f;

    private final byte[] bytes = new byte[LENGTH];

    IdentifyData(String model, String serial) {
        text(SERIAL, SERIAL_LENGTH, serial);
        text(FIRMWARE, FIRMWARE_LENGTH, "1");
        text(MODEL, MODEL_LENGTH, model);
        word(CAPABILITIES, DMA_AND_LBA);
        word(VALID_FIELDS, WORDS_64_TO_70_AND_88);
        word(MULTIWORD_DMA, 7);
        word(PIO_MODES, 3);
        for (int i = 0; i < 4; i++) {
            word(CYCLE_TIMES + i, CYCLE_NANOS);
        }
        word(SATA_CAPABILITIES, GENERATION_1);
        word(MAJOR_VERSION, VERSIONS);
        word(ULTRA_DMA, ULTRA_DMA_5);
    }

    IdentifyData word(int index, int value) {
        bytes[2 * index] = (byte) value;
        bytes[2 * index + 1] = (byte) (value >>> 8);
        return this;
    }

    /** Characters stand the other way round in each word (3.3.9). */
    private void text(int index, int length, String text) {
        for (int i = 0; i < length; i++) {
            bytes[2 * index + (i ^ 1)] = (byte) (i < text.length() ? text.charAt(i) : ' ');
        }
    }

    byte[] bytes() {
        return bytes;
    }
}
