package dev.quoll.devices.net.user;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Which address of the host's world an address of the guest's world stands for. */
final class HostAddresses {
    private static final int DNS_PORT = 53;

    private final Ipv4Subnet net;
    private final Resolvers resolvers;
    private final boolean restricted;

    HostAddresses(Ipv4Subnet net, Resolvers resolvers, boolean restricted) {
        this.net = net;
        this.resolvers = resolvers;
        this.restricted = restricted;
    }

    /**
     * Where a packet of the guest goes: the gateway is the host itself, the name server the host's, anything outside the guest's network
     * itself.
     *
     * @return null for what cannot or may not be reached
     */
    InetSocketAddress reach(int address, int port) {
        if (restricted || port == 0) {
            return null;
        }
        if (address == net.gateway()) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        }
        if (address == net.nameServer()) {
            return port == DNS_PORT ? resolvers.current() : null;
        }
        return outside(address) ? new InetSocketAddress(Ipv4Address.inet(address), port) : null;
    }

    /** Whether an address is one of the world's. */
    boolean outside(int address) {
        return Ipv4Address.unicast(address) && !net.contains(address);
    }

    /** Whether the guest may talk to an outside address at all. */
    boolean restricted() {
        return restricted;
    }

    /** Whether an address is that of the name server's DNS service. */
    boolean nameService(int address, int port) {
        return address == net.nameServer() && port == DNS_PORT;
    }

    Resolvers resolvers() {
        return resolvers;
    }
}
