package dev.quoll.devices.ata;

import dev.quoll.devices.block.DiskImage;
import dev.quoll.machine.GuestMemoryException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A disk of sectors of 512 bytes with 28 and 48 bits of address (ATA8-ACS, general feature set and 48-bit addresses).
 *
 * <p>Threat: addresses and counts are checked against the disk before it is touched; an I/O error of the host's is told as one of
 * the disk's.
 */
final class AtaDisk implements AtaDrive {
    private static final int SECTOR = 512;
    private static final int SIGNATURE = 0x0000_0101;
    private static final int BUFFER_SECTORS = 128;
    private static final int UNCORRECTABLE = 0x40;
    private static final int ADDRESS_NOT_FOUND = 0x10;
    private static final int ABORTED = 0x04;

    private static final int READ_SECTORS = 0x20;
    private static final int READ_SECTORS_EXT = 0x24;
    private static final int READ_DMA_EXT = 0x25;
    private static final int WRITE_SECTORS = 0x30;
    private static final int WRITE_SECTORS_EXT = 0x34;
    private static final int WRITE_DMA_EXT = 0x35;
    private static final int READ_VERIFY = 0x40;
    private static final int READ_VERIFY_EXT = 0x42;
    private static final int READ_DMA = 0xc8;
    private static final int WRITE_DMA = 0xca;
    private static final int STANDBY_IMMEDIATE = 0xe0;
    private static final int IDLE_IMMEDIATE = 0xe1;
    private static final int CHECK_POWER_MODE = 0xe5;
    private static final int FLUSH_CACHE = 0xe7;
    private static final int FLUSH_CACHE_EXT = 0xea;
    private static final int ACTIVE = 0xff;

    private static final long MOST_28 = (1 << 28) - 1;

    private final DiskImage image;
    private final long sectors;
    private final byte[] identity;
    private final byte[] buffer = new byte[BUFFER_SECTORS * SECTOR];

    AtaDisk(DiskImage image, String serial) {
        this.image = image;
        sectors = image.size() / SECTOR;
        identity = identity(serial);
    }

    private byte[] identity(String serial) {
        int writeCache = 1 << 5;
        int flushes = 1 << 14 | 1 << 13 | 1 << 12 | 1 << 10;
        long narrow = Math.min(sectors, MOST_28);
        IdentifyData data = new IdentifyData("Quoll disk", serial)
                .word(60, (int) narrow)
                .word(61, (int) (narrow >>> 16))
                .word(82, writeCache)
                .word(83, flushes)
                .word(84, 1 << 14)
                .word(85, writeCache)
                .word(86, flushes & ~(1 << 14))
                .word(87, 1 << 14);
        for (int i = 0; i < 4; i++) {
            data.word(100 + i, (int) (sectors >>> 16 * i));
        }
        return data.bytes();
    }

    @Override
    public int signature() {
        return SIGNATURE;
    }

    @Override
    public void reset() {
        // Nothing that a reset changes is remembered.
    }

    @Override
    public AtaResult execute(AtaCommand command, DataArea data) throws GuestMemoryException {
        return switch (command.code()) {
            case AtaCommand.IDENTIFY_DEVICE -> {
                data.put(identity, 0, identity.length);
                yield AtaResult.SENT;
            }
            case READ_SECTORS, READ_SECTORS_EXT, READ_DMA, READ_DMA_EXT -> read(command, data);
            case WRITE_SECTORS, WRITE_SECTORS_EXT, WRITE_DMA, WRITE_DMA_EXT -> write(command, data);
            case READ_VERIFY, READ_VERIFY_EXT -> inRange(command) ? AtaResult.DONE : failure(ADDRESS_NOT_FOUND);
            case FLUSH_CACHE, FLUSH_CACHE_EXT -> flush();
            case CHECK_POWER_MODE -> new AtaResult(AtaResult.READY, 0, ACTIVE, false);
            case AtaCommand.SET_FEATURES, STANDBY_IMMEDIATE, IDLE_IMMEDIATE -> AtaResult.DONE;
            default -> AtaResult.ABORT;
        };
    }

    private static boolean wide(AtaCommand command) {
        return switch (command.code()) {
            case READ_SECTORS_EXT, READ_DMA_EXT, WRITE_SECTORS_EXT, WRITE_DMA_EXT, READ_VERIFY_EXT -> true;
            default -> false;
        };
    }

    private static long first(AtaCommand command) {
        return wide(command) ? command.address() : command.address() & 0xff_ffff | (long) (command.device() & 0xf) << 24;
    }

    /** 0 stands for one more than the register holds. */
    private static int count(AtaCommand command) {
        int most = wide(command) ? 0x10000 : 0x100;
        int count = command.count() & most - 1;
        return count == 0 ? most : count;
    }

    private boolean inRange(AtaCommand command) {
        return first(command) + count(command) <= sectors;
    }

    private static AtaResult failure(int error) {
        return new AtaResult(AtaResult.READY | AtaResult.ERR, error, 0, false);
    }

    private AtaResult read(AtaCommand command, DataArea data) throws GuestMemoryException {
        if (!inRange(command)) {
            return failure(ADDRESS_NOT_FOUND);
        }
        long offset = first(command) * SECTOR;
        int count = count(command);
        for (int done = 0; done < count && !data.stopping(); ) {
            int length = Math.min(count - done, BUFFER_SECTORS) * SECTOR;
            try {
                image.read(offset + (long) done * SECTOR, ByteBuffer.wrap(buffer, 0, length));
            } catch (IOException _) {
                return failure(UNCORRECTABLE);
            }
            if (data.put(buffer, 0, length) < length) {
                break;
            }
            done += length / SECTOR;
        }
        boolean programmed = command.code() == READ_SECTORS || command.code() == READ_SECTORS_EXT;
        return programmed ? AtaResult.SENT : AtaResult.DONE;
    }

    private AtaResult write(AtaCommand command, DataArea data) throws GuestMemoryException {
        if (!inRange(command)) {
            return failure(ADDRESS_NOT_FOUND);
        }
        if (image.readOnly()) {
            return failure(ABORTED);
        }
        long offset = first(command) * SECTOR;
        int count = count(command);
        for (int done = 0; done < count && !data.stopping(); ) {
            int length = data.take(buffer, 0, Math.min(count - done, BUFFER_SECTORS) * SECTOR) / SECTOR * SECTOR;
            if (length == 0) {
                break;
            }
            try {
                image.write(offset + (long) done * SECTOR, ByteBuffer.wrap(buffer, 0, length));
            } catch (IOException _) {
                return new AtaResult(AtaResult.READY | AtaResult.DF, ABORTED, 0, false);
            }
            done += length / SECTOR;
        }
        return AtaResult.DONE;
    }

    private AtaResult flush() {
        try {
            image.flush();
            return AtaResult.DONE;
        } catch (IOException _) {
            return new AtaResult(AtaResult.READY | AtaResult.DF, ABORTED, 0, false);
        }
    }
}
