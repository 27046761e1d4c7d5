package dev.quoll.devices.firmware;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The script by which firmware places tables that it does not understand: it allocates memory for files of the firmware
 * configuration device, adds the addresses to pointers within them and mends checksums. The format is QEMU's, read by SeaBIOS
 * ({@code romfile_loader}) and OVMF ({@code QemuLoader.h}): entries of 128 bytes, little endian.
 */
public final class TableLoader {
    /** Where a file may be put. */
    public enum Zone {
        /** Anywhere below 4 GiB. */
        HIGH(1),
        /** Where the guest searches for an RSDP: between 0xe0000 and 0xfffff. */
        SEARCHED(2);

        private final int code;

        Zone(int code) {
            this.code = code;
        }
    }

    private static final int ENTRY = 128;
    private static final int NAME = 56;
    private static final int ALLOCATE = 1;
    private static final int ADD_POINTER = 2;
    private static final int ADD_CHECKSUM = 3;

    private final ByteArrayOutputStream script = new ByteArrayOutputStream();

    /** Allocates memory for a file and copies it there. @param alignment a power of two */
    public TableLoader allocate(String file, int alignment, Zone zone) {
        ByteBuffer entry = entry(ALLOCATE);
        name(entry, file);
        entry.putInt(alignment).put((byte) zone.code);
        return add(entry);
    }

    /**
     * Adds the address of one file to a pointer in another.
     *
     * @param file holds the pointer, which so far is an offset in {@code target}
     * @param size bytes of the pointer: 4 or 8
     */
    public TableLoader addPointer(String file, String target, int offset, int size) {
        ByteBuffer entry = entry(ADD_POINTER);
        name(entry, file);
        name(entry, target);
        entry.putInt(offset).put((byte) size);
        return add(entry);
    }

    /**
     * Makes the bytes of a range add up to zero.
     *
     * @param at where the checksum byte is
     */
    public TableLoader addChecksum(String file, int at, int start, int length) {
        ByteBuffer entry = entry(ADD_CHECKSUM);
        name(entry, file);
        entry.putInt(at).putInt(start).putInt(length);
        return add(entry);
    }

    private static ByteBuffer entry(int command) {
        return ByteBuffer.allocate(ENTRY).order(ByteOrder.LITTLE_ENDIAN).putInt(command);
    }

    private static void name(ByteBuffer entry, String file) {
        byte[] bytes = file.getBytes(StandardCharsets.US_ASCII);
        if (bytes.length >= NAME) {
            throw new IllegalArgumentException("no firmware file can be named " + file);
        }
        entry.put(bytes).put(new byte[NAME - bytes.length]);
    }

    private TableLoader add(ByteBuffer entry) {
        script.writeBytes(entry.array());
        return this;
    }

    /** The script so far. */
    public byte[] bytes() {
        return script.toByteArray();
    }
}
