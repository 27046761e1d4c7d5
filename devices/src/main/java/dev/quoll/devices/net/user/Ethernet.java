package dev.quoll.devices.net.user;

/** Layout of Ethernet II frames. */
final class Ethernet {
    static final int DESTINATION = 0;
    static final int SOURCE = 6;
    static final int TYPE = 12;
    static final int HEADER = 14;

    static final int IPV4 = 0x0800;
    static final int ARP = 0x0806;

    private Ethernet() {}
}
