package dev.quoll.devices.time;

/**
 * One counter of an 8254 in ticks of its 1.193182 MHz input; time is handed in. Source: Intel 8254 data sheet (231164).
 * Not thread safe: {@link Pit8254} holds the lock.
 *
 * <p>The counter is not stepped: what it shows at a tick follows from when it was loaded. Loading takes effect at the
 * tick of the write, where the part takes one clock more.
 */
final class PitChannel {
    static final long NEVER = Long.MAX_VALUE;

    private static final int ACCESS_LOW = 1;
    private static final int ACCESS_HIGH = 2;
    private static final int ACCESS_BOTH = 3;
    private static final int STATUS_OUT = 0x80;
    private static final int STATUS_NULL = 0x40;

    private int mode;
    private boolean bcd;
    private int access;
    /** The counting period in ticks, 1-65536 (1-10000 in BCD). */
    private long reload;
    /** A period written while modes 2 and 3 were counting; it starts with the next period. 0 = none. */
    private long nextReload;
    /** The tick at which the running count began; meaningful while {@link #counting}. */
    private long start;
    /** Counting has been started since the mode was set. */
    private boolean counting;
    /** A count was written and waits for a gate trigger (modes 1 and 5). */
    private boolean waitsForTrigger;
    private boolean gate;
    /** Ticks counted when the gate stopped the count, -1 while it runs. */
    private long stoppedAfter = -1;
    private boolean writeHigh;
    private int writtenLow;
    private boolean readHigh;
    /** Latched count with a marker bit above it, 0 when none is. */
    private int latchedCount;
    /** Latched status with a marker bit above it, 0 when none is. */
    private int latchedStatus;

    PitChannel(boolean gate) {
        powerOn(gate);
    }

    void powerOn(boolean gateLevel) {
        mode = 0;
        bcd = false;
        access = ACCESS_BOTH;
        reload = 0x10000;
        gate = gateLevel;
        stop();
        writeHigh = false;
        writtenLow = 0;
        readHigh = false;
        latchedCount = 0;
        latchedStatus = 0;
    }

    private void stop() {
        nextReload = 0;
        start = 0;
        counting = false;
        waitsForTrigger = false;
        stoppedAfter = -1;
    }

    /** A control word for this counter that is no latch command. */
    void control(int word) {
        access = word >>> 4 & 3;
        mode = word >>> 1 & 7;
        if (mode > 5) {
            mode &= 3;
        }
        bcd = (word & 1) != 0;
        writeHigh = false;
        readHigh = false;
        latchedCount = 0;
        latchedStatus = 0;
        stop();
    }

    void write(int value, long now) {
        switch (access) {
            case ACCESS_LOW -> load(value, now);
            case ACCESS_HIGH -> load(value << 8, now);
            default -> {
                if (!writeHigh) {
                    writtenLow = value;
                    if (mode == 0) {
                        // The first byte of two stops a mode 0 count and sets OUT low (data sheet, "Mode 0").
                        stop();
                    }
                } else {
                    load(writtenLow | value << 8, now);
                }
                writeHigh = !writeHigh;
            }
        }
    }

    private void load(int register, long now) {
        long period = bcd ? fromBcd(register) : register;
        if (period == 0) {
            period = bcd ? 10_000 : 0x10000;
        }
        if ((mode == 2 || mode == 3) && counting) {
            sync(now);
            nextReload = period;
            return;
        }
        reload = period;
        switch (mode) {
            case 1, 5 -> waitsForTrigger = true;
            default -> begin(now);
        }
    }

    private void begin(long now) {
        start = now;
        counting = true;
        waitsForTrigger = false;
        stoppedAfter = gate || mode == 1 || mode == 5 ? -1 : 0;
    }

    void setGate(boolean level, long now) {
        if (level == gate) {
            return;
        }
        sync(now);
        gate = level;
        boolean trigger = mode == 1 || mode == 5;
        if (level) {
            if (trigger) {
                if (waitsForTrigger || counting) {
                    begin(now);
                }
            } else if (counting) {
                // Modes 2 and 3 start over with the gate's rise, 0 and 4 go on.
                start = mode == 2 || mode == 3 ? now : now - Math.max(stoppedAfter, 0);
                stoppedAfter = -1;
            }
        } else if (!trigger && counting) {
            stoppedAfter = now - start;
        }
    }

    boolean gate() {
        return gate;
    }

    private long elapsed(long now) {
        return stoppedAfter >= 0 ? stoppedAfter : now - start;
    }

    /** Lets a period written during modes 2 and 3 take effect when the running one has ended. */
    private void sync(long now) {
        if (nextReload != 0 && counting && stoppedAfter < 0 && now - start >= reload) {
            start += reload;
            reload = nextReload;
            nextReload = 0;
        }
    }

    /** The OUT pin. */
    boolean out(long now) {
        sync(now);
        if (!counting) {
            return mode != 0;
        }
        long elapsed = elapsed(now);
        return switch (mode) {
            case 0, 1 -> elapsed >= reload;
            case 2 -> !running() || elapsed % reload != reload - 1;
            case 3 -> !running() || elapsed % reload < (reload + 1) / 2;
            default -> elapsed != reload;
        };
    }

    /** Modes 2 and 3 hold OUT high while the gate is low. */
    private boolean running() {
        return stoppedAfter < 0;
    }

    private int count(long now) {
        sync(now);
        long modulus = bcd ? 10_000 : 0x10000;
        long value;
        if (!counting) {
            value = reload;
        } else {
            long elapsed = elapsed(now);
            value = switch (mode) {
                case 2 -> reload - elapsed % reload;
                // The square wave counts down by two, twice a period (data sheet, "Mode 3").
                case 3 -> {
                    long half = (reload + 1) / 2;
                    long in = elapsed % reload;
                    yield (reload & ~1L) - 2 * (in < half ? in : in - half);
                }
                default -> reload - elapsed;
            };
        }
        int binary = (int) Math.floorMod(value, modulus);
        return bcd ? toBcd(binary) : binary;
    }

    int read(long now) {
        if (latchedStatus != 0) {
            int status = latchedStatus & 0xff;
            latchedStatus = 0;
            return status;
        }
        int value = latchedCount != 0 ? latchedCount & 0xffff : count(now);
        boolean high = access == ACCESS_HIGH || access == ACCESS_BOTH && readHigh;
        if (access == ACCESS_BOTH) {
            readHigh = !readHigh;
        }
        if (access != ACCESS_BOTH || high) {
            latchedCount = 0;
        }
        return high ? value >>> 8 : value & 0xff;
    }

    /** A counter latch command; a latched count stays until it is read. */
    void latchCount(long now) {
        if (latchedCount == 0) {
            latchedCount = 0x10000 | count(now);
        }
    }

    void latchStatus(long now) {
        if (latchedStatus == 0) {
            sync(now);
            boolean notLoaded = !counting || waitsForTrigger || nextReload != 0;
            latchedStatus = 0x100
                    | (out(now) ? STATUS_OUT : 0)
                    | (notLoaded ? STATUS_NULL : 0)
                    | access << 4
                    | mode << 1
                    | (bcd ? 1 : 0);
        }
    }

    /** The first tick after {@code now} at which OUT rises, or NEVER. */
    long nextRise(long now) {
        sync(now);
        if (!counting || stoppedAfter >= 0) {
            return NEVER;
        }
        long elapsed = now - start;
        return switch (mode) {
            case 0, 1 -> elapsed < reload ? start + reload : NEVER;
            case 2, 3 -> start + (elapsed / reload + 1) * reload;
            default -> elapsed <= reload ? start + reload + 1 : NEVER;
        };
    }

    private static int fromBcd(int value) {
        return (value >>> 12 & 0xf) * 1000 + (value >>> 8 & 0xf) * 100 + (value >>> 4 & 0xf) * 10 + (value & 0xf);
    }

    private static int toBcd(int value) {
        return value / 1000 % 10 << 12 | value / 100 % 10 << 8 | value / 10 % 10 << 4 | value % 10;
    }

    Pit8254.Channel save(long now) {
        sync(now);
        int flags = bit(0, bcd)
                | bit(1, counting)
                | bit(2, waitsForTrigger)
                | bit(3, gate)
                | bit(4, writeHigh)
                | bit(5, readHigh);
        return new Pit8254.Channel(
                mode, access, flags, reload, nextReload, start, stoppedAfter, writtenLow, latchedCount, latchedStatus);
    }

    private static int bit(int number, boolean set) {
        return set ? 1 << number : 0;
    }

    void restore(Pit8254.Channel channel) {
        if (channel.reload() < 1
                || channel.reload() > 0x10000
                || channel.nextReload() < 0
                || channel.nextReload() > 0x10000
                || channel.mode() < 0
                || channel.mode() > 5) {
            throw new IllegalArgumentException("saved PIT channel is out of range: " + channel);
        }
        mode = channel.mode();
        access = channel.access() & 3;
        bcd = (channel.flags() & 1) != 0;
        counting = (channel.flags() & 2) != 0;
        waitsForTrigger = (channel.flags() & 4) != 0;
        gate = (channel.flags() & 8) != 0;
        writeHigh = (channel.flags() & 0x10) != 0;
        readHigh = (channel.flags() & 0x20) != 0;
        reload = channel.reload();
        nextReload = channel.nextReload();
        start = channel.start();
        stoppedAfter = channel.stoppedAfter();
        writtenLow = channel.writtenLow() & 0xff;
        latchedCount = channel.latchedCount();
        latchedStatus = channel.latchedStatus();
    }
}
