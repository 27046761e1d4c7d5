package dev.quoll.devices.net.user;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.random.RandomGenerator;

/** The guest's TCP connections, each spliced to a socket of the host. */
final class TcpNat {
    private static final int FIRST_EPHEMERAL = 49152;
    private static final int EPHEMERAL = 65536 - FIRST_EPHEMERAL;

    private final TcpContext context;
    private final Selector selector;
    private final HostAddresses addresses;
    private final RandomGenerator random;
    private final IcmpErrors errors;
    private final ConnectionTable table = new ConnectionTable();
    private final TcpSegment segment = new TcpSegment();

    TcpNat(TcpContext context, Selector selector, HostAddresses addresses, RandomGenerator random, IcmpErrors errors) {
        this.context = context;
        this.selector = selector;
        this.addresses = addresses;
        this.random = random;
        this.errors = errors;
    }

    /** Takes a packet from the guest. */
    void receive(Ipv4Packet packet) {
        if (!segment.parse(packet)) {
            return;
        }
        TcpConnection connection =
                table.find(segment.guestAddress, segment.guestPort, segment.remoteAddress, segment.remotePort);
        if (connection != null && connection.replaceableBy(segment)) {
            connection.close(false);
            connection = null;
        }
        if (connection != null) {
            connection.input(segment);
        } else if (segment.has(TcpSegment.SYN) && !segment.has(TcpSegment.ACK) && !segment.has(TcpSegment.RST)) {
            connect(packet);
        } else {
            context.output.refuse(segment);
        }
    }

    private void connect(Ipv4Packet packet) {
        InetSocketAddress target = addresses.reach(segment.remoteAddress, segment.remotePort);
        if (target == null || segment.guestPort == 0 || !room()) {
            context.output.refuse(segment);
            return;
        }
        SocketChannel channel = null;
        try {
            channel = SocketChannel.open();
            channel.configureBlocking(false);
            boolean connected = channel.connect(target);
            TcpConnection connection = add(channel, segment.guestAddress, segment.guestPort, segment.remoteAddress, segment.remotePort);
            connection.accept(segment, random.nextInt());
            if (connected) {
                connection.hostConnected();
            }
        } catch (IOException _) {
            // No route, no more files: the guest's own kernel would have said unreachable.
            if (channel != null) {
                HostChannels.close(channel);
            }
            errors.unreachable(packet, IcmpErrors.HOST);
        }
    }

    private TcpConnection add(SocketChannel channel, int guestAddress, int guestPort, int remoteAddress, int remotePort) throws IOException {
        TcpConnection connection = new TcpConnection(context, guestAddress, guestPort, remoteAddress, remotePort);
        connection.attach(new SocketStream(channel, selector, connection), () -> table.remove(connection));
        table.add(connection);
        return connection;
    }

    /** Makes room for one more, at the cost of those that only linger. */
    private boolean room() {
        if (table.size() >= Limits.TCP_CONNECTIONS) {
            table.forEach(connection -> {
                if (connection.lingering()) {
                    connection.close(false);
                }
            });
        }
        return table.size() < Limits.TCP_CONNECTIONS;
    }

    /**
     * Opens a connection to the guest for one that the host has accepted.
     *
     * @return false when there is no room for it
     */
    boolean open(SocketChannel channel, int gateway, int guestAddress, int guestPort) throws IOException {
        if (!room()) {
            return false;
        }
        int start = random.nextInt(EPHEMERAL);
        for (int i = 0; i < EPHEMERAL; i++) {
            int port = FIRST_EPHEMERAL + (start + i) % EPHEMERAL;
            if (table.find(guestAddress, guestPort, gateway, port) == null) {
                add(channel, guestAddress, guestPort, gateway, port).open(random.nextInt());
                return true;
            }
        }
        return false;
    }

    /** Connections there are. */
    int size() {
        return table.size();
    }

    /** Breaks all connections, without a word to the guest. */
    void close() {
        table.forEach(connection -> connection.close(true));
    }
}
