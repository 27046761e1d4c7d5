package dev.quoll.devices.console;

import dev.quoll.devices.host.UnixListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A port behind a Unix socket of the host: who connects is the other end, one at a time; others wait until it has gone. The socket holds
 * what nobody has read yet, so nothing is kept here.
 */
public final class SocketEnd implements PortEnd {
    private static final System.Logger LOG = System.getLogger(SocketEnd.class.getName());

    private final Path path;
    private final ServerSocketChannel listener;
    private final Selector selector;
    private final Thread thread;
    private volatile Runnable changed = () -> {};
    private volatile SocketChannel client;
    private volatile boolean closed;

    /**
     * Opens the socket.
     *
     * @param path free, or left by a process that was killed; removed by {@link #close}
     * @throws IOException when it cannot be made; one sentence
     */
    public SocketEnd(Path path) throws IOException {
        this.path = path;
        listener = UnixListener.open(path, "the port's socket");
        try {
            selector = Selector.open();
            listener.register(selector, SelectionKey.OP_ACCEPT);
        } catch (IOException e) {
            listener.close();
            Files.deleteIfExists(path);
            throw new IOException("the port's socket %s cannot be watched: %s".formatted(path, e.getMessage()), e);
        }
        thread = Thread.ofPlatform().daemon().name("quoll-port-" + path.getFileName()).unstarted(this::watch);
    }

    @Override
    public void start(Runnable whenChanged) {
        changed = whenChanged;
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
    }

    private void watch() {
        try {
            while (!closed) {
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    if (key.channel() == listener) {
                        accept(key);
                    } else if (key.isValid()) {
                        // Once told, the reader or writer asks for it again when it has come to the end.
                        key.interestOpsAnd(~key.readyOps());
                        changed.run();
                    }
                }
                selector.selectedKeys().clear();
                // Only once the selector has let go of the last client can the next one come.
                listener.keyFor(selector).interestOps(client == null ? SelectionKey.OP_ACCEPT : 0);
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "the port at " + path + " takes no more connections", e);
            drop(client);
        }
    }

    private void accept(SelectionKey key) throws IOException {
        SocketChannel accepted = client == null ? listener.accept() : null;
        if (accepted == null) {
            return;
        }
        accepted.configureBlocking(false);
        accepted.register(selector, SelectionKey.OP_READ);
        client = accepted;
        key.interestOps(0);
        changed.run();
    }

    private void drop(SocketChannel gone) {
        if (gone == null || client != gone) {
            return;
        }
        client = null;
        try {
            gone.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "closing a socket", e);
        }
        selector.wakeup();
        changed.run();
    }

    private void await(SocketChannel channel, int operation) {
        SelectionKey key = channel.keyFor(selector);
        if (key != null && key.isValid() && (key.interestOpsOr(operation) & operation) == 0) {
            selector.wakeup();
        }
    }

    @Override
    public boolean connected() {
        return client != null;
    }

    @Override
    public int read(byte[] target, int start, int count) {
        SocketChannel from = client;
        if (from == null) {
            return 0;
        }
        try {
            int got = from.read(ByteBuffer.wrap(target, start, count));
            if (got < 0) {
                drop(from);
                return 0;
            }
            if (got == 0) {
                await(from, SelectionKey.OP_READ);
            }
            return got;
        } catch (IOException e) {
            drop(from);
            return 0;
        }
    }

    @Override
    public int write(byte[] source, int start, int count) {
        SocketChannel to = client;
        if (to == null) {
            return count;
        }
        try {
            int taken = to.write(ByteBuffer.wrap(source, start, count));
            if (taken < count) {
                await(to, SelectionKey.OP_WRITE);
            }
            return taken;
        } catch (IOException e) {
            drop(to);
            return count;
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        selector.wakeup();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        SocketChannel last = client;
        if (last != null) {
            last.close();
        }
        listener.close();
        selector.close();
        Files.deleteIfExists(path);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
