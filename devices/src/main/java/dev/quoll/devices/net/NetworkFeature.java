package dev.quoll.devices.net;

/** Feature bits of the network device (virtio 1.2, section 5.1.3). */
enum NetworkFeature {
    CSUM(0),
    GUEST_CSUM(1),
    MTU(3),
    MAC(5),
    GUEST_TSO4(7),
    GUEST_TSO6(8),
    HOST_TSO4(11),
    HOST_TSO6(12),
    MRG_RXBUF(15),
    STATUS(16),
    CTRL_VQ(17),
    CTRL_RX(18),
    CTRL_VLAN(19),
    CTRL_RX_EXTRA(20),
    MQ(22),
    CTRL_MAC_ADDR(23);

    private final int bit;

    NetworkFeature(int bit) {
        this.bit = bit;
    }

    long mask() {
        return 1L << bit;
    }

    boolean in(long features) {
        return (features & mask()) != 0;
    }
}
