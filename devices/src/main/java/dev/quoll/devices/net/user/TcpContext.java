package dev.quoll.devices.net.user;

import java.util.ArrayDeque;
import java.util.function.LongSupplier;

/** What the connections of one network share. */
final class TcpContext {
    final GuestLink link;
    final LongSupplier clock;
    final Deadlines deadlines;
    final BufferBudget budget = new BufferBudget(Limits.TCP_BUFFERS);
    final TcpOutput output;
    /** Connections with something to send for which the guest had no room, or which owe an acknowledgment at the end of the turn. */
    private final ArrayDeque<TcpConnection> waiting = new ArrayDeque<>();

    TcpContext(GuestLink link, LongSupplier clock, Deadlines deadlines) {
        this.link = link;
        this.clock = clock;
        this.deadlines = deadlines;
        output = new TcpOutput(link);
    }

    long now() {
        return clock.getAsLong();
    }

    /** The connection has to be asked to send at the end of the turn. */
    void later(TcpConnection connection) {
        if (!connection.waiting) {
            connection.waiting = true;
            waiting.add(connection);
        }
    }

    /** Asks each of those that wait once; stops when the guest has no room. */
    void flush() {
        for (int left = waiting.size(); left > 0; left--) {
            TcpConnection next = waiting.poll();
            next.waiting = false;
            next.flush();
            if (next.waiting) {
                return;
            }
        }
    }
}
