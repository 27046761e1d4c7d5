package dev.quoll.devices.net;

import java.util.List;

/**
 * Which frames a card hands to its driver (virtio 1.2, section 5.1.6.5.1 and 5.1.6.5.2). Until the driver says something, all. Immutable.
 *
 * @param mac the card's address
 * @param modes the switches of {@code VIRTIO_NET_CTRL_RX}, a bit for each command's number
 * @param unicast further addresses
 * @param multicast groups
 */
record ReceiveFilter(MacAddress mac, int modes, List<MacAddress> unicast, List<MacAddress> multicast) {
    /** Commands of the class, and numbers of their bits. */
    static final int PROMISCUOUS = 0;

    static final int ALL_MULTICAST = 1;
    static final int ALL_UNICAST = 2;
    static final int NO_MULTICAST = 3;
    static final int NO_UNICAST = 4;
    static final int NO_BROADCAST = 5;

    /** Addresses a table holds; with more, all of its kind are let in (section 5.1.6.5.2). */
    static final int TABLE = 64;

    static ReceiveFilter initial(MacAddress mac) {
        return new ReceiveFilter(mac, 1 << PROMISCUOUS, List.of(), List.of());
    }

    ReceiveFilter withMac(MacAddress address) {
        return new ReceiveFilter(address, modes, unicast, multicast);
    }

    ReceiveFilter withMode(int command, boolean on) {
        return new ReceiveFilter(mac, on ? modes | 1 << command : modes & ~(1 << command), unicast, multicast);
    }

    ReceiveFilter withTables(List<MacAddress> single, List<MacAddress> groups) {
        return new ReceiveFilter(mac, modes, List.copyOf(single), List.copyOf(groups));
    }

    private boolean on(int mode) {
        return (modes >>> mode & 1) != 0;
    }

    boolean accepts(byte[] frame) {
        long destination = MacAddress.at(frame, 0);
        if (on(PROMISCUOUS)) {
            return true;
        }
        if (destination == MacAddress.BROADCAST.value()) {
            return !on(NO_BROADCAST);
        }
        if (MacAddress.isGroup(destination)) {
            return !on(NO_MULTICAST) && (on(ALL_MULTICAST) || multicast.size() > TABLE || holds(multicast, destination));
        }
        return !on(NO_UNICAST)
                && (on(ALL_UNICAST) || destination == mac.value() || unicast.size() > TABLE || holds(unicast, destination));
    }

    private static boolean holds(List<MacAddress> table, long address) {
        for (int i = 0; i < table.size(); i++) {
            if (table.get(i).value() == address) {
                return true;
            }
        }
        return false;
    }
}
