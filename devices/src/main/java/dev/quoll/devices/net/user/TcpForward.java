package dev.quoll.devices.net.user;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A TCP port of the host that leads into the guest: every connection to it becomes one from the gateway to the guest. */
final class TcpForward extends Deadlines.Entry implements SelectorEvents {
    private static final long PAUSE = 1_000_000_000L;
    private static final int ACCEPTS_A_TURN = 16;

    private final ServerSocketChannel listener;
    private final TcpNat tcp;
    private final TcpContext context;
    private final int gateway;
    private final int guestAddress;
    private final int guestPort;
    private SelectionKey paused;

    TcpForward(ServerSocketChannel listener, TcpNat tcp, TcpContext context, int gateway, int guestAddress, int guestPort) {
        this.listener = listener;
        this.tcp = tcp;
        this.context = context;
        this.gateway = gateway;
        this.guestAddress = guestAddress;
        this.guestPort = guestPort;
    }

    @Override
    public void ready(SelectionKey key) {
        try {
            for (int i = 0; i < ACCEPTS_A_TURN; i++) {
                SocketChannel channel = listener.accept();
                if (channel == null) {
                    return;
                }
                channel.configureBlocking(false);
                if (!tcp.open(channel, gateway, guestAddress, guestPort)) {
                    HostChannels.close(channel);
                }
            }
        } catch (IOException _) {
            // The host has no more files: callers wait in the listener's queue for a while.
            paused = key;
            key.interestOps(0);
            context.deadlines.set(this, context.now() + PAUSE);
        }
    }

    @Override
    void expired(long now) {
        if (paused.isValid()) {
            paused.interestOps(SelectionKey.OP_ACCEPT);
        }
    }
}
