package dev.quoll.devices.net.user;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** A socket of the host as the other end of a connection with the guest. */
final class SocketStream implements HostStream, SelectorEvents {
    private final SocketChannel channel;
    private final SelectionKey key;
    private final TcpConnection connection;
    private int interest;

    /** @param channel non-blocking, connected or connecting */
    SocketStream(SocketChannel channel, Selector selector, TcpConnection connection) throws IOException {
        this.channel = channel;
        this.connection = connection;
        // What the guest sends has been through its own Nagle algorithm; a second one would only add delay.
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        interest = channel.isConnected() ? 0 : SelectionKey.OP_CONNECT;
        key = channel.register(selector, interest, this);
    }

    @Override
    public void ready(SelectionKey readyKey) {
        int ready = readyKey.readyOps();
        if ((ready & SelectionKey.OP_CONNECT) != 0) {
            connected();
            return;
        }
        if ((ready & SelectionKey.OP_WRITE) != 0) {
            connection.hostWritable();
        }
        if ((ready & SelectionKey.OP_READ) != 0 && key.isValid()) {
            connection.hostReadable();
        }
    }

    private void connected() {
        try {
            channel.finishConnect();
        } catch (IOException _) {
            // Refused, or out of reach: the guest learns it as it would from the host itself.
            connection.abort();
            return;
        }
        setInterest(0);
        connection.hostConnected();
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        return channel.read(target);
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        return channel.write(source);
    }

    @Override
    public void shutdownOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public void interest(boolean read, boolean write) {
        setInterest((read ? SelectionKey.OP_READ : 0) | (write ? SelectionKey.OP_WRITE : 0));
    }

    private void setInterest(int events) {
        if (events != interest) {
            interest = events;
            try {
                key.interestOps(events);
            } catch (CancelledKeyException _) {
                // Closed meanwhile: there will be no more events.
                interest = 0;
            }
        }
    }

    @Override
    public void close(boolean abort) {
        try {
            if (abort && channel.isOpen()) {
                channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
        } catch (IOException _) {
            // The peer was faster: the connection is gone already.
            interest = 0;
        }
        HostChannels.close(channel);
    }
}
