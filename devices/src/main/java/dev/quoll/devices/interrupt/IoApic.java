package dev.quoll.devices.interrupt;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.EoiListener;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.MmioDevice;
import dev.quoll.machine.MsiSink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The I/O APIC: 24 redirection entries, version 0x20 with an EOI register. Sources: Intel 82093AA data sheet (register
 * tables, chapter 3.2) and the ICH9 data sheet, 13.5, for the EOI register. A line's level is its being asserted; the
 * polarity bit is kept but does not invert it.
 *
 * <p>Edges that come while an entry is masked are not kept (82093AA, 3.2.4, "Interrupt Mask"). A level entry sends
 * once, sets remote IRR, and sends again after EOI if the line is still high. Messages to the local APICs go out after
 * the device's lock is free; ExtINT, NMI, SMI and INIT entries are forwarded as edges.
 *
 * <p>Threat: an EOI re-sends each level entry at most once, so a line left high costs one message for each EOI that the
 * guest makes; the pin count is fixed.
 */
public final class IoApic implements Device<IoApic.State>, MmioDevice, EoiListener {
    /** Interrupt inputs. */
    public static final int PINS = 24;
    /** Bytes of MMIO the device takes. */
    public static final int LENGTH = 0x1000;
    /** How the registers are accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.DWORD;

    private static final int SELECT = 0x00;
    private static final int WINDOW = 0x10;
    private static final int EOI = 0x40;
    private static final int VERSION = 0x20 | PINS - 1 << 16;
    private static final int FIRST_ENTRY = 0x10;

    private static final long DELIVERY_STATUS = 1L << 12;
    private static final long REMOTE_IRR = 1L << 14;
    private static final long LEVEL = 1L << 15;
    private static final long MASKED = 1L << 16;
    private static final long WRITABLE = 0xff00_0000_0001_ffffL & ~(DELIVERY_STATUS | REMOTE_IRR);
    private static final int LOWEST_PRIORITY = 1;

    private static final long MSI_BASE = 0xfee0_0000L;
    private static final int NO_MESSAGE = -1;

    private final MsiSink sink;
    private final Object lock = new Object();
    private final long[] entries = new long[PINS];
    private final InterruptLine[] pins = new InterruptLine[PINS];
    private int select;
    private int id;
    /** One bit a pin: the line is asserted. */
    private int levels;

    /** All guest-visible state. @param levels one bit a pin: the line is asserted */
    public record State(int select, int id, int levels, List<Long> entries) {
        public State {
            entries = List.copyOf(entries);
        }
    }

    /** @param sink the local APICs */
    public IoApic(MsiSink sink) {
        this.sink = sink;
        for (int i = 0; i < PINS; i++) {
            int pin = i;
            pins[i] = level -> setLevel(pin, level);
        }
        Arrays.fill(entries, MASKED);
    }

    @Override
    public String name() {
        return "ioapic";
    }

    /** The input wire of a pin, 0-23. One driver a wire; sharing is the board's business. */
    public InterruptLine pin(int pin) {
        return pins[pin];
    }

    private void setLevel(int pin, boolean high) {
        long message = NO_MESSAGE;
        synchronized (lock) {
            int bit = 1 << pin;
            boolean was = (levels & bit) != 0;
            if (was == high) {
                return;
            }
            levels ^= bit;
            if (high) {
                message = send(pin);
            }
        }
        signal(message);
    }

    /** The message this pin owes the local APICs now, or NO_MESSAGE: data in bits 15:0, address above. */
    private long send(int pin) {
        long entry = entries[pin];
        if ((entry & MASKED) != 0) {
            return NO_MESSAGE;
        }
        int mode = (int) (entry >>> 8) & 7;
        boolean level = (entry & LEVEL) != 0 && mode <= LOWEST_PRIORITY;
        if (level) {
            if ((entry & REMOTE_IRR) != 0) {
                return NO_MESSAGE;
            }
            entries[pin] = entry | REMOTE_IRR;
        }
        long address = MSI_BASE | (entry >>> 56) << 12 | (entry >>> 11 & 1) << 2;
        // Lowest priority needs the redirection hint (SDM vol. 3, 12.11.1) to reach one of several CPUs.
        address |= mode == LOWEST_PRIORITY ? 8 : 0;
        int data = (int) entry & 0x7ff | (level ? 0xc000 : 0);
        return address << 16 | data;
    }

    private void signal(long message) {
        if (message != NO_MESSAGE) {
            sink.signal(message >>> 16, (int) message & 0xffff);
        }
    }

    @Override
    public void endOfInterrupt(int vector) {
        for (int pin = 0; pin < PINS; pin++) {
            long message = NO_MESSAGE;
            synchronized (lock) {
                long entry = entries[pin];
                if ((entry & (REMOTE_IRR | LEVEL)) == (REMOTE_IRR | LEVEL) && (entry & 0xff) == vector) {
                    entries[pin] = entry & ~REMOTE_IRR;
                    if ((levels >>> pin & 1) != 0) {
                        message = send(pin);
                    }
                }
            }
            signal(message);
        }
    }

    @Override
    public long readMmio(long offset, int width) {
        synchronized (lock) {
            return switch ((int) offset) {
                case SELECT -> select;
                case WINDOW -> readRegister();
                default -> 0;
            };
        }
    }

    private long readRegister() {
        int entry = select - FIRST_ENTRY >> 1;
        if (select >= FIRST_ENTRY && entry < PINS) {
            return (select & 1) == 0 ? entries[entry] & 0xffff_ffffL : entries[entry] >>> 32;
        }
        return switch (select) {
            case 0, 2 -> (long) id << 24;
            case 1 -> VERSION;
            default -> 0;
        };
    }

    @Override
    public void writeMmio(long offset, int width, long value) {
        if (offset == EOI) {
            endOfInterrupt((int) value & 0xff);
            return;
        }
        long message = NO_MESSAGE;
        synchronized (lock) {
            if (offset == SELECT) {
                select = (int) value & 0xff;
            } else if (offset == WINDOW) {
                message = writeRegister(value);
            }
        }
        signal(message);
    }

    private long writeRegister(long value) {
        int pin = select - FIRST_ENTRY >> 1;
        if (select == 0) {
            id = (int) (value >>> 24) & 0xf;
        }
        if (select < FIRST_ENTRY || pin >= PINS) {
            return NO_MESSAGE;
        }
        long old = entries[pin];
        long written = (select & 1) == 0
                ? old & ~0xffff_ffffL | value & 0xffff_ffffL
                : old & 0xffff_ffffL | value << 32;
        long entry = written & WRITABLE | old & REMOTE_IRR;
        if ((entry & LEVEL) == 0) {
            // Kernels switch an entry to edge and back to clear a stuck remote IRR.
            entry &= ~REMOTE_IRR;
        }
        entries[pin] = entry;
        boolean waiting = (entry & LEVEL) != 0 && (levels >>> pin & 1) != 0;
        return waiting ? send(pin) : NO_MESSAGE;
    }

    @Override
    public void reset() {
        synchronized (lock) {
            Arrays.fill(entries, MASKED);
            select = 0;
            id = 0;
        }
    }

    @Override
    public State save() {
        synchronized (lock) {
            List<Long> saved = new ArrayList<>(PINS);
            for (long entry : entries) {
                saved.add(entry);
            }
            return new State(select, id, levels, saved);
        }
    }

    @Override
    public void restore(State state) {
        if (state.entries.size() != PINS) {
            throw new IllegalArgumentException("saved I/O APIC has " + state.entries.size() + " entries, not " + PINS);
        }
        synchronized (lock) {
            select = state.select & 0xff;
            id = state.id & 0xf;
            levels = state.levels & (1 << PINS) - 1;
            for (int i = 0; i < PINS; i++) {
                entries[i] = state.entries.get(i) & (WRITABLE | REMOTE_IRR);
            }
        }
    }
}
