package dev.quoll.devices.ata;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What a CD-ROM drive answers to questions about itself and its disc; numbers are big endian (SPC-3, clause 6; MMC-5, clause 6). */
final class MmcAnswers {
    /** Bytes before the pages of MODE SENSE in its two forms. */
    static final int SHORT_MODE_HEADER = 4;

    static final int LONG_MODE_HEADER = 8;

    private static final int CD_ROM = 5;
    private static final int REMOVABLE = 0x80;
    private static final int LEAD_OUT = 0xaa;
    /** Data, copying allowed (MMC-5, table 479). */
    private static final int DATA_TRACK = 0x14;

    private static final int PROFILE_CD_ROM = 0x0008;
    private static final int ERROR_RECOVERY_PAGE = 0x01;
    private static final int CAPABILITIES_PAGE = 0x2a;
    private static final int ALL_PAGES = 0x3f;

    private MmcAnswers() {}

    static byte[] sense(int key, int code) {
        byte[] sense = new byte[18];
        sense[0] = 0x70;
        sense[2] = (byte) key;
        sense[7] = 10;
        sense[12] = (byte) code;
        return sense;
    }

    static byte[] inquiry() {
        ByteBuffer out = ByteBuffer.allocate(36);
        // SPC-3; answers in the format of SPC, as ATAPI has it; what follows the length.
        out.put((byte) CD_ROM).put((byte) REMOVABLE).put((byte) 5).put((byte) 0x32).put((byte) 31).put(new byte[3]);
        return out.put("Quoll   CD-ROM          1   ".getBytes(StandardCharsets.US_ASCII)).array();
    }

    static byte[] capacity(int blocks, int blockLength) {
        return ByteBuffer.allocate(8).putInt(blocks - 1).putInt(blockLength).array();
    }

    /** One data track and the lead-out, in the formats that systems ask for; null for another (MMC-5, 6.25). */
    static byte[] tableOfContents(byte[] packet, int blocks) {
        boolean minutes = (packet[1] & 2) != 0;
        int format = packet[2] & 0xf;
        int first = packet[6] & 0xff;
        return switch (format) {
            case 0 -> tracks(minutes, first, blocks);
            case 1 -> ByteBuffer.allocate(12).putShort((short) 10).put((byte) 1).put((byte) 1)
                    .put((byte) 0).put((byte) DATA_TRACK).put((byte) 1).put((byte) 0).putInt(address(minutes, 0)).array();
            default -> null;
        };
    }

    private static byte[] tracks(boolean minutes, int first, int blocks) {
        if (first > 1 && first != LEAD_OUT) {
            return null;
        }
        ByteBuffer out = ByteBuffer.allocate(first <= 1 ? 20 : 12);
        out.putShort((short) (out.capacity() - 2)).put((byte) 1).put((byte) 1);
        if (first <= 1) {
            out.put((byte) 0).put((byte) DATA_TRACK).put((byte) 1).put((byte) 0).putInt(address(minutes, 0));
        }
        return out.put((byte) 0).put((byte) DATA_TRACK).put((byte) LEAD_OUT).put((byte) 0).putInt(address(minutes, blocks)).array();
    }

    /** A block's number, or its minute, second and frame: 75 frames a second, 2 seconds before the first. */
    private static int address(boolean minutes, int block) {
        if (!minutes) {
            return block;
        }
        int frames = block + 150;
        return frames / (75 * 60) << 16 | frames / 75 % 60 << 8 | frames % 75;
    }

    /** The profile list only: a CD-ROM is in the drive. */
    static byte[] configuration() {
        return ByteBuffer.allocate(16)
                .putInt(12)
                .putShort((short) 0)
                .putShort((short) PROFILE_CD_ROM)
                .putShort((short) 0)
                .put((byte) 3)
                .put((byte) 4)
                .putShort((short) PROFILE_CD_ROM)
                .put((byte) 1)
                .put((byte) 0)
                .array();
    }

    /** Nothing has happened to the disc, which is there (MMC-5, 6.6, media class). */
    static byte[] events() {
        return new byte[] {0, 6, 4, 0x10, 0, 2, 0, 0};
    }

    /** A finalised disc of one session with one track (MMC-5, 6.22). */
    static byte[] discInformation() {
        byte[] out = new byte[34];
        out[1] = 32;
        out[2] = 0x0e;
        out[3] = 1;
        out[4] = 1;
        out[5] = 1;
        out[6] = 1;
        return out;
    }

    /** Mode pages with their header; null for one that there is not. @param header length of the header, which says how long it is */
    static byte[] mode(int page, int header) {
        byte[] recovery = {ERROR_RECOVERY_PAGE, 6, 0, 5, 0, 0, 0, 0};
        byte[] capabilities = new byte[22];
        capabilities[0] = CAPABILITIES_PAGE;
        capabilities[1] = 20;
        // Loads by a tray and can lock it; a speed of 16 by CD's measure.
        capabilities[6] = 0x21;
        ByteBuffer.wrap(capabilities).putShort(8, (short) 2816).putShort(14, (short) 2816);
        int length = switch (page) {
            case ERROR_RECOVERY_PAGE -> recovery.length;
            case CAPABILITIES_PAGE -> capabilities.length;
            case ALL_PAGES -> recovery.length + capabilities.length;
            default -> 0;
        };
        if (length == 0) {
            return null;
        }
        ByteBuffer out = ByteBuffer.allocate(header + length);
        if (header == LONG_MODE_HEADER) {
            out.putShort((short) (header + length - 2));
        } else {
            out.put((byte) (header + length - 1));
        }
        out.position(header);
        if (page != CAPABILITIES_PAGE) {
            out.put(recovery);
        }
        if (page != ERROR_RECOVERY_PAGE) {
            out.put(capabilities);
        }
        return out.array();
    }
}
