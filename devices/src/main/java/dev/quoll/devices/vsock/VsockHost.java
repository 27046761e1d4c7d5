package dev.quoll.devices.vsock;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * The host's side of all connections of a started device: a thread with a selector watches the Unix sockets; the device's queue worker
 * hands packets in and takes packets out. All state is guarded by this object's monitor; nothing under it blocks.
 */
final class VsockHost {
    /** Most connections at a time. */
    static final int MAX_CONNECTIONS = 1024;
    /** Most bytes in one packet to the guest. */
    static final int MAX_PAYLOAD = 64 << 10;

    /** Answers that wait for room in the guest's queue; with more than that, the guest's packets wait. */
    private static final int MAX_ANSWERS = 2 * MAX_CONNECTIONS;
    /** Ports for connections that the host begins are given out from here on. */
    private static final int FIRST_HOST_PORT = 1 << 30;

    private static final System.Logger LOG = System.getLogger(VsockHost.class.getName());

    /** A packet without payload. */
    private record Answer(int guestPort, int hostPort, int operation, int flags, VsockConnection connection) {}

    private final long guestCid;
    private final Path path;
    private final ServerSocketChannel listener;
    private final Runnable wakeWorker;
    private final Selector selector;
    private final Thread thread;
    /** By both ports: the guest's in the upper half. */
    private final Map<Long, VsockConnection> connections = new HashMap<>();
    private final Deque<Answer> answers = new ArrayDeque<>();
    private final Deque<VsockConnection> ready = new ArrayDeque<>();
    private int greetings;
    private int nextHostPort = FIRST_HOST_PORT;
    private boolean stopping;

    /**
     * Starts the thread.
     *
     * @param path where connections to the guest come in through {@code listener}; the guest's own to port P go to path_P
     * @param wakeWorker called when there is something for the guest; any thread
     */
    VsockHost(long guestCid, Path path, ServerSocketChannel listener, Runnable wakeWorker) throws IOException {
        this.guestCid = guestCid;
        this.path = path;
        this.listener = listener;
        this.wakeWorker = wakeWorker;
        selector = Selector.open();
        listener.register(selector, SelectionKey.OP_ACCEPT);
        thread = Thread.ofPlatform().daemon().name("quoll-vsock0-host").unstarted(this::watch);
    }

    void start() {
        thread.start();
    }

    private static long key(int guestPort, int hostPort) {
        return (long) guestPort << 32 | hostPort & 0xffff_ffffL;
    }

    // ---- the guest's packets

    /** Whether a packet can be taken in now; if not, the worker is woken when it can. */
    synchronized boolean hasRoom() {
        return answers.size() < MAX_ANSWERS;
    }

    /** Takes a packet of the guest in. @param payload its bytes, or null when it has fewer than it says */
    synchronized void fromGuest(VsockPacket packet, byte[] payload) {
        if (stopping || packet.sourceCid() != guestCid || packet.targetCid() != VsockPacket.HOST_CID) {
            return; // For somebody who is not here (section 5.10.6.4.1: no way back is known).
        }
        VsockConnection connection = connections.get(key(packet.guestPort(), packet.hostPort()));
        if (packet.type() != VsockPacket.STREAM || payload == null) {
            refuse(packet, connection);
            return;
        }
        if (connection == null) {
            switch (packet.operation()) {
                case VsockPacket.REQUEST -> connect(packet);
                case VsockPacket.RST -> { }
                default -> refuse(packet, null);
            }
            return;
        }
        connection.credit(packet);
        try {
            handle(packet, payload, connection);
        } catch (IOException e) {
            // The host's end is gone.
            refuse(packet, connection);
        }
        if (connection.state != VsockConnection.State.CLOSED) {
            watch(connection);
            offer(connection);
        }
    }

    private void handle(VsockPacket packet, byte[] payload, VsockConnection connection) throws IOException {
        switch (packet.operation()) {
            case VsockPacket.RESPONSE -> {
                if (connection.state != VsockConnection.State.REQUESTED) {
                    refuse(packet, connection);
                    return;
                }
                connection.state = VsockConnection.State.OPEN;
                connection.say("OK %s\n".formatted(Integer.toUnsignedString(connection.hostPort)));
            }
            case VsockPacket.RW -> {
                if (connection.state != VsockConnection.State.OPEN || !connection.accept(payload)) {
                    refuse(packet, connection);
                    return;
                }
                tellCredit(connection);
            }
            case VsockPacket.CREDIT_UPDATE -> { }
            case VsockPacket.CREDIT_REQUEST -> answer(connection, VsockPacket.CREDIT_UPDATE, 0);
            case VsockPacket.SHUTDOWN -> {
                connection.guestShutdown |= packet.flags() & (VsockPacket.RECEIVE | VsockPacket.SEND);
                finish(connection);
            }
            case VsockPacket.RST -> close(connection);
            default -> refuse(packet, connection);
        }
    }

    /** Carries out what the guest has given up, once all it sent has been written. */
    private void finish(VsockConnection connection) throws IOException {
        if (!connection.flushed() || connection.guestShutdown == 0) {
            return;
        }
        if (connection.guestShutdown == (VsockPacket.RECEIVE | VsockPacket.SEND)) {
            answer(connection, VsockPacket.RST, 0);
            close(connection);
        } else if ((connection.guestShutdown & VsockPacket.SEND) != 0) {
            connection.socket.shutdownOutput();
        }
    }

    private void connect(VsockPacket packet) {
        SocketChannel socket = null;
        try {
            if (connections.size() + greetings >= MAX_CONNECTIONS) {
                throw new IOException("too many connections");
            }
            Path target = path.resolveSibling(path.getFileName() + "_" + Integer.toUnsignedString(packet.hostPort()));
            socket = SocketChannel.open(StandardProtocolFamily.UNIX);
            socket.configureBlocking(false);
            if (!socket.connect(UnixDomainSocketAddress.of(target))) {
                throw new IOException("the listener's queue is full");
            }
            VsockConnection connection = new VsockConnection(socket, VsockConnection.State.OPEN);
            connection.guestPort = packet.guestPort();
            connection.hostPort = packet.hostPort();
            connection.credit(packet);
            connections.put(key(packet.guestPort(), packet.hostPort()), connection);
            answer(connection, VsockPacket.RESPONSE, 0);
            watch(connection);
        } catch (IOException e) {
            // Nobody listens there: the guest is told so, with the one word the protocol has for it.
            closeQuietly(socket);
            refuse(packet, null);
        }
    }

    private void refuse(VsockPacket packet, VsockConnection connection) {
        if (packet.operation() != VsockPacket.RST) {
            answers.add(new Answer(packet.guestPort(), packet.hostPort(), VsockPacket.RST, 0, null));
            wakeWorker.run();
        }
        if (connection != null) {
            close(connection);
        }
    }

    private void answer(VsockConnection connection, int operation, int flags) {
        answers.add(new Answer(connection.guestPort, connection.hostPort, operation, flags, connection));
        wakeWorker.run();
    }

    private void tellCredit(VsockConnection connection) {
        if (connection.owesCredit()) {
            answer(connection, VsockPacket.CREDIT_UPDATE, 0);
            connection.tellForwarded();
        }
    }

    // ---- packets for the guest

    /**
     * Makes the next packet for the guest.
     *
     * @param bytes gets header and payload
     * @param room most bytes, header included
     * @return its length, 0 when there is none
     */
    synchronized int toGuest(byte[] bytes, int room) {
        Answer answer = answers.poll();
        if (answer != null) {
            if (answers.size() == MAX_ANSWERS - 1) {
                wakeWorker.run();
            }
            int forwarded = answer.connection == null ? 0 : answer.connection.tellForwarded();
            VsockPacket.toGuest(bytes, guestCid, answer.hostPort, answer.guestPort, 0, answer.operation, answer.flags, VsockConnection.BUFFER, forwarded);
            return VsockPacket.HEADER;
        }
        for (VsockConnection connection = ready.poll(); connection != null; connection = ready.poll()) {
            connection.queued = false;
            int length = read(connection, bytes, Math.min(room - VsockPacket.HEADER, MAX_PAYLOAD));
            if (length != 0) {
                return length;
            }
        }
        return 0;
    }

    private int read(VsockConnection connection, byte[] bytes, int most) {
        int count = Math.min(most, connection.room());
        if (connection.state != VsockConnection.State.OPEN || !connection.readable || count <= 0) {
            return 0;
        }
        try {
            int got = connection.socket.read(ByteBuffer.wrap(bytes, VsockPacket.HEADER, count));
            if (got > 0) {
                connection.sent(got);
                VsockPacket.toGuest(
                        bytes, guestCid, connection.hostPort, connection.guestPort, got, VsockPacket.RW, 0, VsockConnection.BUFFER, connection.tellForwarded());
                offer(connection);
                return VsockPacket.HEADER + got;
            }
            connection.readable = false;
            if (got < 0) {
                connection.hostFinished = true;
                VsockPacket.toGuest(
                        bytes, guestCid, connection.hostPort, connection.guestPort, 0, VsockPacket.SHUTDOWN, VsockPacket.SEND, VsockConnection.BUFFER, connection.tellForwarded());
                watch(connection);
                return VsockPacket.HEADER;
            }
            watch(connection);
            return 0;
        } catch (IOException e) {
            VsockPacket.toGuest(bytes, guestCid, connection.hostPort, connection.guestPort, 0, VsockPacket.RST, 0, 0, 0);
            close(connection);
            return VsockPacket.HEADER;
        }
    }

    /** Puts a connection in the queue of those to be read from, at its end: each gets its turn. */
    private void offer(VsockConnection connection) {
        boolean wanted = connection.state == VsockConnection.State.OPEN
                && connection.readable
                && (connection.guestShutdown & VsockPacket.RECEIVE) == 0
                && connection.room() > 0;
        if (wanted && !connection.queued) {
            connection.queued = true;
            ready.add(connection);
            wakeWorker.run();
        }
    }

    // ---- the host's sockets

    private void watch() {
        try {
            while (true) {
                selector.select();
                synchronized (this) {
                    if (stopping) {
                        return;
                    }
                    for (SelectionKey key : selector.selectedKeys()) {
                        if (key.isValid()) {
                            happened(key);
                        }
                    }
                    selector.selectedKeys().clear();
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException("the host's sockets cannot be watched", e);
        }
    }

    private void happened(SelectionKey key) {
        if (key.attachment() == null) {
            try {
                accept();
            } catch (IOException e) {
                // Most likely there are no descriptors left. Trying again at once would keep a CPU busy with it.
                key.cancel();
                LOG.log(System.Logger.Level.WARNING, "vsock: no more connections of host programs are accepted", e);
            }
            return;
        }
        VsockConnection connection = (VsockConnection) key.attachment();
        try {
            if (connection.state == VsockConnection.State.GREETING) {
                greet(connection);
            } else {
                if (key.isWritable()) {
                    connection.flush();
                    tellCredit(connection);
                    finish(connection);
                }
                connection.readable |= key.isValid() && key.isReadable();
                offer(connection);
            }
        } catch (IOException e) {
            if (connection.state != VsockConnection.State.GREETING) {
                answer(connection, VsockPacket.RST, 0);
            }
            close(connection);
        }
        if (connection.state != VsockConnection.State.CLOSED) {
            watch(connection);
        }
    }

    private void accept() throws IOException {
        SocketChannel socket = listener.accept();
        if (socket == null) {
            return;
        }
        if (connections.size() + greetings >= MAX_CONNECTIONS) {
            socket.close();
            return;
        }
        socket.configureBlocking(false);
        greetings++;
        watch(new VsockConnection(socket, VsockConnection.State.GREETING));
    }

    private void greet(VsockConnection connection) throws IOException {
        long port = connection.readGreeting();
        if (port < 0) {
            return;
        }
        greetings--;
        connection.state = VsockConnection.State.REQUESTED;
        connection.guestPort = (int) port;
        do {
            connection.hostPort = nextHostPort;
            nextHostPort = nextHostPort == Integer.MAX_VALUE ? FIRST_HOST_PORT : nextHostPort + 1;
        } while (connections.containsKey(key(connection.guestPort, connection.hostPort)));
        connections.put(key(connection.guestPort, connection.hostPort), connection);
        answer(connection, VsockPacket.REQUEST, 0);
    }

    /** Has the selector look for what the connection waits for. */
    private void watch(VsockConnection connection) {
        try {
            int interest = connection.interest();
            if (connection.key == null) {
                connection.key = connection.socket.register(selector, interest, connection);
                selector.wakeup();
            } else if (connection.key.isValid() && connection.key.interestOps() != interest) {
                connection.key.interestOps(interest);
                selector.wakeup();
            }
        } catch (IOException e) {
            close(connection);
        }
    }

    private void close(VsockConnection connection) {
        if (connection.state == VsockConnection.State.GREETING) {
            greetings--;
        } else {
            connections.remove(key(connection.guestPort, connection.hostPort), connection);
        }
        connection.state = VsockConnection.State.CLOSED;
        closeQuietly(connection.socket);
        // The selector lets go of a closed socket when it next looks.
        selector.wakeup();
    }

    private static void closeQuietly(SocketChannel socket) {
        if (socket != null) {
            try {
                socket.close();
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "closing a socket", e);
            }
        }
    }

    /** Number of connections, those that have not said to which port included. */
    synchronized int size() {
        return connections.size() + greetings;
    }

    /** Closes all connections and ends the thread; the listener goes on to queue what comes. */
    void stop() {
        synchronized (this) {
            stopping = true;
            for (SelectionKey key : selector.keys()) {
                if (key.attachment() instanceof VsockConnection connection) {
                    closeQuietly(connection.socket);
                }
            }
            new ArrayList<>(connections.values()).forEach(this::close);
        }
        selector.wakeup();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        try {
            selector.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "closing a selector", e);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
