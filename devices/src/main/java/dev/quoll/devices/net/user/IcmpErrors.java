package dev.quoll.devices.net.user;

import dev.quoll.devices.net.BigEndian;
import dev.quoll.devices.net.InternetChecksum;

/** Tells the guest in ICMP why a packet goes nowhere (RFC 792). */
final class IcmpErrors {
    /** Codes of "destination unreachable" (RFC 792, RFC 1122, 3.2.2.1). */
    static final int HOST = 1;
    static final int PORT = 3;
    static final int PROHIBITED = 13;

    private static final int UNREACHABLE = 3;
    private static final int TIME_EXCEEDED = 11;
    private static final int HEADER = 8;
    /** Of the packet's payload. */
    private static final int QUOTED = 8;

    private final GuestLink link;
    private final Ipv4Subnet net;

    IcmpErrors(GuestLink link, Ipv4Subnet net) {
        this.link = link;
        this.net = net;
    }

    void unreachable(Ipv4Packet packet, int code) {
        send(packet, UNREACHABLE, code);
    }

    void timeExceeded(Ipv4Packet packet) {
        send(packet, TIME_EXCEEDED, 0);
    }

    private void send(Ipv4Packet packet, int type, int code) {
        if (packet.protocol == Ipv4Packet.ICMP || !Ipv4Address.unicast(packet.destination) || packet.destination == net.broadcast()) {
            // Never about an ICMP message or a packet to many (RFC 1122, 3.2.2).
            return;
        }
        send(packet.bytes, packet.offset, packet.headerLength + Math.min(packet.payloadLength(), QUOTED), packet.source, type, code);
    }

    /** About a packet of which no more than its beginning is kept. */
    void portUnreachable(byte[] quoted, int guestAddress) {
        send(quoted, 0, quoted.length, guestAddress, UNREACHABLE, PORT);
    }

    private void send(byte[] quoted, int offset, int length, int guestAddress, int type, int code) {
        byte[] bytes = link.bytes();
        int at = GuestLink.PAYLOAD;
        BigEndian.put32(bytes, at, type << 24 | code << 16);
        BigEndian.put32(bytes, at + 4, 0);
        System.arraycopy(quoted, offset, bytes, at + HEADER, length);
        BigEndian.put16(bytes, at + 2, InternetChecksum.of(InternetChecksum.add(0, bytes, at, HEADER + length)));
        link.send(Ipv4Packet.ICMP, net.gateway(), guestAddress, HEADER + length);
    }
}
