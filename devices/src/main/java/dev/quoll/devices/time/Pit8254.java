package dev.quoll.devices.time;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.GuestClock;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.TimerQueue;

/**
 * The 8254 interval timer at ports 0x40-0x43 with the PC's port 0x61 beside it ({@link #systemControl}). Source: Intel
 * 8254 data sheet; for port 0x61 the ICH9 data sheet, 13.7.1. Channel 0 drives IRQ 0, channel 2 the speaker, whose tone
 * goes nowhere.
 *
 * <p>Counts are worked out from the guest clock when they are read. IRQ 0 gets a low-to-high edge for each rise of OUT.
 * Rises missed while the host was late or the machine paused are merged into one: there is no storm of lost ticks.
 *
 * <p>Threat: a period of a few ticks would ask the host for 600,000 timer callbacks a second; edges come at most every
 * {@value #SHORTEST_TICK_NANOS} ns. No loop depends on a count.
 */
public final class Pit8254 implements Device<Pit8254.State>, PortDevice {
    /** Ports the counters and the control word take. */
    public static final int PORTS = 4;
    /** How the ports are accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE;
    /** Input clock of all three channels. */
    public static final long HZ = 1_193_182;

    /** Shortest time between two interrupts. */
    private static final long SHORTEST_TICK_NANOS = 50_000;
    /** The refresh request bit of port 0x61 changes this often. */
    private static final long REFRESH_NANOS = 15_085;

    private static final int CONTROL = 3;
    private static final int READ_BACK = 3;
    private static final int SPEAKER_GATE = 1;
    private static final int SPEAKER_DATA = 2;
    private static final int SYSTEM_CONTROL_BITS = 0xf;

    private final InterruptLine irq;
    private final GuestClock clock;
    private final TimerQueue.Timer timer;
    private final Object lock = new Object();
    /** Serialises the driving of the wire, so that levels reach it in the order they were decided. */
    private final Object wire = new Object();

    private final PitChannel[] channels = {new PitChannel(true), new PitChannel(true), new PitChannel(false)};
    private int systemControl;
    /** The tick the timer is armed for. */
    private long rise = PitChannel.NEVER;
    /** Guest nanoseconds of the last interrupt. */
    private long lastEdge = -SHORTEST_TICK_NANOS;
    /** OUT of channel 0 as last driven. */
    private boolean irqLevel;

    /**
     * One channel.
     *
     * @param access 1 low byte, 2 high byte, 3 both
     * @param flags bit 0 BCD, 1 counting, 2 waits for its gate, 3 gate, 4 high byte written next, 5 high byte read next
     * @param reload period in ticks
     * @param nextReload period that follows the running one, 0 when there is none
     * @param start guest tick at which the running count began
     * @param stoppedAfter ticks counted when the gate stopped it, -1 while it runs
     * @param latchedCount bit 16 set when one is latched
     * @param latchedStatus bit 8 set when one is latched
     */
    public record Channel(
            int mode,
            int access,
            int flags,
            long reload,
            long nextReload,
            long start,
            long stoppedAfter,
            int writtenLow,
            int latchedCount,
            int latchedStatus) {}

    /** @param systemControl writable bits of port 0x61 @param irqLevel the IRQ 0 wire */
    public record State(Channel channel0, Channel channel1, Channel channel2, int systemControl, boolean irqLevel) {}

    /** @param irq IRQ 0 */
    public Pit8254(InterruptLine irq, GuestClock clock, TimerQueue timers) {
        this.irq = irq;
        this.clock = clock;
        this.timer = timers.timer(this::onTimer);
    }

    @Override
    public String name() {
        return "pit";
    }

    private long now() {
        return Ticks.at(clock.nanos(), HZ);
    }

    @Override
    public int readPort(int offset, int width) {
        synchronized (lock) {
            return offset == CONTROL ? 0xff : channels[offset].read(now());
        }
    }

    @Override
    public void writePort(int offset, int width, int value) {
        synchronized (lock) {
            if (offset == CONTROL) {
                control(value & 0xff);
            } else {
                channels[offset].write(value & 0xff, now());
            }
            schedule();
        }
        driveLevel();
    }

    private void control(int word) {
        int channel = word >>> 6;
        if (channel == READ_BACK) {
            // Bits 5 and 4 are active low: latch the count, latch the status (data sheet, "Read-Back Command").
            for (int i = 0; i < channels.length; i++) {
                if ((word >>> i + 1 & 1) != 0) {
                    if ((word & 0x20) == 0) {
                        channels[i].latchCount(now());
                    }
                    if ((word & 0x10) == 0) {
                        channels[i].latchStatus(now());
                    }
                }
            }
        } else if ((word & 0x30) == 0) {
            channels[channel].latchCount(now());
        } else {
            channels[channel].control(word);
        }
    }

    /** Port 0x61: gate of channel 2, speaker enable, refresh toggle in bit 4 and OUT of channel 2 in bit 5. */
    public PortDevice systemControl() {
        return new PortDevice() {
            @Override
            public int readPort(int offset, int width) {
                synchronized (lock) {
                    long nanos = clock.nanos();
                    return systemControl
                            | (int) (nanos / REFRESH_NANOS & 1) << 4
                            | (channels[2].out(Ticks.at(nanos, HZ)) ? 0x20 : 0);
                }
            }

            @Override
            public void writePort(int offset, int width, int value) {
                synchronized (lock) {
                    systemControl = value & SYSTEM_CONTROL_BITS;
                    channels[2].setGate((value & SPEAKER_GATE) != 0, now());
                }
            }
        };
    }

    /** Whether the guest has the speaker on. */
    public boolean speakerOn() {
        synchronized (lock) {
            return (systemControl & SPEAKER_DATA) != 0;
        }
    }

    private void schedule() {
        rise = channels[0].nextRise(now());
        if (rise == PitChannel.NEVER) {
            timer.cancel();
        } else {
            timer.arm(Math.max(Ticks.nanosAt(rise, HZ), lastEdge + SHORTEST_TICK_NANOS));
        }
    }

    private void onTimer() {
        synchronized (lock) {
            // A write may have changed the count after this callback had become due.
            if (now() < rise) {
                return;
            }
            lastEdge = clock.nanos();
            schedule();
        }
        synchronized (wire) {
            irqLevel = true;
            irq.setLevel(false);
            irq.setLevel(true);
        }
    }

    /** Brings the wire to OUT after a register write; a new mode may have lowered or raised it. */
    private void driveLevel() {
        synchronized (wire) {
            boolean level;
            synchronized (lock) {
                level = channels[0].out(now());
            }
            if (level != irqLevel) {
                irqLevel = level;
                irq.setLevel(level);
            }
        }
    }

    @Override
    public void reset() {
        synchronized (lock) {
            for (int i = 0; i < channels.length; i++) {
                channels[i].powerOn(i != 2);
            }
            systemControl = 0;
            rise = PitChannel.NEVER;
            lastEdge = -SHORTEST_TICK_NANOS;
            timer.cancel();
        }
        driveLevel();
    }

    @Override
    public State save() {
        synchronized (wire) {
            synchronized (lock) {
                long now = now();
                return new State(
                        channels[0].save(now), channels[1].save(now), channels[2].save(now), systemControl, irqLevel);
            }
        }
    }

    @Override
    public void restore(State state) {
        synchronized (wire) {
            synchronized (lock) {
                channels[0].restore(state.channel0);
                channels[1].restore(state.channel1);
                channels[2].restore(state.channel2);
                systemControl = state.systemControl & SYSTEM_CONTROL_BITS;
                lastEdge = clock.nanos() - SHORTEST_TICK_NANOS;
                schedule();
            }
            irqLevel = state.irqLevel;
            irq.setLevel(irqLevel);
        }
    }
}
