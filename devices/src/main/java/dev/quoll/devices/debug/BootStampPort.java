package dev.quoll.devices.debug;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.GuestClock;
import dev.quoll.machine.PortDevice;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Port 0x80, the POST code latch: reads give the last code back, and the host learns the guest time at which each code
 * came first. Kernels also write here as an I/O delay, so a write costs one comparison after the first.
 *
 * <p>Threat: the table has one entry for each of the 256 codes.
 */
public final class BootStampPort implements Device<BootStampPort.State>, PortDevice {
    /** How the port is accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE;

    private static final long NEVER = -1;

    private final GuestClock clock;
    private final AtomicLongArray firstSeen = new AtomicLongArray(256);
    private volatile int last;

    /** The latch; stamps are the host's and stay out of snapshots. */
    public record State(int last) {}

    public BootStampPort(GuestClock clock) {
        this.clock = clock;
        reset();
    }

    @Override
    public String name() {
        return "boot-stamp";
    }

    /** Guest nanoseconds at which the code (0-255) was first written since the last reset, -1 when it was not. */
    public long firstNanosOf(int code) {
        return firstSeen.get(code);
    }

    @Override
    public int readPort(int offset, int width) {
        return last;
    }

    @Override
    public void writePort(int offset, int width, int value) {
        int code = value & 0xff;
        last = code;
        if (firstSeen.get(code) == NEVER) {
            firstSeen.compareAndSet(code, NEVER, clock.nanos());
        }
    }

    @Override
    public void reset() {
        last = 0;
        for (int i = 0; i < firstSeen.length(); i++) {
            firstSeen.set(i, NEVER);
        }
    }

    @Override
    public State save() {
        return new State(last);
    }

    @Override
    public void restore(State state) {
        last = state.last & 0xff;
    }
}
