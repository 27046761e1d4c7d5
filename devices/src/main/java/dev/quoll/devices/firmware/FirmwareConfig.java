package dev.quoll.devices.firmware;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.GuestMemory;
import dev.quoll.machine.GuestMemoryException;
import dev.quoll.machine.PortDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The firmware configuration device of QEMU, which SeaBIOS, OVMF and Linux have drivers for (QEMU, docs/specs/fw_cfg.rst): numbered
 * items and named files that the guest reads. Offset 0 takes the selector (a word), offset 1 gives the bytes of the selected item one
 * by one, offsets 4 and 8 take the two halves of the address of a DMA request. Nothing can be written to an item.
 *
 * <p>Numbers of the interface are little endian in items, but for the file directory and the DMA request, which are big endian.
 *
 * <p>Threat: a transfer is cut into pieces and ends where guest memory does; past the end of an item come zeroes; a
 * request of 4 GiB costs a vCPU's own time only as far as memory goes that it names.
 */
public final class FirmwareConfig implements Device<FirmwareConfig.State>, PortDevice {
    /** Ports the device takes. */
    public static final int PORTS = 12;
    /** How the ports are accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE_TO_DWORD;

    /** Items with numbers of their own; the numbers are the interface's. */
    public enum Item {
        SIGNATURE(0x00),
        FEATURES(0x01),
        SYSTEM_UUID(0x02),
        RAM_SIZE(0x03),
        /** Whether there is no display, 16 bits. */
        NO_GRAPHICS(0x04),
        /** CPUs at the start, 16 bits. */
        CPU_COUNT(0x05),
        /** Whether firmware is to offer its boot menu, 16 bits. */
        BOOT_MENU(0x0e),
        /** One more than the highest APIC id, 16 bits. */
        MOST_CPUS(0x0f),
        FILE_DIRECTORY(0x19),
        /** Whether interrupt 0 arrives at pin 2 of the I/O APIC, 8 bits. */
        TIMER_OVERRIDE(0x8002);

        private final int selector;

        Item(int selector) {
            this.selector = selector;
        }
    }

    private static final int FIRST_FILE = 0x20;
    private static final int MOST_FILES = 0x100;
    private static final int COMMON = FIRST_FILE + MOST_FILES;
    private static final int LOCAL = 0x8000;
    private static final int LOCALS = 0x10;
    private static final int PLACES = COMMON + LOCALS;
    private static final int NAME_LENGTH = 56;
    private static final int DIRECTORY_ENTRY = 64;

    private static final int SELECTOR = 0;
    private static final int DATA = 1;
    private static final int DMA_HIGH = 4;
    private static final int DMA_LOW = 8;
    /** What the DMA address register reads as. */
    private static final byte[] DMA_SIGNATURE = "QEMU CFG".getBytes(StandardCharsets.US_ASCII);

    private static final int TRADITIONAL = 1;
    private static final int DMA = 2;

    private static final int REQUEST_LENGTH = 16;
    private static final int CONTROL_ERROR = 1;
    private static final int CONTROL_READ = 2;
    private static final int CONTROL_SKIP = 4;
    private static final int CONTROL_SELECT = 8;
    private static final int CONTROL_WRITE = 16;
    private static final int CHUNK = 4096;
    private static final byte[] NOTHING = {};

    /** What is selected, how far it has been read, and the upper half of the address of the DMA request to come. */
    public record State(int selector, long position, int addressHigh) {}

    private final GuestMemory memory;
    /** Sorted by name, as readers expect; numbered in this order. */
    private final SortedMap<String, Supplier<byte[]>> files = new TreeMap<>();
    /** Items and files by {@link #place}. */
    private final List<Supplier<byte[]>> sources = new ArrayList<>(Collections.nCopies(PLACES, () -> NOTHING));
    /** Contents as they were first read since the reset, null before: a file that is worked out stays what it was. */
    private final byte[][] contents = new byte[PLACES][];

    private final byte[] chunk = new byte[CHUNK];
    private final ByteBuffer request = ByteBuffer.allocate(REQUEST_LENGTH).order(ByteOrder.BIG_ENDIAN);
    private int selector;
    private byte[] selected = NOTHING;
    private long position;
    private int addressHigh;

    public FirmwareConfig(GuestMemory memory) {
        this.memory = memory;
        item(Item.SIGNATURE, "QEMU".getBytes(StandardCharsets.US_ASCII));
        item(Item.FEATURES, littleEndian(4, TRADITIONAL | DMA));
        sources.set(Item.FILE_DIRECTORY.selector, this::directory);
        select(Item.SIGNATURE.selector);
    }

    /** A number as items hold it. */
    public static byte[] littleEndian(int width, long value) {
        byte[] bytes = new byte[width];
        for (int i = 0; i < width; i++) {
            bytes[i] = (byte) (value >>> 8 * i);
        }
        return bytes;
    }

    /** Adds an item; before the guest runs. */
    public FirmwareConfig item(Item item, byte[] content) {
        sources.set(place(item.selector), () -> content);
        return this;
    }

    /** Adds a file; before the guest runs. */
    public FirmwareConfig file(String name, byte[] content) {
        return file(name, () -> content);
    }

    /**
     * Adds a file whose content is worked out when the guest first selects it after a reset; before the guest runs.
     *
     * @param name at most 55 characters
     * @param content of the same length whenever it is asked for: firmware reads the directory long before
     */
    public FirmwareConfig file(String name, Supplier<byte[]> content) {
        if (name.length() >= NAME_LENGTH || files.size() == MOST_FILES) {
            throw new IllegalArgumentException("no firmware file can be named " + name);
        }
        files.put(name, content);
        int number = FIRST_FILE;
        for (Supplier<byte[]> file : files.values()) {
            sources.set(place(number++), file);
        }
        return this;
    }

    @Override
    public String name() {
        return "fw-cfg";
    }

    private void select(int number) {
        selector = number & 0xffff;
        position = 0;
        selected = content(selector);
    }

    /** Where a selector's item is kept: those of all machines, those of this kind of machine, or nowhere (-1). */
    private static int place(int number) {
        int local = number - LOCAL;
        return number < COMMON ? number : local >= 0 && local < LOCALS ? COMMON + local : -1;
    }

    private byte[] content(int number) {
        int place = place(number);
        if (place < 0) {
            return NOTHING;
        }
        if (contents[place] == null) {
            contents[place] = sources.get(place).get();
        }
        return contents[place];
    }

    private byte[] directory() {
        ByteBuffer out = ByteBuffer.allocate(4 + files.size() * DIRECTORY_ENTRY).putInt(files.size());
        int number = FIRST_FILE;
        for (String name : files.keySet()) {
            int next = out.position() + DIRECTORY_ENTRY;
            out.putInt(files.get(name).get().length).putShort((short) number).putShort((short) 0);
            out.put(name.getBytes(StandardCharsets.US_ASCII)).position(next);
            number++;
        }
        return out.array();
    }

    /** The next bytes into {@link #chunk}; behind the item's end come zeroes. */
    private void next(int count) {
        int there = (int) Math.clamp(selected.length - position, 0, count);
        if (there > 0) {
            System.arraycopy(selected, (int) position, chunk, 0, there);
        }
        Arrays.fill(chunk, there, count, (byte) 0);
        position += count;
    }

    @Override
    public synchronized int readPort(int offset, int width) {
        if (offset == DATA && width == 1) {
            next(1);
            return chunk[0] & 0xff;
        }
        int value = 0;
        for (int i = 0; i < width; i++) {
            int at = offset + i - DMA_HIGH;
            value |= (at >= 0 && at < DMA_SIGNATURE.length ? DMA_SIGNATURE[at] & 0xff : 0) << 8 * i;
        }
        return value;
    }

    @Override
    public synchronized void writePort(int offset, int width, int value) {
        if (offset == SELECTOR && width == 2) {
            select(value);
        } else if (offset == DMA_HIGH && width == 4) {
            addressHigh = Integer.reverseBytes(value);
        } else if (offset == DMA_LOW && width == 4) {
            long address = (long) addressHigh << 32 | Integer.reverseBytes(value) & 0xffff_ffffL;
            addressHigh = 0;
            try {
                request(address);
            } catch (GuestMemoryException _) {
                // Another CPU has changed the memory map since the addresses were looked at: the request is lost, as on a real bus.
                addressHigh = 0;
            }
        }
    }

    /** Control, length and address, each big endian; what is left of control in the end tells how it went. */
    private void request(long at) {
        if (!memory.isRam(at, REQUEST_LENGTH)) {
            return;
        }
        memory.read(at, request.array(), 0, REQUEST_LENGTH);
        request.clear();
        int control = request.getInt();
        long length = request.getInt() & 0xffff_ffffL;
        long address = request.getLong();
        if ((control & CONTROL_SELECT) != 0) {
            select(control >>> 16);
        }
        boolean done = true;
        if ((control & CONTROL_READ) != 0) {
            done = copy(address, length);
        } else if ((control & CONTROL_WRITE) != 0) {
            done = false;
        } else if ((control & CONTROL_SKIP) != 0) {
            position += length;
        }
        memory.writeInt(at, done ? 0 : Integer.reverseBytes(CONTROL_ERROR));
    }

    private boolean copy(long address, long length) {
        for (long done = 0; done < length; ) {
            // Pieces end at pages, where one region of memory may end and the next begin.
            int count = (int) Math.min(length - done, CHUNK - (address + done & CHUNK - 1));
            if (!memory.isRam(address + done, count)) {
                return false;
            }
            next(count);
            memory.write(address + done, chunk, 0, count);
            done += count;
        }
        return true;
    }

    @Override
    public synchronized void reset() {
        Arrays.fill(contents, null);
        addressHigh = 0;
        select(Item.SIGNATURE.selector);
    }

    @Override
    public synchronized State save() {
        return new State(selector, position, addressHigh);
    }

    @Override
    public synchronized void restore(State state) {
        select(state.selector);
        position = Math.max(0, state.position);
        addressHigh = state.addressHigh;
    }
}
