package dev.quoll.devices.ata;

import dev.quoll.devices.block.DiskImage;
import dev.quoll.machine.GuestMemoryException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A CD-ROM drive with a disc in it, which is an image of blocks of 2048 bytes (ATA8-ACS, PACKET feature set; MMC-5 and SPC-3 for what is
 * in the packets). The disc cannot be taken out.
 *
 * <p>Threat: addresses and lengths of packets are checked against the disc before it is read; what an image ends with that is
 * no whole block reads as if zeroes followed.
 */
final class OpticalDrive implements AtaDrive {
    static final int BLOCK = 2048;

    private static final int SIGNATURE = 0xeb14_0101;
    /** Command packets of 12 bytes, CD-ROM, removable, answers within 50 us. */
    private static final int CONFIGURATION = 0x85c0;

    private static final int BUFFER_BLOCKS = 32;
    private static final int MAX_BLOCKS = Integer.MAX_VALUE;
    /** Interrupt reasons (ATA8-ACS, 7.23.6): what was moved last was the end of a command. */
    private static final int COMMAND_COMPLETE = 3;

    private static final int TEST_UNIT_READY = 0x00;
    private static final int REQUEST_SENSE = 0x03;
    private static final int INQUIRY = 0x12;
    private static final int MODE_SENSE_6 = 0x1a;
    private static final int START_STOP_UNIT = 0x1b;
    private static final int PREVENT_REMOVAL = 0x1e;
    private static final int READ_CAPACITY = 0x25;
    private static final int READ_10 = 0x28;
    private static final int SEEK_10 = 0x2b;
    private static final int READ_TOC = 0x43;
    private static final int GET_CONFIGURATION = 0x46;
    private static final int GET_EVENT_STATUS = 0x4a;
    private static final int READ_DISC_INFORMATION = 0x51;
    private static final int MODE_SENSE_10 = 0x5a;
    private static final int READ_12 = 0xa8;
    private static final int SET_CD_SPEED = 0xbb;

    private static final int MEDIUM_ERROR = 3;
    private static final int ILLEGAL_REQUEST = 5;
    private static final int UNIT_ATTENTION = 6;
    private static final int UNRECOVERED_READ = 0x11;
    private static final int INVALID_COMMAND = 0x20;
    private static final int OUT_OF_RANGE = 0x21;
    private static final int INVALID_FIELD = 0x24;
    private static final int RESET_OCCURRED = 0x29;

    private final DiskImage disc;
    private final int blocks;
    private final byte[] identity;
    private final byte[] buffer = new byte[BUFFER_BLOCKS * BLOCK];
    private int senseKey;
    private int senseCode;
    /** The first command after a reset is told of it, unless it asks for less. */
    private boolean attention = true;

    OpticalDrive(DiskImage disc, String serial) {
        this.disc = disc;
        blocks = (int) Math.min(MAX_BLOCKS, (disc.size() + BLOCK - 1) / BLOCK);
        identity = new IdentifyData("Quoll CD-ROM", serial).word(0, CONFIGURATION).bytes();
    }

    @Override
    public int signature() {
        return SIGNATURE;
    }

    @Override
    public void reset() {
        senseKey = 0;
        senseCode = 0;
        attention = true;
    }

    @Override
    public AtaResult execute(AtaCommand command, DataArea data) throws GuestMemoryException, IOException {
        return switch (command.code()) {
            case AtaCommand.IDENTIFY_PACKET_DEVICE -> {
                data.put(identity, 0, identity.length);
                yield AtaResult.SENT;
            }
            case AtaCommand.SET_FEATURES -> AtaResult.DONE;
            case AtaCommand.PACKET -> packet(command.packet(), data);
            default -> AtaResult.ABORT;
        };
    }

    private AtaResult packet(byte[] packet, DataArea data) throws GuestMemoryException {
        int code = packet[0] & 0xff;
        if (attention && code != INQUIRY && code != REQUEST_SENSE && code != GET_EVENT_STATUS) {
            attention = false;
            return check(UNIT_ATTENTION, RESET_OCCURRED);
        }
        if (code != REQUEST_SENSE) {
            senseKey = 0;
            senseCode = 0;
        }
        return switch (code) {
            case TEST_UNIT_READY, START_STOP_UNIT, PREVENT_REMOVAL, SET_CD_SPEED -> complete();
            case SEEK_10 -> Integer.compareUnsigned(number(packet, 2, 4), blocks) < 0 ? complete() : check(ILLEGAL_REQUEST, OUT_OF_RANGE);
            case READ_10 -> read(packet, number(packet, 7, 2), data);
            case READ_12 -> read(packet, number(packet, 6, 4), data);
            case REQUEST_SENSE -> {
                AtaResult result = answer(MmcAnswers.sense(senseKey, senseCode), number(packet, 4, 1), data);
                senseKey = 0;
                senseCode = 0;
                yield result;
            }
            case INQUIRY ->
                (packet[1] & 1) != 0 ? check(ILLEGAL_REQUEST, INVALID_FIELD) : answer(MmcAnswers.inquiry(), number(packet, 3, 2), data);
            case READ_CAPACITY -> answer(MmcAnswers.capacity(blocks, BLOCK), 8, data);
            case READ_TOC -> {
                byte[] toc = MmcAnswers.tableOfContents(packet, blocks);
                yield toc == null ? check(ILLEGAL_REQUEST, INVALID_FIELD) : answer(toc, number(packet, 7, 2), data);
            }
            case GET_CONFIGURATION -> answer(MmcAnswers.configuration(), number(packet, 7, 2), data);
            case GET_EVENT_STATUS -> answer(MmcAnswers.events(), number(packet, 7, 2), data);
            case READ_DISC_INFORMATION -> answer(MmcAnswers.discInformation(), number(packet, 7, 2), data);
            case MODE_SENSE_6 -> mode(packet, MmcAnswers.SHORT_MODE_HEADER, number(packet, 4, 1), data);
            case MODE_SENSE_10 -> mode(packet, MmcAnswers.LONG_MODE_HEADER, number(packet, 7, 2), data);
            default -> check(ILLEGAL_REQUEST, INVALID_COMMAND);
        };
    }

    private AtaResult mode(byte[] packet, int header, int length, DataArea data) throws GuestMemoryException {
        byte[] pages = MmcAnswers.mode(packet[2] & 0x3f, header);
        return pages == null ? check(ILLEGAL_REQUEST, INVALID_FIELD) : answer(pages, length, data);
    }

    private AtaResult read(byte[] packet, int count, DataArea data) throws GuestMemoryException {
        long first = number(packet, 2, 4) & 0xffff_ffffL;
        long number = count & 0xffff_ffffL;
        if (first + number > blocks) {
            return check(ILLEGAL_REQUEST, OUT_OF_RANGE);
        }
        for (long done = 0; done < number && !data.stopping(); ) {
            int now = (int) Math.min(number - done, BUFFER_BLOCKS);
            try {
                fill((first + done) * BLOCK, now * BLOCK);
            } catch (IOException _) {
                return check(MEDIUM_ERROR, UNRECOVERED_READ);
            }
            if (data.put(buffer, 0, now * BLOCK) < now * BLOCK) {
                break;
            }
            done += now;
        }
        return complete();
    }

    private void fill(long offset, int length) throws IOException {
        int there = (int) Math.clamp(disc.size() - offset, 0, length);
        java.util.Arrays.fill(buffer, there, length, (byte) 0);
        disc.read(offset, ByteBuffer.wrap(buffer, 0, there));
    }

    private static AtaResult answer(byte[] bytes, int room, DataArea data) throws GuestMemoryException {
        data.put(bytes, 0, Math.min(bytes.length, room));
        return complete();
    }

    private static AtaResult complete() {
        return new AtaResult(AtaResult.READY, 0, COMMAND_COMPLETE, false);
    }

    /** CHECK CONDITION: the error register has the sense key, and REQUEST SENSE tells the rest. */
    private AtaResult check(int key, int code) {
        senseKey = key;
        senseCode = code;
        return new AtaResult(AtaResult.READY | AtaResult.ERR, key << 4, COMMAND_COMPLETE, false);
    }

    private static int number(byte[] packet, int at, int width) {
        int value = 0;
        for (int i = 0; i < width; i++) {
            value = value << 8 | packet[at + i] & 0xff;
        }
        return value;
    }
}
