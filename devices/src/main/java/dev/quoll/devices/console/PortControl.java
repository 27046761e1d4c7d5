package dev.quoll.devices.console;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a port and its driver tell each other over the control queues (section 5.3.6.2). What is still to be said is a set, not a queue:
 * however often something changes while the guest takes no messages, each kind is said once, as it is then.
 */
final class PortControl {
    /** Messages to the guest, in the order in which they are said. */
    enum Message {
        ADD(1),
        CONSOLE(4),
        RESIZE(5),
        NAME(7),
        OPEN(6);

        private final int event;

        Message(int event) {
            this.event = event;
        }
    }

    /** Messages of the guest. */
    static final int DEVICE_READY = 0;

    static final int PORT_READY = 3;
    static final int PORT_OPEN = 6;
    /** Length of struct virtio_console_control. */
    static final int LENGTH = 8;

    /** What a port's state is to the guest. @param due messages still to be said, by their place in the order */
    record State(boolean made, boolean guestOpen, boolean toldConnected, int due, int consumed) {}

    final ConsolePort port;
    private final int number;
    private final Set<Message> due = EnumSet.noneOf(Message.class);
    /** Whether the driver has made its side of the port. */
    private boolean made;
    /** Whether a program of the guest, or its terminal, has the port open. */
    boolean guestOpen;
    private boolean toldConnected;
    /** Bytes of the chain at the head of the output queue that the end has taken. */
    int consumed;

    PortControl(int number, ConsolePort port) {
        this.number = number;
        this.port = port;
    }

    void reset() {
        due.clear();
        made = false;
        guestOpen = false;
        toldConnected = false;
        consumed = 0;
    }

    void add() {
        due.add(Message.ADD);
    }

    /** The driver has made its side of the port. */
    void ready() {
        made = true;
        if (port.console()) {
            due.add(Message.CONSOLE);
            due.add(Message.RESIZE);
        }
        if (!port.name().isEmpty()) {
            due.add(Message.NAME);
        }
        due.add(Message.OPEN);
    }

    void resized() {
        if (port.console()) {
            due.add(Message.RESIZE);
        }
    }

    /** Has the guest told when somebody has come to the host's end, or gone. */
    void compareConnection() {
        if (made && port.end().connected() != toldConnected) {
            due.add(Message.OPEN);
        }
    }

    /** The next message, or null. */
    byte[] next(int columns, int rows) {
        if (due.isEmpty()) {
            return null;
        }
        Message message = due.iterator().next();
        due.remove(message);
        return switch (message) {
            case ADD -> message(message, 0, new byte[0]);
            case CONSOLE -> message(message, 1, new byte[0]);
            case RESIZE -> message(message, 0, size(columns, rows));
            case NAME -> message(message, 1, port.name().getBytes(StandardCharsets.UTF_8));
            case OPEN -> {
                toldConnected = port.end().connected();
                yield message(message, toldConnected ? 1 : 0, new byte[0]);
            }
        };
    }

    /** Rows first, as Linux's driver has always read it and QEMU writes it; the specification names the columns first (5.3.6.2). */
    private static byte[] size(int columns, int rows) {
        return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putShort((short) rows).putShort((short) columns).array();
    }

    private byte[] message(Message message, int value, byte[] rest) {
        ByteBuffer bytes = ByteBuffer.allocate(LENGTH + rest.length).order(ByteOrder.LITTLE_ENDIAN);
        return bytes.putInt(number).putShort((short) message.event).putShort((short) value).put(rest).array();
    }

    State save() {
        int bits = 0;
        for (Message message : due) {
            bits |= 1 << message.ordinal();
        }
        return new State(made, guestOpen, toldConnected, bits, consumed);
    }

    void restore(State state) {
        made = state.made();
        guestOpen = state.guestOpen();
        toldConnected = state.toldConnected();
        consumed = state.consumed();
        due.clear();
        for (Message message : Message.values()) {
            if ((state.due() >>> message.ordinal() & 1) != 0) {
                due.add(message);
            }
        }
    }
}
