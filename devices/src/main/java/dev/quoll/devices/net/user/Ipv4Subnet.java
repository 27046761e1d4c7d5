package dev.quoll.devices.net.user;

/**
 * The guest's network. Its second host is the gateway, which stands for the host, its third answers DNS, and leases begin with the
 * fifteenth: the places users know from QEMU.
 *
 * @param network address of the network
 * @param prefix bits of the network, 8 to 27
 */
public record Ipv4Subnet(int network, int prefix) {
    private static final int GATEWAY = 2;
    private static final int NAME_SERVER = 3;
    private static final int FIRST_LEASE = 15;

    public static final Ipv4Subnet DEFAULT = parse("10.0.2.0/24");

    public Ipv4Subnet {
        if (prefix < 8 || prefix > 27) {
            throw new IllegalArgumentException("a guest's network has a prefix of 8 to 27 bits, not %d".formatted(prefix));
        }
        if ((network & ~maskOf(prefix)) != 0 || !Ipv4Address.unicast(network)) {
            throw new IllegalArgumentException(
                    "%s/%d is not the address of a network".formatted(Ipv4Address.format(network), prefix));
        }
    }

    /** @throws IllegalArgumentException unless it is {@code ADDRESS/BITS}; a sentence without its full stop */
    public static Ipv4Subnet parse(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || !text.substring(slash + 1).matches("[0-9]{1,2}")) {
            throw new IllegalArgumentException("\"%s\" is not a network such as 10.0.2.0/24".formatted(text));
        }
        return new Ipv4Subnet(Ipv4Address.parse(text.substring(0, slash)), Integer.parseInt(text.substring(slash + 1)));
    }

    private static int maskOf(int bits) {
        return -1 << 32 - bits;
    }

    int mask() {
        return maskOf(prefix);
    }

    int gateway() {
        return network + GATEWAY;
    }

    int nameServer() {
        return network + NAME_SERVER;
    }

    int firstLease() {
        return network + FIRST_LEASE;
    }

    int broadcast() {
        return network | ~mask();
    }

    boolean contains(int address) {
        return (address & mask()) == network;
    }

    /** Whether a station of the guest may call itself so. */
    boolean guest(int address) {
        return contains(address) && address != network && address != broadcast() && address != gateway() && address != nameServer();
    }

    @Override
    public String toString() {
        return Ipv4Address.format(network) + "/" + prefix;
    }
}
