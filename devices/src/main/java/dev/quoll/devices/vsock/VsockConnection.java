package dev.quoll.devices.vsock;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * One connection between a port of the guest and a Unix socket of the host. Guarded by its {@link VsockHost}.
 *
 * <p>Credit (section 5.10.6.3): neither side sends more than the other has room for. What the guest sends and the host's socket does not
 * take yet waits here, up to {@link #BUFFER}; what the host's socket has for the guest waits in the socket.
 */
final class VsockConnection {
    /** Room for what the guest sends, as it is told. */
    static final int BUFFER = 256 << 10;

    private static final String CONNECT = "CONNECT ";
    /** Longest first line of a host's connection. */
    private static final int MAX_LINE = 32;

    /** How far a connection is. */
    enum State {
        /** The host has connected and not said to which port. */
        GREETING,
        /** The guest has been asked. */
        REQUESTED,
        OPEN,
        CLOSED
    }

    final SocketChannel socket;
    SelectionKey key;
    int guestPort;
    int hostPort;
    State state;
    /** Whether it is in the queue of those that may have something for the guest. */
    boolean queued;
    /** Whether the socket may have bytes, or its end. */
    boolean readable;
    /** The host's end has nothing more to say, and the guest knows. */
    boolean hostFinished;
    /** What the guest has given up, flags of SHUTDOWN. */
    int guestShutdown;

    private final StringBuilder line = new StringBuilder();
    private final Deque<ByteBuffer> waiting = new ArrayDeque<>();
    private int waitingBytes;
    private int forwarded;
    private int toldForwarded;
    private int guestBuffer;
    private int guestForwarded;
    private int sentToGuest;

    VsockConnection(SocketChannel socket, State state) {
        this.socket = socket;
        this.state = state;
    }

    /** Takes over what a packet of the guest tells of its buffer. */
    void credit(VsockPacket packet) {
        guestBuffer = packet.bufferSize();
        guestForwarded = packet.forwarded();
    }

    /** Bytes that the guest has room for. */
    int room() {
        long room = Integer.toUnsignedLong(guestBuffer) - Integer.toUnsignedLong(sentToGuest - guestForwarded);
        return (int) Math.clamp(room, 0, Integer.MAX_VALUE);
    }

    void sent(int count) {
        sentToGuest += count;
    }

    /** The count for the next header; the guest knows it from then on. */
    int tellForwarded() {
        toldForwarded = forwarded;
        return forwarded;
    }

    /** Whether the guest may soon think that there is no room where there is. */
    boolean owesCredit() {
        return forwarded - toldForwarded >= BUFFER / 2;
    }

    /** Takes the guest's bytes. @return false when it sent more than it had room for */
    boolean accept(byte[] bytes) throws IOException {
        if (bytes.length > BUFFER - waitingBytes) {
            return false;
        }
        waiting.add(ByteBuffer.wrap(bytes));
        waitingBytes += bytes.length;
        flush();
        return true;
    }

    /** Writes what waits for the host's socket, as far as it takes it. */
    void flush() throws IOException {
        while (!waiting.isEmpty()) {
            ByteBuffer first = waiting.getFirst();
            int count = socket.write(first);
            forwarded += count;
            waitingBytes -= count;
            if (first.hasRemaining()) {
                return;
            }
            waiting.removeFirst();
        }
    }

    boolean flushed() {
        return waiting.isEmpty();
    }

    /** A line of our own for the host, in front of everything. It is short, and the socket's buffer is empty. */
    void say(String text) throws IOException {
        socket.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
    }

    /**
     * Reads on in the first line, no further than its end.
     *
     * @return the port asked for, or -1 when the line has not ended
     * @throws IOException when it is not what it should be
     */
    long readGreeting() throws IOException {
        ByteBuffer octet = ByteBuffer.allocate(1);
        while (true) {
            int count = socket.read(octet.clear());
            if (count == 0) {
                return -1;
            }
            if (count < 0 || line.length() == MAX_LINE) {
                throw new IOException("no request");
            }
            char c = (char) octet.get(0);
            if (c == '\n') {
                return port();
            }
            line.append(c);
        }
    }

    private long port() throws IOException {
        String text = line.toString();
        if (!text.startsWith(CONNECT) || !text.substring(CONNECT.length()).matches("\\d{1,10}")) {
            throw new IOException("not a request to connect");
        }
        long port = Long.parseLong(text.substring(CONNECT.length()));
        if (port > 0xffff_ffffL) {
            throw new IOException("not a port");
        }
        return port;
    }

    /** What the selector should look for. */
    int interest() {
        boolean wantsRead = state == State.GREETING || state == State.OPEN && !readable && !hostFinished && (guestShutdown & VsockPacket.RECEIVE) == 0;
        return (wantsRead ? SelectionKey.OP_READ : 0) | (waiting.isEmpty() ? 0 : SelectionKey.OP_WRITE);
    }
}
