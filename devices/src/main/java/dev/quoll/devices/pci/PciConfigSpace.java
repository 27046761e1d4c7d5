package dev.quoll.devices.pci;

import dev.quoll.devices.Bytes;
import java.util.Arrays;

/**
 * The 4096 bytes of configuration space of an endpoint with a type 0 header: identity, command and status, base address
 * registers with sizing, capability list and interrupt pin (PCI Local Bus 3.0, 6.1-6.7). Every byte carries a mask of
 * its writable bits; the owner may watch writes.
 *
 * <p>BARs are told to a {@link BarMapping} when the command register turns decoding on or off, and when they move while
 * decoded.
 *
 * <p>Threat: accesses are masked to 4096 bytes and to the writable bits; a BAR placed over something else is refused by
 * its mapping; sizes are fixed when the function is made.
 */
public final class PciConfigSpace implements PciFunction {
    /** Base address registers of a type 0 header. */
    public static final int BARS = 6;
    /** Bytes of configuration space. */
    public static final int SIZE = 4096;

    private static final int COMMAND = 0x04;
    private static final int STATUS = 0x06;
    private static final int REVISION = 0x08;
    private static final int HEADER_TYPE = 0x0e;
    private static final int MULTI_FUNCTION = 0x80;
    private static final int BAR_0 = 0x10;
    private static final int SUBSYSTEM = 0x2c;
    private static final int CAPABILITIES = 0x34;
    private static final int INTERRUPT_LINE = 0x3c;
    private static final int INTERRUPT_PIN = 0x3d;
    private static final int FIRST_CAPABILITY = 0x40;
    private static final int LEGACY_END = 0x100;

    private static final int COMMAND_PORTS = 1;
    private static final int COMMAND_MEMORY = 2;
    private static final int COMMAND_BUS_MASTER = 4;
    private static final int COMMAND_INTX_DISABLE = 0x400;
    private static final int STATUS_INTERRUPT = 8;
    private static final int STATUS_CAPABILITIES = 0x10;

    /** Hears of a guest's writes to a range of registers, after they took effect; called with no lock held. */
    @FunctionalInterface
    public interface WriteListener {
        /** @param register first byte written */
        void written(int register, int width);
    }

    /** Registers and write-dependent state. @param registers the 4096 bytes; BARs are mapped as they and COMMAND say */
    public record State(Bytes registers) {}

    private record Watch(int from, int to, WriteListener listener) {}

    private record Bar(BarSpace space, long size) {}

    private final Object lock = new Object();
    private final byte[] registers = new byte[SIZE];
    private final byte[] writable = new byte[SIZE];
    private final Bar[] bars = new Bar[BARS];
    private final long[] mappedAt = new long[BARS];
    private final BarMapping mapping;
    private byte[] powerOn;
    private int lastCapability;
    private int capabilityEnd = FIRST_CAPABILITY;
    private Watch[] watches = {};

    /** A function without BARs. */
    public PciConfigSpace(PciIdentity identity) {
        this(identity, new BarMapping() {
            @Override
            public boolean map(int bar, long address, long size) {
                return false;
            }

            @Override
            public void unmap(int bar, long address, long size) {
                throw new IllegalStateException("BAR " + bar + " was never mapped");
            }
        });
    }

    /** A function whose BARs, added with {@link #addBar}, appear through {@code mapping}. */
    public PciConfigSpace(PciIdentity identity, BarMapping mapping) {
        this.mapping = mapping;
        Arrays.fill(mappedAt, -1);
        set(0, 2, identity.vendor());
        set(2, 2, identity.device());
        set(REVISION, 4, identity.revision() | identity.classCode() << 8);
        set(HEADER_TYPE, 1, 0);
        set(SUBSYSTEM, 2, identity.subsystemVendor());
        set(SUBSYSTEM + 2, 2, identity.subsystem());
        setWritable(COMMAND, 2, COMMAND_BUS_MASTER | COMMAND_INTX_DISABLE);
        setWritable(INTERRUPT_LINE, 1, 0xff);
        powerOn = registers.clone();
    }

    /**
     * Adds a base address register; before the guest runs.
     *
     * @param bar 0-5; a 64-bit one takes the next register too
     * @param size a power of two, at least 16 (memory) or 4 (ports)
     * @param address where it decodes once enabled, aligned to its size; 0 leaves the choice to the guest
     */
    public void addBar(int bar, BarSpace space, long size, long address) {
        if (bar < 0 || bar + (space.wide() ? 1 : 0) >= BARS || bars[bar] != null) {
            throw new IllegalArgumentException("no room for BAR " + bar);
        }
        if (Long.bitCount(size) != 1 || size < (space == BarSpace.PORTS ? 4 : 16) || (address & size - 1) != 0) {
            throw new IllegalArgumentException("BAR of 0x%x bytes at 0x%x".formatted(size, address));
        }
        bars[bar] = new Bar(space, size);
        int register = BAR_0 + 4 * bar;
        set(register, 4, (int) address | space.flags());
        setWritable(register, 4, (int) -size);
        if (space.wide()) {
            bars[bar + 1] = new Bar(space, 0);
            set(register + 4, 4, (int) (address >>> 32));
            setWritable(register + 4, 4, (int) (-size >>> 32));
        }
        setWritable(COMMAND, 2, get(writable, COMMAND, 2) | (space == BarSpace.PORTS ? COMMAND_PORTS : COMMAND_MEMORY));
        powerOn = registers.clone();
    }

    /**
     * Appends a capability to the list; before the guest runs.
     *
     * @param id capability id (PCI Local Bus 3.0, appendix H)
     * @param body bytes behind the id and next pointer
     * @param bodyWritable writable bits of {@code body}, as long as it
     * @return offset of the capability
     */
    public int addCapability(int id, byte[] body, byte[] bodyWritable) {
        int at = capabilityEnd;
        int length = 2 + body.length + 3 & -4;
        if (at + length > LEGACY_END || body.length != bodyWritable.length) {
            throw new IllegalArgumentException("capability 0x%x of %d bytes does not fit".formatted(id, body.length));
        }
        set(at, 1, id);
        System.arraycopy(body, 0, registers, at + 2, body.length);
        System.arraycopy(bodyWritable, 0, writable, at + 2, body.length);
        set(lastCapability == 0 ? CAPABILITIES : lastCapability + 1, 1, at);
        set(STATUS, 2, get(registers, STATUS, 2) | STATUS_CAPABILITIES);
        lastCapability = at;
        capabilityEnd = at + length;
        powerOn = registers.clone();
        return at;
    }

    /**
     * Adds a register of the function's own; before the guest runs.
     *
     * @param initial at power-on
     * @param bits those that the guest can write
     */
    public void addRegister(int register, int width, int initial, int bits) {
        set(register, width, initial);
        setWritable(register, width, bits);
        powerOn = registers.clone();
    }

    /** Says that there are more functions in this function's place. */
    public void setMultiFunction() {
        set(HEADER_TYPE, 1, MULTI_FUNCTION);
        powerOn = registers.clone();
    }

    /** Says that the function interrupts on INTA# to INTD# (1-4) and what the interrupt line register starts as. */
    public void setInterruptPin(int pin, int line) {
        set(INTERRUPT_PIN, 1, pin);
        set(INTERRUPT_LINE, 1, line);
        powerOn = registers.clone();
    }

    /** Adds a listener for guest writes that touch registers {@code from} to {@code to} - 1; before the guest runs. */
    public void listen(int from, int to, WriteListener listener) {
        watches = Arrays.copyOf(watches, watches.length + 1);
        watches[watches.length - 1] = new Watch(from, to, listener);
    }

    /** Whether the guest lets the function master the bus. */
    public boolean busMaster() {
        return (read(COMMAND, 2) & COMMAND_BUS_MASTER) != 0;
    }

    /** Whether the guest has switched INTx off. */
    public boolean intxDisabled() {
        return (read(COMMAND, 2) & COMMAND_INTX_DISABLE) != 0;
    }

    /** Shows the state of INTx in the status register. */
    public void setInterruptStatus(boolean pending) {
        synchronized (lock) {
            int status = get(registers, STATUS, 2);
            set(STATUS, 2, pending ? status | STATUS_INTERRUPT : status & ~STATUS_INTERRUPT);
        }
    }

    /** Reads a register from the device's side. */
    public int read(int register, int width) {
        synchronized (lock) {
            return get(registers, register, width);
        }
    }

    /** Sets a register from the device's side, writable by the guest or not; does not move BARs. */
    public void poke(int register, int width, int value) {
        synchronized (lock) {
            set(register, width, value);
        }
    }

    /** Where a BAR decodes now, -1 when it does not. */
    public long mappedAt(int bar) {
        synchronized (lock) {
            return mappedAt[bar];
        }
    }

    @Override
    public int readConfig(int register, int width) {
        return read(register & SIZE - 1, width);
    }

    @Override
    public void writeConfig(int register, int width, int value) {
        int at = register & SIZE - 1;
        synchronized (lock) {
            for (int i = 0; i < width; i++) {
                int octet = value >>> 8 * i & 0xff;
                int open = writable[at + i];
                registers[at + i] = (byte) (registers[at + i] & ~open | octet & open);
            }
            if (at < INTERRUPT_LINE && at + width > COMMAND) {
                updateBars();
            }
        }
        for (Watch watch : watches) {
            if (at < watch.to && at + width > watch.from) {
                watch.listener.written(at, width);
            }
        }
    }

    private void updateBars() {
        int command = get(registers, COMMAND, 2);
        for (int bar = 0; bar < BARS; bar++) {
            Bar now = bars[bar];
            if (now == null || now.size == 0) {
                continue;
            }
            int decode = now.space == BarSpace.PORTS ? COMMAND_PORTS : COMMAND_MEMORY;
            long address = (command & decode) != 0 ? address(bar) : -1;
            if (address == mappedAt[bar]) {
                continue;
            }
            if (mappedAt[bar] != -1) {
                mapping.unmap(bar, mappedAt[bar], now.size);
                mappedAt[bar] = -1;
            }
            if (address != -1 && mapping.map(bar, address, now.size)) {
                mappedAt[bar] = address;
            }
        }
    }

    private long address(int bar) {
        int register = BAR_0 + 4 * bar;
        long low = get(registers, register, 4) & 0xffff_ffffL;
        return switch (bars[bar].space) {
            case PORTS -> low & 0xfffc;
            case MEMORY_32 -> low & ~0xfL;
            case MEMORY_64, MEMORY_64_PREFETCHABLE ->
                low & ~0xfL | (long) get(registers, register + 4, 4) << 32;
        };
    }

    /** Back to power-on values; BARs stop decoding and go back to where they were assigned. */
    public void reset() {
        synchronized (lock) {
            System.arraycopy(powerOn, 0, registers, 0, SIZE);
            updateBars();
        }
    }

    /** The state now. */
    public State save() {
        synchronized (lock) {
            return new State(new Bytes(registers.clone()));
        }
    }

    /** Takes over saved registers and maps the BARs as they say. */
    public void restore(State state) {
        byte[] saved = state.registers.values();
        if (saved.length != SIZE) {
            throw new IllegalArgumentException("saved configuration space has " + saved.length + " bytes, not " + SIZE);
        }
        synchronized (lock) {
            System.arraycopy(saved, 0, registers, 0, SIZE);
            updateBars();
        }
    }

    private static int get(byte[] from, int register, int width) {
        int value = 0;
        for (int i = 0; i < width; i++) {
            value |= (from[register + i] & 0xff) << 8 * i;
        }
        return value;
    }

    private void set(int register, int width, int value) {
        put(registers, register, width, value);
    }

    private void setWritable(int register, int width, int bits) {
        put(writable, register, width, bits);
    }

    private static void put(byte[] to, int register, int width, int value) {
        for (int i = 0; i < width; i++) {
            to[register + i] = (byte) (value >>> 8 * i);
        }
    }
}
