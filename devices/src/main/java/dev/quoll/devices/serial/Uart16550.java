package dev.quoll.devices.serial;

import dev.quoll.devices.Bytes;
import dev.quoll.devices.interrupt.InterruptOutput;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.GuestClock;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.TimerQueue;

/**
 * A 16550A UART: eight byte-wide ports. Source: National Semiconductor PC16550D data sheet (register tables and chapter
 * 8); loop-back and interrupt priorities as there.
 *
 * <p>Bytes leave at once, so the transmitter is empty again before the guest looks, unless the host end is full; then
 * they wait in the 16-byte transmit FIFO and THRE stays low until the host has room. The modem lines read as connected.
 * Unlike on a PC/AT card, OUT2 does not gate the interrupt output.
 *
 * <p>Input comes from any thread through {@link #feed}; a full receiver takes less than offered and the listener set
 * with {@link #whenReceiverReady} hears when the guest has made room, so no input is lost to overrun.
 *
 * <p>Threat: both FIFOs are fixed at 16 entries; a guest that writes into a full transmitter loses its own byte, as on
 * the real part. The only timer is the receive time-out, armed at most once for each byte fed or read, not sooner than
 * 4 character times.
 */
public final class Uart16550 implements Device<Uart16550.State>, PortDevice {
    /** Ports the device takes. */
    public static final int PORTS = 8;
    /** How the ports are accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE;

    private static final int FIFO_SIZE = 16;
    private static final int[] TRIGGER_LEVELS = {1, 4, 8, 14};
    private static final long CLOCK_HZ = 1_843_200;

    private static final int IER_RECEIVED = 1;
    private static final int IER_TRANSMIT_EMPTY = 2;
    private static final int IER_LINE_STATUS = 4;
    private static final int IER_MODEM_STATUS = 8;

    private static final int IIR_NONE = 1;
    private static final int IIR_MODEM_STATUS = 0;
    private static final int IIR_TRANSMIT_EMPTY = 2;
    private static final int IIR_RECEIVED = 4;
    private static final int IIR_LINE_STATUS = 6;
    private static final int IIR_TIMEOUT = 0xc;
    private static final int IIR_FIFOS = 0xc0;

    private static final int FCR_ENABLE = 1;
    private static final int FCR_CLEAR_RECEIVER = 2;
    private static final int FCR_CLEAR_TRANSMITTER = 4;
    private static final int FCR_KEPT = 0xc9;

    private static final int LCR_DLAB = 0x80;

    private static final int MCR_LOOP = 0x10;
    private static final int MCR_BITS = 0x1f;

    private static final int LSR_DATA_READY = 1;
    private static final int LSR_OVERRUN = 2;
    private static final int LSR_BREAK = 0x10;
    private static final int LSR_ERRORS = 0x1e;
    private static final int LSR_EMPTY = 0x60;
    private static final int LSR_FIFO_ERROR = 0x80;

    private static final int MSR_CTS = 0x10;
    private static final int MSR_DSR = 0x20;
    private static final int MSR_RI = 0x40;
    private static final int MSR_DCD = 0x80;
    private static final int MSR_CONNECTED = MSR_CTS | MSR_DSR | MSR_DCD;
    private static final int MSR_DELTAS = 0xf;

    /** A break travels through the receive FIFO as a zero byte with its LSR bit in the upper half. */
    private static final int BREAK_ENTRY = LSR_BREAK << 8;

    private final String name;
    private final InterruptOutput interrupt;
    private final SerialOutput output;
    private final GuestClock clock;
    private final TimerQueue.Timer timeout;
    private final Object lock = new Object();

    private final ByteFifo receiver = new ByteFifo(FIFO_SIZE);
    private final ByteFifo transmitter = new ByteFifo(FIFO_SIZE);
    private int divisor;
    private int interruptEnable;
    private int fifoControl;
    private int lineControl;
    private int modemControl;
    private int modemStatus;
    private int scratch;
    private boolean overrun;
    private boolean transmitEmptyPending;
    private boolean timeoutPending;
    private long timeoutAt;
    private boolean inputRefused;
    private volatile Runnable receiverReady = () -> {};

    /**
     * All guest-visible state.
     *
     * @param receiver entries of the receive FIFO, two bytes each
     * @param transmitter entries the host has not yet taken
     * @param timeoutAt guest nanoseconds of the receive time-out, -1 when none runs
     */
    public record State(
            int divisor,
            int interruptEnable,
            int fifoControl,
            int lineControl,
            int modemControl,
            int modemStatus,
            int scratch,
            boolean overrun,
            boolean transmitEmptyPending,
            boolean timeoutPending,
            long timeoutAt,
            Bytes receiver,
            Bytes transmitter) {}

    /**
     * A port in power-on state.
     *
     * @param name unique on the board, for example {@code com1}
     * @param line IRQ output, active high
     * @param output host end of the transmitter
     */
    public Uart16550(String name, InterruptLine line, SerialOutput output, GuestClock clock, TimerQueue timers) {
        this.name = name;
        this.interrupt = new InterruptOutput(line);
        this.output = output;
        this.clock = clock;
        this.timeout = timers.timer(this::receiveTimeout);
        powerOn();
        output.whenReady(this::drainTransmitter);
    }

    @Override
    public String name() {
        return name;
    }

    /**
     * Sets who hears that the receiver has room again after {@link #feed} took less than offered. Any thread runs it.
     */
    public void whenReceiverReady(Runnable listener) {
        receiverReady = listener;
    }

    /**
     * Offers received bytes. Any thread.
     *
     * @return how many the receiver took; when fewer than {@code length}, the listener will be told of room
     */
    public int feed(byte[] bytes, int start, int length) {
        int taken = 0;
        synchronized (lock) {
            if ((modemControl & MCR_LOOP) == 0) {
                while (taken < length && receiver.size() < receiverCapacity()) {
                    receiver.add(bytes[start + taken++] & 0xff);
                }
            }
            inputRefused = taken < length;
            if (taken > 0) {
                restartTimeout();
            }
            updateInterrupt();
        }
        interrupt.drive();
        return taken;
    }

    /** A break on the line (the SysRq key of a serial console). False when the receiver is full. */
    public boolean feedBreak() {
        boolean taken;
        synchronized (lock) {
            taken = (modemControl & MCR_LOOP) == 0
                    && receiver.size() < receiverCapacity()
                    && receiver.add(BREAK_ENTRY);
            if (taken) {
                restartTimeout();
            }
            updateInterrupt();
        }
        interrupt.drive();
        return taken;
    }

    @Override
    public int readPort(int offset, int width) {
        int value;
        boolean roomMade = false;
        synchronized (lock) {
            boolean latch = (lineControl & LCR_DLAB) != 0;
            switch (offset) {
                case 0 -> {
                    if (latch) {
                        value = divisor & 0xff;
                    } else {
                        value = receive();
                        // Waking the feeder once per drained FIFO, not once per byte, halves its context switches.
                        roomMade = inputRefused && receiver.isEmpty();
                        inputRefused &= !roomMade;
                    }
                }
                case 1 -> value = latch ? divisor >>> 8 : interruptEnable;
                case 2 -> {
                    value = pendingInterrupt();
                    if (value == IIR_TRANSMIT_EMPTY) {
                        transmitEmptyPending = false;
                        updateInterrupt();
                    }
                    value |= fifosEnabled() ? IIR_FIFOS : 0;
                }
                case 3 -> value = lineControl;
                case 4 -> value = modemControl;
                case 5 -> {
                    value = lineStatus();
                    if ((value & LSR_ERRORS) != 0) {
                        overrun = false;
                        if (!receiver.isEmpty() && receiver.peek() > 0xff) {
                            reportHeadErrorOnce();
                        }
                        updateInterrupt();
                    }
                }
                case 6 -> {
                    value = modemStatus;
                    modemStatus &= ~MSR_DELTAS;
                    updateInterrupt();
                }
                default -> value = scratch;
            }
        }
        interrupt.drive();
        if (roomMade) {
            receiverReady.run();
        }
        return value;
    }

    @Override
    public void writePort(int offset, int width, int value) {
        boolean roomMade = false;
        synchronized (lock) {
            boolean latch = (lineControl & LCR_DLAB) != 0;
            switch (offset) {
                case 0 -> {
                    if (latch) {
                        divisor = divisor & 0xff00 | value & 0xff;
                    } else {
                        transmit(value & 0xff);
                    }
                }
                case 1 -> {
                    if (latch) {
                        divisor = divisor & 0xff | (value & 0xff) << 8;
                    } else {
                        enableInterrupts(value & 0xf);
                    }
                }
                case 2 -> {
                    writeFifoControl(value);
                    roomMade = inputRefused && receiver.isEmpty();
                    inputRefused &= !roomMade;
                }
                case 3 -> lineControl = value & 0xff;
                case 4 -> {
                    boolean looped = (modemControl & MCR_LOOP) != 0;
                    modemControl = value & MCR_BITS;
                    updateModemStatus();
                    roomMade = looped && (modemControl & MCR_LOOP) == 0 && inputRefused;
                    inputRefused &= !roomMade;
                }
                case 7 -> scratch = value & 0xff;
                default -> {
                    // LSR and MSR writes are for factory tests; the data sheet asks software not to make them.
                }
            }
            updateInterrupt();
        }
        interrupt.drive();
        if (roomMade) {
            receiverReady.run();
        }
    }

    private boolean fifosEnabled() {
        return (fifoControl & FCR_ENABLE) != 0;
    }

    private int receiverCapacity() {
        return fifosEnabled() ? FIFO_SIZE : 1;
    }

    private int receive() {
        if (receiver.isEmpty()) {
            return 0;
        }
        int value = receiver.remove() & 0xff;
        restartTimeout();
        updateInterrupt();
        return value;
    }

    /** The error of the byte at the FIFO's head shows in LSR until it is read once (data sheet 8.6.2). */
    private void reportHeadErrorOnce() {
        int head = receiver.peek();
        int count = receiver.size();
        receiver.remove();
        // Rotating the ring by its own length puts the cleaned entry back in front.
        receiver.add(head & 0xff);
        for (int i = 1; i < count; i++) {
            receiver.add(receiver.remove());
        }
    }

    private void transmit(int octet) {
        transmitEmptyPending = false;
        if ((modemControl & MCR_LOOP) != 0) {
            if (receiver.size() < receiverCapacity()) {
                receiver.add(octet);
            } else {
                overrun = true;
                if (!fifosEnabled()) {
                    receiver.replaceLast(octet);
                }
            }
            restartTimeout();
            transmitEmptyPending = true;
        } else if (transmitter.isEmpty() && output.offer(octet)) {
            transmitEmptyPending = true;
        } else if (!transmitter.add(octet)) {
            transmitter.replaceLast(octet);
        }
    }

    private void drainTransmitter() {
        synchronized (lock) {
            if (transmitter.isEmpty()) {
                return;
            }
            while (!transmitter.isEmpty() && output.offer(transmitter.peek())) {
                transmitter.remove();
            }
            transmitEmptyPending |= transmitter.isEmpty();
            updateInterrupt();
        }
        interrupt.drive();
    }

    private void enableInterrupts(int enable) {
        // Enabling THRE while the transmitter is empty interrupts at once; Linux's probe tests for it.
        if ((enable & ~interruptEnable & IER_TRANSMIT_EMPTY) != 0 && transmitter.isEmpty()) {
            transmitEmptyPending = true;
        }
        interruptEnable = enable;
    }

    private void writeFifoControl(int value) {
        boolean toggled = ((value ^ fifoControl) & FCR_ENABLE) != 0;
        if (toggled || (value & FCR_CLEAR_RECEIVER) != 0) {
            receiver.clear();
            cancelTimeout();
        }
        if (toggled || (value & FCR_CLEAR_TRANSMITTER) != 0) {
            transmitEmptyPending |= !transmitter.isEmpty();
            transmitter.clear();
        }
        fifoControl = (value & FCR_ENABLE) != 0 ? value & FCR_KEPT : 0;
    }

    private void updateModemStatus() {
        int lines = MSR_CONNECTED;
        if ((modemControl & MCR_LOOP) != 0) {
            // DTR -> DSR, RTS -> CTS, OUT1 -> RI, OUT2 -> DCD (data sheet 8.6.7)
            lines = (modemControl & 1) << 5
                    | (modemControl & 2) << 3
                    | (modemControl & 4) << 4
                    | (modemControl & 8) << 4;
        }
        int old = modemStatus & ~MSR_DELTAS;
        int changed = (old ^ lines) & (MSR_CTS | MSR_DSR | MSR_DCD) | old & ~lines & MSR_RI;
        modemStatus = lines | modemStatus & MSR_DELTAS | changed >>> 4;
    }

    private int lineStatus() {
        int status = transmitter.isEmpty() ? LSR_EMPTY : 0;
        if (!receiver.isEmpty()) {
            status |= LSR_DATA_READY | receiver.peek() >>> 8;
            if (fifosEnabled() && receiver.anyHas(0xff00)) {
                status |= LSR_FIFO_ERROR;
            }
        }
        return status | (overrun ? LSR_OVERRUN : 0);
    }

    private int pendingInterrupt() {
        int enabled = interruptEnable;
        if ((enabled & IER_LINE_STATUS) != 0 && (lineStatus() & LSR_ERRORS) != 0) {
            return IIR_LINE_STATUS;
        }
        if ((enabled & IER_RECEIVED) != 0 && !receiver.isEmpty()) {
            if (receiver.size() >= triggerLevel()) {
                return IIR_RECEIVED;
            }
            if (timeoutPending) {
                return IIR_TIMEOUT;
            }
        }
        if ((enabled & IER_TRANSMIT_EMPTY) != 0 && transmitEmptyPending) {
            return IIR_TRANSMIT_EMPTY;
        }
        if ((enabled & IER_MODEM_STATUS) != 0 && (modemStatus & MSR_DELTAS) != 0) {
            return IIR_MODEM_STATUS;
        }
        return IIR_NONE;
    }

    private int triggerLevel() {
        return fifosEnabled() ? TRIGGER_LEVELS[fifoControl >>> 6] : 1;
    }

    private void updateInterrupt() {
        interrupt.want(pendingInterrupt() != IIR_NONE);
    }

    /** Four character times without traffic raise the time-out when bytes wait below the trigger level. */
    private void restartTimeout() {
        timeoutPending = false;
        if (receiver.isEmpty() || receiver.size() >= triggerLevel()) {
            cancelTimeout();
            return;
        }
        timeoutAt = clock.nanos() + 4 * characterNanos();
        timeout.arm(timeoutAt);
    }

    private void cancelTimeout() {
        timeoutPending = false;
        if (timeoutAt >= 0) {
            timeoutAt = -1;
            timeout.cancel();
        }
    }

    /** Start bit, 5-8 data bits, parity if any, one stop bit, 16 clocks of the baud generator each. */
    private long characterNanos() {
        int bits = 7 + (lineControl & 3) + (lineControl >>> 3 & 1);
        return bits * 16L * Math.max(divisor, 1) * 1_000_000_000L / CLOCK_HZ;
    }

    private void receiveTimeout() {
        synchronized (lock) {
            if (timeoutAt < 0 || clock.nanos() < timeoutAt) {
                return;
            }
            timeoutAt = -1;
            timeoutPending = !receiver.isEmpty();
            updateInterrupt();
        }
        interrupt.drive();
    }

    private void powerOn() {
        divisor = 12;
        interruptEnable = 0;
        fifoControl = 0;
        lineControl = 0;
        modemControl = 0;
        modemStatus = MSR_CONNECTED;
        scratch = 0;
        overrun = false;
        transmitEmptyPending = false;
        timeoutPending = false;
        timeoutAt = -1;
        receiver.clear();
        transmitter.clear();
    }

    @Override
    public void reset() {
        synchronized (lock) {
            powerOn();
            timeout.cancel();
            interrupt.want(false);
        }
        interrupt.drive();
        receiverReady.run();
    }

    @Override
    public State save() {
        synchronized (lock) {
            return new State(
                    divisor,
                    interruptEnable,
                    fifoControl,
                    lineControl,
                    modemControl,
                    modemStatus,
                    scratch,
                    overrun,
                    transmitEmptyPending,
                    timeoutPending,
                    timeoutAt,
                    receiver.save(),
                    transmitter.save());
        }
    }

    @Override
    public void restore(State state) {
        boolean high;
        synchronized (lock) {
            receiver.restore(state.receiver);
            transmitter.restore(state.transmitter);
            divisor = state.divisor & 0xffff;
            interruptEnable = state.interruptEnable & 0xf;
            fifoControl = state.fifoControl & FCR_KEPT;
            lineControl = state.lineControl & 0xff;
            modemControl = state.modemControl & MCR_BITS;
            modemStatus = state.modemStatus & 0xff;
            scratch = state.scratch & 0xff;
            overrun = state.overrun;
            transmitEmptyPending = state.transmitEmptyPending;
            timeoutPending = state.timeoutPending;
            timeoutAt = state.timeoutAt;
            if (timeoutAt >= 0) {
                timeout.arm(timeoutAt);
            } else {
                timeout.cancel();
            }
            high = pendingInterrupt() != IIR_NONE;
        }
        interrupt.force(high);
        drainTransmitter();
        receiverReady.run();
    }
}
