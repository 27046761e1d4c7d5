package dev.quoll.devices.net.user;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.List;

/** The host's side of port forwardings: bound when the network is made, so that a port that is taken is told at once. */
final class ForwardListeners implements AutoCloseable {
    /** A forwarding and its bound socket. */
    record Listener(HostForward forward, SelectableChannel channel) {}

    private final List<Listener> listeners = new ArrayList<>();

    /** @throws IOException when an address cannot be bound; one sentence */
    ForwardListeners(List<HostForward> forwards) throws IOException {
        try {
            for (HostForward forward : forwards) {
                listeners.add(new Listener(forward, bind(forward)));
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private static SelectableChannel bind(HostForward forward) throws IOException {
        InetSocketAddress address = forward.hostAddress() == 0
                ? new InetSocketAddress(forward.hostPort())
                : new InetSocketAddress(Ipv4Address.inet(forward.hostAddress()), forward.hostPort());
        SelectableChannel channel = switch (forward.protocol()) {
            case TCP -> ServerSocketChannel.open();
            case UDP -> DatagramChannel.open();
        };
        try {
            channel.configureBlocking(false);
            switch (channel) {
                case ServerSocketChannel server -> server.bind(address);
                case DatagramChannel datagrams -> datagrams.bind(address);
                default -> throw new AssertionError(channel);
            }
            return channel;
        } catch (IOException e) {
            HostChannels.close(channel);
            throw new IOException("port %d of the host cannot be forwarded (%s): %s"
                    .formatted(forward.hostPort(), forward, e.getMessage()), e);
        }
    }

    List<Listener> listeners() {
        return listeners;
    }

    /** The port that a forwarding listens on. */
    int port(int index) throws IOException {
        return switch (listeners.get(index).channel()) {
            case ServerSocketChannel server -> ((InetSocketAddress) server.getLocalAddress()).getPort();
            case DatagramChannel datagrams -> ((InetSocketAddress) datagrams.getLocalAddress()).getPort();
            default -> throw new AssertionError();
        };
    }

    @Override
    public void close() {
        for (Listener listener : listeners) {
            HostChannels.close(listener.channel());
        }
        listeners.clear();
    }
}
