package dev.quoll.devices.time;

import dev.quoll.devices.Bytes;
import dev.quoll.devices.interrupt.InterruptOutput;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.GuestClock;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.TimerQueue;

/**
 * The MC146818 real-time clock and its battery-backed memory: offset 0 index (port 0x70), offset 1 data (port 0x71).
 * Source: Motorola MC146818A data sheet; the century byte at 0x32 is the PC's convention (ACPI FADT {@code CENTURY}).
 *
 * <p>The date is the guest wall clock plus an offset; setting the clock changes the offset. The clock stands while SET
 * (register B bit 7) or the divider reset (register A 11x) holds it. Flags in register C are worked out when something
 * looks: no timer runs unless an interrupt is enabled whose flag is still clear.
 *
 * <p>Threat: the index has 7 bits and so has the memory. The fastest interrupt is 8192 Hz and needs a read of register
 * C for each, so an inattentive guest gets one. Dates that do not exist carry over into ones that do.
 */
public final class CmosRtc implements Device<CmosRtc.State>, PortDevice {
    /** Ports the device takes. */
    public static final int PORTS = 2;
    /** How the ports are accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE;
    /** Index of the century byte. */
    public static final int CENTURY = 0x32;

    private static final int SIZE = 128;
    private static final long SECOND = 1_000_000_000L;
    /** UIP rises this long before the update, which takes 1984 us (data sheet, table 4: 32.768 kHz time base). */
    private static final long UPDATE_NANOS = 1_984_000 + 244_000;

    private static final int SECONDS = 0;
    private static final int MINUTES = 2;
    private static final int HOURS = 4;
    private static final int WEEKDAY = 6;
    private static final int DAY = 7;
    private static final int MONTH = 8;
    private static final int YEAR = 9;
    private static final int REGISTER_A = 10;
    private static final int REGISTER_B = 11;
    private static final int REGISTER_C = 12;
    private static final int REGISTER_D = 13;

    private static final int A_UPDATE_IN_PROGRESS = 0x80;
    private static final int A_POWER_ON = 0x26;
    private static final int B_SET = 0x80;
    private static final int B_PERIODIC = 0x40;
    private static final int B_ALARM = 0x20;
    private static final int B_UPDATE = 0x10;
    private static final int B_INTERRUPTS = B_PERIODIC | B_ALARM | B_UPDATE;
    private static final int B_BINARY = 0x04;
    private static final int B_24_HOURS = 0x02;
    private static final int C_ANY = 0x80;
    private static final int D_VALID = 0x80;
    private static final int ALARM_ANY = 0xc0;

    private final InterruptOutput interrupt;
    private final GuestClock clock;
    private final TimerQueue.Timer timer;
    private final Object lock = new Object();
    private final CalendarFields fields = new CalendarFields();
    private final byte[] memory = new byte[SIZE];
    private int index;
    /** Nanoseconds from the guest's wall clock to this clock. */
    private long offset;
    /** This clock's nanoseconds while it stands, unused otherwise. */
    private long heldAt;
    private boolean held;
    /** This clock's nanoseconds up to which flags have been worked out. */
    private long flagsUpTo;
    private int flags;

    /**
     * All guest-visible state.
     *
     * @param memory the 128 bytes; time registers are meaningful only while the clock is held
     * @param offset nanoseconds from the guest's wall clock to this clock
     * @param heldAt where the clock stands, in nanoseconds since 1970, when {@code held}
     * @param flags register C
     */
    public record State(Bytes memory, int index, long offset, boolean held, long heldAt, long flagsUpTo, int flags) {}

    /** @param line IRQ 8 */
    public CmosRtc(InterruptLine line, GuestClock clock, TimerQueue timers) {
        this.interrupt = new InterruptOutput(line);
        this.clock = clock;
        this.timer = timers.timer(this::onTimer);
        memory[REGISTER_A] = A_POWER_ON;
        memory[REGISTER_B] = B_24_HOURS;
        flagsUpTo = clock.wallNanos();
    }

    @Override
    public String name() {
        return "cmos-rtc";
    }

    /**
     * Sets a byte of the battery-backed memory as firmware would, before the guest runs.
     *
     * @param at 14 to 127, not the century byte
     */
    public void setMemory(int at, int value) {
        if (at <= REGISTER_D || at >= SIZE || at == CENTURY) {
            throw new IllegalArgumentException("CMOS byte 0x%x is not plain memory".formatted(at));
        }
        synchronized (lock) {
            memory[at] = (byte) value;
        }
    }

    @Override
    public int readPort(int offsetInRange, int width) {
        if (offsetInRange == 0) {
            // The index register cannot be read on a PC; the bus floats high.
            return 0xff;
        }
        int value;
        synchronized (lock) {
            value = read(index);
        }
        interrupt.drive();
        return value;
    }

    @Override
    public void writePort(int offsetInRange, int width, int value) {
        synchronized (lock) {
            if (offsetInRange == 0) {
                index = value & (SIZE - 1);
                return;
            }
            write(index, value & 0xff);
            schedule();
        }
        interrupt.drive();
    }

    private int read(int at) {
        switch (at) {
            case SECONDS, MINUTES, HOURS, WEEKDAY, DAY, MONTH, YEAR, CENTURY -> {
                if (held) {
                    return memory[at] & 0xff;
                }
                fields.set(Math.floorDiv(now(), SECOND));
                return timeRegister(at);
            }
            case REGISTER_A -> {
                boolean updating = !held && SECOND - Math.floorMod(now(), SECOND) <= UPDATE_NANOS;
                return memory[REGISTER_A] & 0x7f | (updating ? A_UPDATE_IN_PROGRESS : 0);
            }
            case REGISTER_C -> {
                workOutFlags();
                int value = flags;
                flags = 0;
                updateInterrupt();
                schedule();
                return value;
            }
            case REGISTER_D -> {
                return D_VALID;
            }
            default -> {
                return memory[at] & 0xff;
            }
        }
    }

    private void write(int at, int value) {
        workOutFlags();
        switch (at) {
            case SECONDS, MINUTES, HOURS, WEEKDAY, DAY, MONTH, YEAR, CENTURY -> {
                if (held) {
                    memory[at] = (byte) value;
                } else {
                    fillTimeRegisters();
                    memory[at] = (byte) value;
                    setClock(Math.floorMod(now(), SECOND));
                }
            }
            case REGISTER_A -> {
                memory[REGISTER_A] = (byte) (value & 0x7f);
                hold();
            }
            case REGISTER_B -> {
                int interrupts = (value & B_SET) != 0 ? value & ~B_UPDATE : value;
                memory[REGISTER_B] = (byte) interrupts;
                hold();
                updateInterrupt();
            }
            case REGISTER_C, REGISTER_D -> {
                // read-only
            }
            default -> memory[at] = (byte) value;
        }
    }

    /** Stops or starts the clock as registers A and B now say. */
    private void hold() {
        boolean dividerReset = (memory[REGISTER_A] & 0x60) == 0x60;
        boolean stand = dividerReset || (memory[REGISTER_B] & B_SET) != 0;
        if (stand && !held) {
            heldAt = now();
            fillTimeRegisters();
            held = true;
        } else if (!stand && held) {
            held = false;
            setClock(Math.floorMod(heldAt, SECOND));
        }
    }

    /** This clock's nanoseconds since 1970. */
    private long now() {
        return held ? heldAt : clock.wallNanos() + offset;
    }

    private void fillTimeRegisters() {
        fields.set(Math.floorDiv(now(), SECOND));
        memory[SECONDS] = (byte) timeRegister(SECONDS);
        memory[MINUTES] = (byte) timeRegister(MINUTES);
        memory[HOURS] = (byte) timeRegister(HOURS);
        memory[WEEKDAY] = (byte) timeRegister(WEEKDAY);
        memory[DAY] = (byte) timeRegister(DAY);
        memory[MONTH] = (byte) timeRegister(MONTH);
        memory[YEAR] = (byte) timeRegister(YEAR);
        memory[CENTURY] = (byte) timeRegister(CENTURY);
    }

    /** Makes the clock show the date in the registers. */
    private void setClock(long nanosOfSecond) {
        fields.second = decode(memory[SECONDS]);
        fields.minute = decode(memory[MINUTES]);
        fields.hour = decodeHour(memory[HOURS] & 0xff);
        fields.day = decode(memory[DAY]);
        fields.month = decode(memory[MONTH]);
        fields.year = decode(memory[CENTURY]) * 100 + decode(memory[YEAR]);
        long target = fields.epochSecond() * SECOND + nanosOfSecond;
        offset = target - clock.wallNanos();
        flagsUpTo = target;
    }

    private int timeRegister(int at) {
        return switch (at) {
            case SECONDS -> encode(fields.second);
            case MINUTES -> encode(fields.minute);
            case HOURS -> encodeHour(fields.hour);
            case WEEKDAY -> encode(fields.weekday);
            case DAY -> encode(fields.day);
            case MONTH -> encode(fields.month);
            case YEAR -> encode(Math.floorMod(fields.year, 100));
            default -> encode(Math.floorMod(Math.floorDiv(fields.year, 100), 100));
        };
    }

    private boolean binary() {
        return (memory[REGISTER_B] & B_BINARY) != 0;
    }

    private int encode(int value) {
        return binary() ? value : value / 10 << 4 | value % 10;
    }

    private int decode(int register) {
        int value = register & 0xff;
        return binary() ? value : (value >>> 4) * 10 + (value & 0xf);
    }

    /** In 12-hour mode bit 7 is PM and midnight is 12. */
    private int encodeHour(int hour) {
        if ((memory[REGISTER_B] & B_24_HOURS) != 0) {
            return encode(hour);
        }
        return encode((hour + 11) % 12 + 1) | (hour >= 12 ? 0x80 : 0);
    }

    private int decodeHour(int register) {
        if ((memory[REGISTER_B] & B_24_HOURS) != 0) {
            return decode(register);
        }
        return decode(register & 0x7f) % 12 + (register & 0x80) / 0x80 * 12;
    }

    /** Nanoseconds between periodic events, 0 when there are none (data sheet, table 5). */
    private long periodNanos() {
        int rate = memory[REGISTER_A] & 0xf;
        if (rate == 0 || held) {
            return 0;
        }
        int shift = rate <= 2 ? rate + 6 : rate - 1;
        return (1L << shift) * SECOND / 32_768;
    }

    private void workOutFlags() {
        long now = now();
        long from = flagsUpTo;
        flagsUpTo = now;
        if (held || now <= from) {
            return;
        }
        long period = periodNanos();
        if (period != 0 && now / period != from / period) {
            flags |= B_PERIODIC;
        }
        long second = Math.floorDiv(now, SECOND);
        long firstSecond = Math.floorDiv(from, SECOND) + 1;
        if (firstSecond <= second) {
            flags |= B_UPDATE;
            if (alarmWithin(firstSecond, second)) {
                flags |= B_ALARM;
            }
        }
        updateInterrupt();
    }

    /** An alarm matches at most once a day for a given time, so a day's worth of seconds decides for any span. */
    private boolean alarmWithin(long first, long last) {
        if (last - first >= CalendarFields.SECONDS_PER_DAY) {
            return nextAlarm(0) >= 0;
        }
        long match = nextAlarm((int) Math.floorMod(first, CalendarFields.SECONDS_PER_DAY));
        return match >= 0 && match <= last - first;
    }

    /**
     * Seconds from a second of the day to the next one that the alarm registers match, -1 when none does. Each register
     * names one value or, with both top bits set, any.
     */
    private long nextAlarm(int secondOfDay) {
        int alarmSecond = memory[SECONDS + 1] & 0xff;
        int alarmMinute = memory[MINUTES + 1] & 0xff;
        int alarmHour = memory[HOURS + 1] & 0xff;
        int startHour = secondOfDay / 3600;
        int startMinute = secondOfDay / 60 % 60;
        for (int i = 0; i <= 24; i++) {
            int hour = (startHour + i) % 24;
            if (!matches(alarmHour, encodeHour(hour))) {
                continue;
            }
            for (int minute = i == 0 ? startMinute : 0; minute < 60; minute++) {
                if (!matches(alarmMinute, encode(minute))) {
                    continue;
                }
                boolean startsHere = i == 0 && minute == startMinute;
                for (int second = startsHere ? secondOfDay % 60 : 0; second < 60; second++) {
                    if (matches(alarmSecond, encode(second))) {
                        return (startHour + i) * 3600L + minute * 60L + second - secondOfDay;
                    }
                }
            }
        }
        return -1;
    }

    private static boolean matches(int alarm, int register) {
        return (alarm & ALARM_ANY) == ALARM_ANY || alarm == register;
    }

    private void updateInterrupt() {
        boolean high = (flags & memory[REGISTER_B] & B_INTERRUPTS) != 0;
        flags = high ? flags | C_ANY : flags & ~C_ANY;
        interrupt.want(high);
    }

    /** Arms the timer for the nearest event that would raise an interrupt not yet pending. */
    private void schedule() {
        int waiting = memory[REGISTER_B] & B_INTERRUPTS & ~flags;
        if (waiting == 0 || held || (flags & C_ANY) != 0) {
            timer.cancel();
            return;
        }
        long now = now();
        long next = Long.MAX_VALUE;
        long period = periodNanos();
        if ((waiting & B_PERIODIC) != 0 && period != 0) {
            next = (Math.floorDiv(now, period) + 1) * period;
        }
        long nextSecond = Math.floorDiv(now, SECOND) + 1;
        if ((waiting & B_UPDATE) != 0) {
            next = Math.min(next, nextSecond * SECOND);
        }
        if ((waiting & B_ALARM) != 0) {
            long wait = nextAlarm((int) Math.floorMod(nextSecond, CalendarFields.SECONDS_PER_DAY));
            if (wait >= 0) {
                next = Math.min(next, (nextSecond + wait) * SECOND);
            }
        }
        if (next == Long.MAX_VALUE) {
            timer.cancel();
        } else {
            timer.arm(clock.nanos() + next - now);
        }
    }

    private void onTimer() {
        synchronized (lock) {
            workOutFlags();
            schedule();
        }
        interrupt.drive();
    }

    /** Interrupts off and flags clear; the date, the memory and the modes live on their battery. */
    @Override
    public void reset() {
        synchronized (lock) {
            memory[REGISTER_B] &= ~B_INTERRUPTS;
            index = 0;
            flagsUpTo = now();
            flags = 0;
            updateInterrupt();
            timer.cancel();
        }
        interrupt.drive();
    }

    @Override
    public State save() {
        synchronized (lock) {
            workOutFlags();
            return new State(new Bytes(memory.clone()), index, offset, held, heldAt, flagsUpTo, flags);
        }
    }

    @Override
    public void restore(State state) {
        boolean high;
        synchronized (lock) {
            byte[] saved = state.memory.values();
            if (saved.length != SIZE) {
                throw new IllegalArgumentException("saved CMOS memory has " + saved.length + " bytes, not " + SIZE);
            }
            System.arraycopy(saved, 0, memory, 0, SIZE);
            index = state.index & (SIZE - 1);
            offset = state.offset;
            held = state.held;
            heldAt = state.heldAt;
            flagsUpTo = state.flagsUpTo;
            flags = state.flags & 0xf0;
            updateInterrupt();
            schedule();
            high = interrupt.wanted();
        }
        interrupt.force(high);
    }
}
