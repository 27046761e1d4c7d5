package dev.quoll.devices.firmware;

import dev.quoll.devices.Bytes;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.MmioDevice;
import java.util.Arrays;

/**
 * Parallel NOR flash with the Intel command set and an 8-bit view (CFI, JEDEC JESD68.01; Intel StrataFlash data sheet, command
 * definitions), which firmware keeps its variables in. While it is in array mode its bytes are read-only memory of the guest and cost
 * what memory costs; the first command makes the board take that away, so that reads come here until the array is asked for again.
 *
 * <p>The status register is QEMU's, which OVMF tells flash from ROM by: clearing it clears the ready bit too.
 *
 * <p>Threat: addresses are cut to the array; a buffered write takes at most {@value #BUFFER} bytes within one block.
 */
public final class FlashMemory implements Device<FlashMemory.State>, MmioDevice {
    /** How the array is accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE;
    /** Bytes that are erased at a time. */
    public static final int BLOCK = 0x1000;

    private static final int BUFFER = 32;

    /** What the owner of the memory map does for the chip. */
    public interface Host {
        /** Shows the array as read-only memory, or no longer. With no lock held, for a guest's write on the vCPU's thread. */
        void show(boolean array);

        /** Bytes of the array have changed. @param offset in the array */
        void changed(int offset, int length);
    }

    private static final int READ_ARRAY = 0xff;
    private static final int READ_IDENTIFIER = 0x90;
    private static final int QUERY = 0x98;
    private static final int READ_STATUS = 0x70;
    private static final int CLEAR_STATUS = 0x50;
    private static final int PROGRAM = 0x40;
    private static final int PROGRAM_ALTERNATIVE = 0x10;
    private static final int ERASE = 0x20;
    private static final int WRITE_BUFFER = 0xe8;
    private static final int LOCK = 0x60;
    private static final int CONFIRM = 0xd0;

    private static final int READY = 0x80;
    private static final int ERROR_ERASE = 0x20;
    private static final int ERROR_PROGRAM = 0x10;

    private static final int MANUFACTURER = 0x89;
    private static final int DEVICE = 0x18;

    /** What the next write means. */
    private enum Expecting {
        COMMAND,
        BYTE,
        ERASE_CONFIRMATION,
        BUFFER_COUNT,
        BUFFER_DATA,
        BUFFER_CONFIRMATION,
        LOCK_CONFIRMATION
    }

    /** What reads give. */
    private enum Showing {
        ARRAY,
        STATUS,
        IDENTIFIER,
        QUERY
    }

    /** All guest-visible state. @param array the content @param expecting and {@code showing} by their place */
    public record State(
            Bytes array, int expecting, int showing, int status, Bytes buffer, int bufferStart, int bufferCount, int bufferLeft) {}

    private final String name;
    private final GuestMemory memory;
    private final long address;
    private final int length;
    private final Host host;
    private final byte[] query;
    private final byte[] buffer = new byte[BUFFER];
    private Expecting expecting = Expecting.COMMAND;
    private Showing showing = Showing.ARRAY;
    private int status;
    private byte[] content;
    private int bufferStart;
    private int bufferCount;
    private int bufferLeft;
    /** What of the array the guest's memory does not have yet, which shows it in array mode only. */
    private int staleFrom;
    private int staleTo;

    /**
     * @param content the array's bytes, which become the chip's own; a whole number of blocks
     * @param address where the guest sees it; memory is there at power-on
     */
    public FlashMemory(String name, byte[] content, GuestMemory memory, long address, Host host) {
        if (content.length == 0 || content.length % BLOCK != 0) {
            throw new IllegalArgumentException("flash memory has blocks of %d bytes, which %d bytes are not".formatted(BLOCK, content.length));
        }
        this.name = name;
        this.content = content;
        this.memory = memory;
        this.address = address;
        length = content.length;
        this.host = host;
        query = query(length);
        staleFrom = length;
        memory.program(address, content, 0, length);
    }

    /** The CFI query structure from offset 0x10 on (JESD68.01, tables 1-4): one region of equal blocks. */
    private static byte[] query(int length) {
        byte[] table = new byte[0x40];
        table[0x10] = 'Q';
        table[0x11] = 'R';
        table[0x12] = 'Y';
        table[0x13] = 1;
        table[0x27] = (byte) (Integer.SIZE - Integer.numberOfLeadingZeros(length - 1));
        table[0x2a] = (byte) Integer.numberOfTrailingZeros(BUFFER);
        table[0x2c] = 1;
        int blocks = length / BLOCK - 1;
        table[0x2d] = (byte) blocks;
        table[0x2e] = (byte) (blocks >>> 8);
        table[0x2f] = (byte) (BLOCK >>> 8);
        table[0x30] = (byte) (BLOCK >>> 16);
        return table;
    }

    @Override
    public String name() {
        return name;
    }

    /** Bytes of the array. */
    public int length() {
        return length;
    }

    /** A copy of a part of the array. */
    public synchronized byte[] read(int offset, int count) {
        return Arrays.copyOfRange(content, offset, offset + count);
    }

    @Override
    public synchronized long readMmio(long offset, int width) {
        return switch (showing) {
            case ARRAY -> content[(int) offset];
            case STATUS -> status;
            case IDENTIFIER -> (offset & 1) == 0 ? MANUFACTURER : DEVICE;
            case QUERY -> offset < query.length ? query[(int) offset] : 0;
        } & 0xff;
    }

    @Override
    public void writeMmio(long offset, int width, long value) {
        boolean before;
        boolean after;
        int from = 0;
        int count = 0;
        synchronized (this) {
            before = showing == Showing.ARRAY;
            int at = (int) offset;
            int octet = (int) value & 0xff;
            Expecting now = expecting;
            expecting = Expecting.COMMAND;
            switch (now) {
                case COMMAND -> command(octet);
                case BYTE -> {
                    content[at] &= (byte) octet;
                    status |= READY;
                    from = at;
                    count = 1;
                }
                case ERASE_CONFIRMATION -> {
                    status |= READY;
                    if (octet == CONFIRM) {
                        from = at & -BLOCK;
                        count = BLOCK;
                        Arrays.fill(content, from, from + count, (byte) 0xff);
                    } else {
                        status |= ERROR_ERASE | ERROR_PROGRAM;
                    }
                }
                case BUFFER_COUNT -> {
                    bufferCount = Math.min(octet + 1, BUFFER);
                    bufferLeft = bufferCount;
                    bufferStart = -1;
                    expecting = Expecting.BUFFER_DATA;
                }
                case BUFFER_DATA -> bufferByte(at, octet);
                case BUFFER_CONFIRMATION -> {
                    status |= READY;
                    if (octet == CONFIRM) {
                        from = bufferStart;
                        count = Math.min(bufferCount, (bufferStart | BLOCK - 1) + 1 - bufferStart);
                        for (int i = 0; i < count; i++) {
                            content[from + i] &= buffer[i];
                        }
                    } else {
                        status |= ERROR_PROGRAM;
                    }
                }
                case LOCK_CONFIRMATION -> status |= READY;
            }
            after = showing == Showing.ARRAY;
            if (count > 0) {
                staleFrom = Math.min(staleFrom, from);
                staleTo = Math.max(staleTo, from + count);
            }
        }
        if (count > 0) {
            host.changed(from, count);
        }
        if (before != after) {
            show(after);
        }
    }

    private void show(boolean array) {
        host.show(array);
        synchronized (this) {
            if (array && staleFrom < staleTo) {
                memory.program(address + staleFrom, content, staleFrom, staleTo - staleFrom);
                staleFrom = length;
                staleTo = 0;
            }
        }
    }

    private void bufferByte(int at, int octet) {
        if (bufferStart < 0) {
            bufferStart = at;
        }
        buffer[Math.clamp(at - bufferStart, 0, BUFFER - 1)] = (byte) octet;
        expecting = --bufferLeft > 0 ? Expecting.BUFFER_DATA : Expecting.BUFFER_CONFIRMATION;
    }

    private void command(int code) {
        showing = Showing.STATUS;
        switch (code) {
            case PROGRAM, PROGRAM_ALTERNATIVE -> expecting = Expecting.BYTE;
            case ERASE -> expecting = Expecting.ERASE_CONFIRMATION;
            case WRITE_BUFFER -> {
                status |= READY;
                expecting = Expecting.BUFFER_COUNT;
            }
            case LOCK -> expecting = Expecting.LOCK_CONFIRMATION;
            case READ_STATUS -> {
                // Status is what reads give from now on.
            }
            case CLEAR_STATUS -> {
                status = 0;
                showing = Showing.ARRAY;
            }
            case READ_IDENTIFIER -> showing = Showing.IDENTIFIER;
            case QUERY -> showing = Showing.QUERY;
            default -> showing = Showing.ARRAY;
        }
    }

    /** The array mode; what was programmed stays. */
    @Override
    public void reset() {
        synchronized (this) {
            expecting = Expecting.COMMAND;
            showing = Showing.ARRAY;
            status = 0;
            staleFrom = 0;
            staleTo = length;
        }
        show(true);
    }

    @Override
    public synchronized State save() {
        return new State(
                new Bytes(content.clone()),
                expecting.ordinal(),
                showing.ordinal(),
                status,
                new Bytes(buffer.clone()),
                bufferStart,
                bufferCount,
                bufferLeft);
    }

    @Override
    public void restore(State state) {
        if (state.array.values().length != length || state.buffer.values().length != BUFFER) {
            throw new IllegalArgumentException("saved flash memory has %d bytes, not %d".formatted(state.array.values().length, length));
        }
        synchronized (this) {
            content = state.array.values().clone();
            expecting = Expecting.values()[state.expecting];
            showing = Showing.values()[state.showing];
            status = state.status;
            System.arraycopy(state.buffer.values(), 0, buffer, 0, BUFFER);
            bufferStart = Math.clamp(state.bufferStart, -1, length - 1);
            bufferCount = Math.clamp(state.bufferCount, 0, BUFFER);
            bufferLeft = Math.clamp(state.bufferLeft, 0, BUFFER);
            staleFrom = 0;
            staleTo = length;
        }
        show(showing == Showing.ARRAY);
    }
}
