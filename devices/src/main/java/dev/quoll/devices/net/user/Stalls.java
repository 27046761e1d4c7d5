package dev.quoll.devices.net.user;

import java.nio.channels.SelectionKey;
import java.util.ArrayDeque;

/** Sockets that are not listened to because the guest has no room: datagrams wait, and in the end are lost, in the host's kernel. */
final class Stalls {
    private final ArrayDeque<SelectionKey> keys = new ArrayDeque<>();

    void add(SelectionKey key) {
        key.interestOps(0);
        keys.add(key);
    }

    /** The guest has room again. */
    void end() {
        while (!keys.isEmpty()) {
            SelectionKey key = keys.poll();
            if (key.isValid()) {
                key.interestOps(SelectionKey.OP_READ);
            }
        }
    }
}
