package dev.quoll.devices.net.user;

import dev.quoll.devices.net.NetworkFrame;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.function.LongSupplier;

/** A UDP port of the host that leads into the guest. Each peer outside looks to the guest like a port of the gateway. */
final class UdpForward implements SelectorEvents {
    private static final int MOST_DATA = 65507;
    private static final int PORTS = 65536;

    /** Somebody who has sent to the forwarded port. */
    final class Peer extends Deadlines.Entry {
        private final InetSocketAddress address;
        private final UdpNat.Endpoints endpoints;

        private Peer(InetSocketAddress address, UdpNat.Endpoints endpoints) {
            this.address = address;
            this.endpoints = endpoints;
        }

        /** Sends the guest's answer to it. */
        void send(byte[] bytes, int offset, int length, long now) {
            use(now);
            try {
                channel.send(ByteBuffer.wrap(bytes, offset, length), address);
            } catch (IOException _) {
                // Too large, or no route: lost, as datagrams are.
                forget(this);
            }
        }

        private void use(long now) {
            nat.deadlines().set(this, now + Limits.UDP_IDLE);
        }

        @Override
        void expired(long now) {
            forget(this);
        }
    }

    private final DatagramChannel channel;
    private final UdpNat nat;
    private final LongSupplier clock;
    private final int gateway;
    private final int guestAddress;
    private final int guestPort;
    private final SequencedMap<InetSocketAddress, Peer> peers = new LinkedHashMap<>(16, 0.75f, true);

    UdpForward(DatagramChannel channel, UdpNat nat, LongSupplier clock, int gateway, int guestAddress, int guestPort) {
        this.channel = channel;
        this.nat = nat;
        this.clock = clock;
        this.gateway = gateway;
        this.guestAddress = guestAddress;
        this.guestPort = guestPort;
    }

    @Override
    public void ready(SelectionKey key) {
        NetworkFrame frame = nat.link().frame();
        int before = GuestLink.PAYLOAD + UdpHeader.LENGTH;
        for (int i = 0; i < Limits.DATAGRAMS_A_TURN; i++) {
            ByteBuffer room = frame.view(before, MOST_DATA);
            InetSocketAddress from;
            try {
                from = (InetSocketAddress) channel.receive(room);
            } catch (IOException _) {
                // An ICMP error about something sent before: not about this socket.
                return;
            }
            if (from == null) {
                return;
            }
            Peer peer = peer(from);
            if (!nat.link().sendUdp(gateway, peer.endpoints.remotePort(), guestAddress, guestPort, room.position() - before)) {
                nat.stalls().add(key);
                return;
            }
        }
    }

    private Peer peer(InetSocketAddress from) {
        long now = clock.getAsLong();
        Peer known = peers.get(from);
        if (known == null) {
            if (peers.size() >= Limits.FORWARD_PEERS) {
                forget(peers.firstEntry().getValue());
            }
            int port = from.getPort();
            UdpNat.Endpoints endpoints = new UdpNat.Endpoints(guestAddress, guestPort, gateway, port);
            while (port == 0 || nat.peers().containsKey(endpoints)) {
                port = (port + 1) % PORTS;
                endpoints = new UdpNat.Endpoints(guestAddress, guestPort, gateway, port);
            }
            known = new Peer(from, endpoints);
            peers.put(from, known);
            nat.peers().put(endpoints, known);
        }
        known.use(now);
        return known;
    }

    private void forget(Peer peer) {
        nat.deadlines().remove(peer);
        peers.remove(peer.address);
        nat.peers().remove(peer.endpoints);
    }
}
