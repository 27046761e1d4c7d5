package dev.quoll.devices.input;

import dev.quoll.devices.Bytes;
import dev.quoll.devices.interrupt.InterruptOutput;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.PortDevice;
import dev.quoll.machine.PowerSink;
import java.util.Arrays;

/**
 * The 8042 keyboard controller with an MF2 keyboard and an empty mouse port. The device itself is the data port (0x60,
 * one port), {@link #commandPort} the command and status port (0x64). Sources: IBM PS/2 Hardware Interface Technical
 * Reference, "Keyboard and Auxiliary Device Controller" and "Keyboards (101- and 102-key)".
 *
 * <p>Commands take effect at once, so the input buffer is never full. Probes of the mouse port are answered with
 * "clock line stuck", which saves the guest the time-outs of a silent port. A20 is always open. A pulse of output bit 0
 * (command 0xfe) or writing it low asks for a machine reset.
 *
 * <p>Threat: the byte queue holds {@value #QUEUE_SIZE} entries and drops what does not fit; a guest can lose its own
 * keystrokes, and ask for a reset of itself.
 */
public final class KeyboardController implements Device<KeyboardController.State>, PortDevice {
    /** How both ports are accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE;

    private static final int QUEUE_SIZE = 64;

    private static final int STATUS_OUTPUT_FULL = 0x01;
    private static final int STATUS_COMMAND = 0x08;
    private static final int STATUS_UNLOCKED = 0x10;
    private static final int STATUS_AUX = 0x20;
    private static final int STATUS_TIMEOUT = 0x40;

    private static final int MODE_INTERRUPT = 0x01;
    private static final int MODE_SYSTEM = 0x04;
    private static final int MODE_KEYBOARD_OFF = 0x10;
    private static final int MODE_AUX_OFF = 0x20;
    private static final int MODE_TRANSLATE = 0x40;
    private static final int MODE_POWER_ON = MODE_KEYBOARD_OFF | MODE_AUX_OFF | MODE_TRANSLATE;

    private static final int ACK = 0xfa;
    private static final int RESEND = 0xfe;
    private static final int SELF_TEST_PASSED = 0xaa;

    /** Flags above the byte in a queue entry. */
    private static final int FROM_AUX = 0x100;

    private static final int FROM_CONTROLLER = 0x200;
    private static final int NOTHING = -1;

    private final InterruptOutput interrupt;
    private final PowerSink power;
    private final Object lock = new Object();
    private final int[] queue = new int[QUEUE_SIZE];
    private int queueHead;
    private int queued;
    private final byte[] ram = new byte[32];
    /** The output buffer with its flags, or NOTHING. */
    private int output;
    private int lastOutput;
    private int controllerCommand;
    private int keyboardCommand;
    private int outputPort;
    private boolean lastWriteWasCommand;
    private boolean scanning;
    private int scanSet;
    private int lastKeyboardByte;
    private boolean breakPrefix;

    /**
     * All guest-visible state.
     *
     * @param queue entries behind the output buffer, two bytes each, oldest first
     * @param ram controller RAM; byte 0 is the command byte
     * @param output output buffer with its origin flags, -1 when empty
     */
    public record State(
            Bytes queue,
            Bytes ram,
            int output,
            int lastOutput,
            int controllerCommand,
            int keyboardCommand,
            int outputPort,
            boolean lastWriteWasCommand,
            boolean scanning,
            int scanSet,
            int lastKeyboardByte,
            boolean breakPrefix) {}

    /** @param line IRQ 1 */
    public KeyboardController(InterruptLine line, PowerSink power) {
        this.interrupt = new InterruptOutput(line);
        this.power = power;
        powerOn();
    }

    @Override
    public String name() {
        return "i8042";
    }

    /**
     * Key bytes in scan code set 2, as the keyboard sends them (0xf0 = release, 0xe0 = extended). Any thread.
     *
     * @return false when the keyboard is off or its buffer cannot take all of them; then none are taken
     */
    public boolean type(int... scanCodes) {
        synchronized (lock) {
            if (!scanning || (ram[0] & MODE_KEYBOARD_OFF) != 0 || queued + scanCodes.length > QUEUE_SIZE / 2) {
                return false;
            }
            for (int code : scanCodes) {
                enqueue(code & 0xff);
            }
            loadOutput();
        }
        interrupt.drive();
        return true;
    }

    /** Presses and releases Ctrl-Alt-Del. False when the guest's keyboard is not on. */
    public boolean pressCtrlAltDel() {
        return type(0x14, 0x11, 0xe0, 0x71, 0xe0, 0xf0, 0x71, 0xf0, 0x11, 0xf0, 0x14);
    }

    /** The command and status port. */
    public PortDevice commandPort() {
        return new PortDevice() {
            @Override
            public int readPort(int offset, int width) {
                synchronized (lock) {
                    return status();
                }
            }

            @Override
            public void writePort(int offset, int width, int value) {
                write(true, value & 0xff);
            }
        };
    }

    @Override
    public int readPort(int offset, int width) {
        int value;
        synchronized (lock) {
            if (output != NOTHING) {
                lastOutput = output & 0xff;
            }
            value = lastOutput;
            output = NOTHING;
            updateInterrupt();
        }
        // The line falls between two bytes: on an edge-triggered input each byte is an interrupt of its own.
        interrupt.drive();
        synchronized (lock) {
            loadOutput();
        }
        interrupt.drive();
        return value;
    }

    @Override
    public void writePort(int offset, int width, int value) {
        write(false, value & 0xff);
    }

    private void write(boolean toCommandPort, int value) {
        boolean reset;
        synchronized (lock) {
            lastWriteWasCommand = toCommandPort;
            reset = toCommandPort ? command(value) : data(value);
            loadOutput();
            updateInterrupt();
        }
        interrupt.drive();
        if (reset) {
            power.reset("keyboard controller, port 0x64");
        }
    }

    private int status() {
        return (output != NOTHING ? STATUS_OUTPUT_FULL : 0)
                | (ram[0] & MODE_SYSTEM)
                | (lastWriteWasCommand ? STATUS_COMMAND : 0)
                | STATUS_UNLOCKED
                | (output != NOTHING && (output & FROM_AUX) != 0 ? STATUS_AUX | STATUS_TIMEOUT : 0);
    }

    /** A byte written to port 0x64; true asks for a reset. */
    private boolean command(int command) {
        controllerCommand = 0;
        switch (command) {
            case 0xa7 -> ram[0] |= MODE_AUX_OFF;
            case 0xa8 -> ram[0] &= ~MODE_AUX_OFF;
            case 0xa9 -> reply(0x01);
            case 0xaa -> {
                ram[0] |= MODE_SYSTEM;
                reply(0x55);
            }
            case 0xab -> reply(0x00);
            case 0xad -> ram[0] |= MODE_KEYBOARD_OFF;
            case 0xae -> ram[0] &= ~MODE_KEYBOARD_OFF;
            case 0xc0 -> reply(0x80);
            case 0xd0 -> reply(outputPort);
            case 0xd1, 0xd2, 0xd3, 0xd4 -> controllerCommand = command;
            case 0xe0 -> reply(0x00);
            default -> {
                if (command >= 0xf0) {
                    return (command & 1) == 0;
                }
                if (command >= 0x20 && command < 0x40) {
                    reply(ram[command & 0x1f] & 0xff);
                } else if (command >= 0x60 && command < 0x80) {
                    controllerCommand = command;
                }
            }
        }
        return false;
    }

    /** A byte written to port 0x60; true asks for a reset. */
    private boolean data(int value) {
        int command = controllerCommand;
        controllerCommand = 0;
        switch (command) {
            case 0 -> {
                ram[0] &= ~MODE_KEYBOARD_OFF;
                keyboard(value);
            }
            case 0xd1 -> {
                outputPort = value;
                return (value & 1) == 0;
            }
            case 0xd2 -> reply(value);
            // No mouse: the loop-back byte comes back without the AUX flag, which tells the guest so without a wait.
            case 0xd3 -> reply(value);
            case 0xd4 -> enqueue(RESEND | FROM_AUX | FROM_CONTROLLER);
            default -> ram[command & 0x1f] = (byte) value;
        }
        return false;
    }

    /** A byte for the keyboard itself. */
    private void keyboard(int value) {
        int command = keyboardCommand;
        keyboardCommand = 0;
        switch (command) {
            case 0xed, 0xf3 -> answer(ACK);
            case 0xf0 -> {
                if (value > 3) {
                    answer(RESEND);
                } else {
                    answer(ACK);
                    if (value == 0) {
                        answer(scanSet);
                    } else {
                        scanSet = value;
                    }
                }
            }
            default -> keyboardCommand(value);
        }
    }

    private void keyboardCommand(int value) {
        switch (value) {
            case 0xed, 0xf0, 0xf3 -> {
                keyboardCommand = value;
                answer(ACK);
            }
            case 0xee -> answer(0xee);
            case 0xf2 -> {
                answer(ACK);
                answer(0xab);
                answer(0x83);
            }
            case 0xf4 -> {
                scanning = true;
                answer(ACK);
            }
            case 0xf5, 0xf6 -> {
                scanning = value == 0xf6;
                scanSet = 2;
                answer(ACK);
            }
            case 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd -> answer(ACK);
            case 0xfe -> enqueue(lastKeyboardByte);
            case 0xff -> {
                queued = 0;
                scanning = true;
                scanSet = 2;
                answer(ACK);
                answer(SELF_TEST_PASSED);
            }
            default -> answer(RESEND);
        }
    }

    /** An answer of the keyboard: goes the way key bytes go, translation included (0xab 0x83 reads as 0xab 0x41). */
    private void answer(int value) {
        lastKeyboardByte = value;
        enqueue(value);
    }

    /** An answer of the controller itself: not translated, and ahead of key bytes. */
    private void reply(int value) {
        queued = 0;
        output = value | FROM_CONTROLLER;
        interrupt.want(false);
    }

    private void enqueue(int entry) {
        if (queued < QUEUE_SIZE) {
            queue[(queueHead + queued++) & (QUEUE_SIZE - 1)] = entry;
        }
    }

    private void loadOutput() {
        while (output == NOTHING && queued > 0) {
            int entry = queue[queueHead];
            if ((entry & FROM_CONTROLLER) == 0 && (ram[0] & MODE_KEYBOARD_OFF) != 0) {
                return;
            }
            queueHead = (queueHead + 1) & (QUEUE_SIZE - 1);
            queued--;
            if ((entry & FROM_CONTROLLER) == 0 && (ram[0] & MODE_TRANSLATE) != 0) {
                if (entry == 0xf0) {
                    // The release prefix of set 2 becomes bit 7 of the next code in set 1.
                    breakPrefix = true;
                    continue;
                }
                entry = ScanCodes.toSet1(entry) | (breakPrefix ? 0x80 : 0);
                breakPrefix = false;
            }
            output = entry;
        }
        updateInterrupt();
    }

    private void updateInterrupt() {
        boolean aux = output != NOTHING && (output & FROM_AUX) != 0;
        interrupt.want(output != NOTHING && !aux && (ram[0] & MODE_INTERRUPT) != 0);
    }

    private void powerOn() {
        queueHead = 0;
        queued = 0;
        Arrays.fill(ram, (byte) 0);
        ram[0] = MODE_POWER_ON;
        output = NOTHING;
        lastOutput = 0;
        controllerCommand = 0;
        keyboardCommand = 0;
        outputPort = 0xcf;
        lastWriteWasCommand = false;
        scanning = true;
        scanSet = 2;
        lastKeyboardByte = 0;
        breakPrefix = false;
    }

    @Override
    public void reset() {
        synchronized (lock) {
            powerOn();
            interrupt.want(false);
        }
        interrupt.drive();
    }

    @Override
    public State save() {
        synchronized (lock) {
            byte[] waiting = new byte[queued * 2];
            for (int i = 0; i < queued; i++) {
                int entry = queue[(queueHead + i) & (QUEUE_SIZE - 1)];
                waiting[2 * i] = (byte) entry;
                waiting[2 * i + 1] = (byte) (entry >>> 8);
            }
            return new State(
                    new Bytes(waiting),
                    new Bytes(ram.clone()),
                    output,
                    lastOutput,
                    controllerCommand,
                    keyboardCommand,
                    outputPort,
                    lastWriteWasCommand,
                    scanning,
                    scanSet,
                    lastKeyboardByte,
                    breakPrefix);
        }
    }

    @Override
    public void restore(State state) {
        boolean high;
        synchronized (lock) {
            byte[] waiting = state.queue.values();
            byte[] savedRam = state.ram.values();
            if (waiting.length > 2 * QUEUE_SIZE || waiting.length % 2 != 0 || savedRam.length != ram.length) {
                throw new IllegalArgumentException("saved i8042 state has a queue of %d bytes and %d bytes of RAM"
                        .formatted(waiting.length, savedRam.length));
            }
            queueHead = 0;
            queued = waiting.length / 2;
            for (int i = 0; i < queued; i++) {
                queue[i] = waiting[2 * i] & 0xff | (waiting[2 * i + 1] & 3) << 8;
            }
            System.arraycopy(savedRam, 0, ram, 0, ram.length);
            output = state.output < 0 ? NOTHING : state.output & 0x3ff;
            lastOutput = state.lastOutput & 0xff;
            controllerCommand = state.controllerCommand & 0xff;
            keyboardCommand = state.keyboardCommand & 0xff;
            outputPort = state.outputPort & 0xff;
            lastWriteWasCommand = state.lastWriteWasCommand;
            scanning = state.scanning;
            scanSet = state.scanSet & 3;
            lastKeyboardByte = state.lastKeyboardByte & 0xff;
            breakPrefix = state.breakPrefix;
            updateInterrupt();
            high = interrupt.wanted();
        }
        interrupt.force(high);
    }
}
