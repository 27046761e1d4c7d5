package dev.quoll.devices.net.user;

import java.util.function.Consumer;

/** The TCP connections of a network, by addresses and ports. */
final class ConnectionTable {
    private static final int BUCKETS = 2 * Limits.TCP_CONNECTIONS;

    private final TcpConnection[] buckets = new TcpConnection[BUCKETS];
    private int size;

    int size() {
        return size;
    }

    private static int bucket(int guestAddress, int guestPort, int remoteAddress, int remotePort) {
        int mixed = (guestAddress * 31 + remoteAddress) * 31 + (guestPort << 16 | remotePort);
        mixed *= 0x9e3779b1;
        return (mixed ^ mixed >>> 15) & BUCKETS - 1;
    }

    TcpConnection find(int guestAddress, int guestPort, int remoteAddress, int remotePort) {
        TcpConnection at = buckets[bucket(guestAddress, guestPort, remoteAddress, remotePort)];
        while (at != null
                && (at.guestPort() != guestPort || at.remotePort() != remotePort
                        || at.guestAddress() != guestAddress || at.remoteAddress() != remoteAddress)) {
            at = at.nextInBucket;
        }
        return at;
    }

    /** Adds a connection whose place is free. */
    void add(TcpConnection connection) {
        int bucket = bucketOf(connection);
        connection.nextInBucket = buckets[bucket];
        buckets[bucket] = connection;
        size++;
    }

    private static int bucketOf(TcpConnection connection) {
        return bucket(connection.guestAddress(), connection.guestPort(), connection.remoteAddress(), connection.remotePort());
    }

    void remove(TcpConnection connection) {
        int bucket = bucketOf(connection);
        TcpConnection before = null;
        for (TcpConnection at = buckets[bucket]; at != null; at = at.nextInBucket) {
            if (at == connection) {
                if (before == null) {
                    buckets[bucket] = at.nextInBucket;
                } else {
                    before.nextInBucket = at.nextInBucket;
                }
                size--;
                return;
            }
            before = at;
        }
    }

    /** Gives each to an action, which may remove it. */
    void forEach(Consumer<TcpConnection> action) {
        for (TcpConnection first : buckets) {
            TcpConnection at = first;
            while (at != null) {
                TcpConnection next = at.nextInBucket;
                action.accept(at);
                at = next;
            }
        }
    }
}
