package dev.quoll.devices.net.user;

import dev.quoll.devices.net.BigEndian;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * The guest's UDP conversations. Each pair of endpoints has a connected socket of the host, so that the host's kernel keeps strangers
 * out and reports ports where nobody listens. When there are too many, the one that has been silent longest goes.
 */
final class UdpNat {
    /** Two endpoints. */
    record Endpoints(int guestAddress, int guestPort, int remoteAddress, int remotePort) {}

    private final GuestLink link;
    private final Selector selector;
    private final Deadlines deadlines;
    private final HostAddresses addresses;
    private final IcmpErrors errors;
    private final Stalls stalls;
    private final DhcpServer dhcp;
    private final SequencedMap<Endpoints, UdpFlow> flows = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<Endpoints, UdpForward.Peer> peers = new HashMap<>();

    UdpNat(GuestLink link, Selector selector, Deadlines deadlines, HostAddresses addresses, IcmpErrors errors, Stalls stalls, DhcpServer dhcp) {
        this.link = link;
        this.selector = selector;
        this.deadlines = deadlines;
        this.addresses = addresses;
        this.errors = errors;
        this.stalls = stalls;
        this.dhcp = dhcp;
    }

    /** Takes a packet from the guest. */
    void receive(Ipv4Packet packet, long now) {
        int at = packet.payload();
        byte[] bytes = packet.bytes;
        if (packet.payloadLength() < UdpHeader.LENGTH) {
            return;
        }
        int length = BigEndian.u16(bytes, at + 4);
        boolean summed = BigEndian.u16(bytes, at + UdpHeader.CHECKSUM) != 0;
        if (length < UdpHeader.LENGTH || length > packet.payloadLength() || summed && !packet.transportChecksumRight()) {
            return;
        }
        int guestPort = BigEndian.u16(bytes, at);
        int remotePort = BigEndian.u16(bytes, at + 2);
        int data = at + UdpHeader.LENGTH;
        int dataLength = length - UdpHeader.LENGTH;
        if (remotePort == DhcpServer.SERVER_PORT) {
            dhcp.receive(bytes, data, dataLength);
            return;
        }
        Endpoints endpoints = new Endpoints(packet.source, guestPort, packet.destination, remotePort);
        UdpForward.Peer peer = peers.get(endpoints);
        if (peer != null) {
            peer.send(bytes, data, dataLength, now);
            return;
        }
        UdpFlow flow = flow(endpoints, packet);
        if (flow != null) {
            flow.send(bytes, data, dataLength, now);
        }
    }

    private UdpFlow flow(Endpoints endpoints, Ipv4Packet packet) {
        if (endpoints.guestPort() == 0 || !Ipv4Address.unicast(endpoints.remoteAddress())) {
            return null;
        }
        InetSocketAddress target = addresses.reach(endpoints.remoteAddress(), endpoints.remotePort());
        if (target == null) {
            errors.unreachable(packet, addresses.restricted() ? IcmpErrors.PROHIBITED : IcmpErrors.PORT);
            return null;
        }
        UdpFlow flow = flows.get(endpoints);
        if (flow != null && !flow.target().equals(target)) {
            // Another name server is asked by now.
            flow.close();
            flow = null;
        }
        return flow != null ? flow : open(endpoints, target, packet);
    }

    private UdpFlow open(Endpoints endpoints, InetSocketAddress target, Ipv4Packet packet) {
        if (flows.size() >= Limits.UDP_FLOWS) {
            flows.firstEntry().getValue().close();
        }
        DatagramChannel channel = null;
        try {
            channel = DatagramChannel.open();
            channel.configureBlocking(false);
            channel.connect(target);
            UdpFlow flow = new UdpFlow(this, endpoints, target, channel, packet);
            channel.register(selector, SelectionKey.OP_READ, flow);
            flows.put(endpoints, flow);
            return flow;
        } catch (IOException _) {
            // No route, no more files.
            if (channel != null) {
                HostChannels.close(channel);
            }
            errors.unreachable(packet, IcmpErrors.HOST);
            return null;
        }
    }

    GuestLink link() {
        return link;
    }

    Deadlines deadlines() {
        return deadlines;
    }

    HostAddresses addresses() {
        return addresses;
    }

    IcmpErrors errors() {
        return errors;
    }

    Stalls stalls() {
        return stalls;
    }

    void forget(Endpoints endpoints) {
        flows.remove(endpoints);
    }

    /** Peers of forwarded ports, by the endpoints as the guest sees them. */
    Map<Endpoints, UdpForward.Peer> peers() {
        return peers;
    }

    int size() {
        return flows.size();
    }
}
