package dev.quoll.devices.net.user;

import java.net.InetSocketAddress;
import java.util.List;

/**
 * How a network in user mode is to be.
 *
 * @param net the guest's network
 * @param forwards ports of the host that lead to the guest
 * @param nameServers servers that answer the guest's DNS queries; none to take those of the host
 * @param restricted whether the guest is kept from host and world: only DHCP, the gateway's ping and {@code forwards} work
 * @param mtu largest IP packet, {@link #LEAST_MTU} to {@link #MOST_MTU}
 */
public record UserNetworkOptions(
        Ipv4Subnet net, List<HostForward> forwards, List<InetSocketAddress> nameServers, boolean restricted, int mtu) {
    /** Room for the largest packet that every host takes (RFC 791, 3.1). */
    public static final int LEAST_MTU = 576;
    /** What one frame holds. */
    public static final int MOST_MTU = 65520;
    public static final int DEFAULT_MTU = 1500;

    public static final UserNetworkOptions DEFAULT =
            new UserNetworkOptions(Ipv4Subnet.DEFAULT, List.of(), List.of(), false, DEFAULT_MTU);

    public UserNetworkOptions {
        forwards = List.copyOf(forwards);
        nameServers = List.copyOf(nameServers);
        if (mtu < LEAST_MTU || mtu > MOST_MTU) {
            throw new IllegalArgumentException("an MTU is from %d to %d, not %d".formatted(LEAST_MTU, MOST_MTU, mtu));
        }
        for (HostForward forward : forwards) {
            if (forward.guestAddress() != 0 && !net.guest(forward.guestAddress())) {
                throw new IllegalArgumentException(
                        "%s leads to an address that no guest in %s can have".formatted(forward, net));
            }
        }
    }

    /** An address of a name server. @throws IllegalArgumentException unless it is {@code ADDRESS} or {@code ADDRESS:PORT} */
    public static InetSocketAddress parseNameServer(String text) {
        int colon = text.indexOf(':');
        String port = colon < 0 ? "53" : text.substring(colon + 1);
        if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65535) {
            throw new IllegalArgumentException("\"%s\" is not an address of a name server such as 192.0.2.1:53".formatted(text));
        }
        return new InetSocketAddress(
                Ipv4Address.inet(Ipv4Address.parse(colon < 0 ? text : text.substring(0, colon))), Integer.parseInt(port));
    }
}
