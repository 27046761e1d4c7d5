package dev.quoll.devices.net.user;

import dev.quoll.devices.net.BigEndian;
import dev.quoll.devices.net.InternetChecksum;
import dev.quoll.devices.net.MacAddress;
import dev.quoll.devices.net.NetworkFrame;
import dev.quoll.devices.net.NetworkPort;
import dev.quoll.devices.net.Offloads;
import java.util.function.LongSupplier;

/**
 * The way to the guest: makes Ethernet and IPv4 headers around what others put into the one outgoing frame, and finds the guest's
 * Ethernet address.
 */
final class GuestLink {
    /** Where the IPv4 header begins, and what follows it. */
    static final int IP = Ethernet.HEADER;
    static final int PAYLOAD = IP + Ipv4Packet.HEADER;

    private static final int TIME_TO_LIVE = 64;
    private static final int DONT_FRAGMENT = 0x4000;
    private static final int MORE_FRAGMENTS = 0x2000;
    private static final long ARP_INTERVAL = 500_000_000L;
    private static final int ARP_LENGTH = 28;
    private static final int ARP_REQUEST = 1;
    private static final int ARP_REPLY = 2;

    private final NetworkPort port;
    private final Ipv4Subnet net;
    private final LongSupplier clock;
    private final int mtu;
    private final long mac;
    private final Offloads guestAccepts;
    private final Neighbours neighbours = new Neighbours();
    private final NetworkFrame frame = new NetworkFrame();
    private final byte[] datagram = new byte[Ipv4Packet.HEADER + 65535];
    private int identification;
    private long arpAllowed = Long.MIN_VALUE;
    private boolean full;

    /** @param mac the gateway's Ethernet address */
    GuestLink(NetworkPort port, Ipv4Subnet net, LongSupplier clock, int mtu, MacAddress mac) {
        this.port = port;
        this.net = net;
        this.clock = clock;
        this.mtu = mtu;
        this.mac = mac.value();
        guestAccepts = port.accepts();
    }

    int mtu() {
        return mtu;
    }

    Neighbours neighbours() {
        return neighbours;
    }

    /** Whether TCP segments of any size may go to the guest. */
    boolean largeSegments() {
        return guestAccepts.tcp4();
    }

    /** The outgoing frame's bytes; transport headers go to {@link #PAYLOAD}. */
    byte[] bytes() {
        return frame.bytes();
    }

    /** The outgoing frame, for those that read from the host into it. */
    NetworkFrame frame() {
        return frame;
    }

    /**
     * Sends the payload in the outgoing frame as one packet, not to be fragmented.
     *
     * @return false when the guest has no room
     */
    boolean send(int protocol, int source, int destination, int payloadLength) {
        return sendPacket(protocol, source, destination, payloadLength, 0, DONT_FRAGMENT);
    }

    private boolean sendPacket(int protocol, int source, int destination, int payloadLength, int id, int fragmentWord) {
        int total = Ipv4Packet.HEADER + payloadLength;
        frame.setPlain(IP + total);
        header(protocol, source, destination, total, id, fragmentWord);
        return transmit(destination);
    }

    /** UDP and TCP: sets the checksum at a place within the payload first, or leaves it to a guest that is content with that. */
    boolean sendTransport(int protocol, int source, int destination, int payloadLength, int checksumAt, int segmentSize, int headerLength) {
        byte[] bytes = frame.bytes();
        int total = Ipv4Packet.HEADER + payloadLength;
        frame.setPlain(IP + total);
        header(protocol, source, destination, total, 0, DONT_FRAGMENT);
        int field = PAYLOAD + checksumAt;
        long pseudo = InternetChecksum.pseudoHeader(bytes, IP, protocol, payloadLength);
        if (guestAccepts.checksum()) {
            BigEndian.put16(bytes, field, InternetChecksum.fold(pseudo));
            boolean large = payloadLength - headerLength > segmentSize;
            frame.setOffload(
                    NetworkFrame.NEEDS_CHECKSUM,
                    large ? NetworkFrame.GSO_TCP4 : NetworkFrame.GSO_NONE,
                    large ? PAYLOAD + headerLength : 0,
                    large ? segmentSize : 0,
                    PAYLOAD,
                    checksumAt);
        } else {
            BigEndian.put16(bytes, field, 0);
            BigEndian.put16(bytes, field, InternetChecksum.of(InternetChecksum.add(pseudo, bytes, PAYLOAD, payloadLength)));
        }
        return transmit(destination);
    }

    /**
     * Sends the UDP datagram whose data is in the outgoing frame behind the header, in fragments when it is larger than the MTU.
     *
     * @return false when the guest has no room for it, or for all of it
     */
    boolean sendUdp(int source, int sourcePort, int destination, int destinationPort, int dataLength) {
        byte[] bytes = frame.bytes();
        int length = UdpHeader.LENGTH + dataLength;
        UdpHeader.put(bytes, PAYLOAD, sourcePort, destinationPort, length);
        if (Ipv4Packet.HEADER + length <= mtu) {
            return sendTransport(Ipv4Packet.UDP, source, destination, length, UdpHeader.CHECKSUM, Integer.MAX_VALUE, UdpHeader.LENGTH);
        }
        header(Ipv4Packet.UDP, source, destination, Ipv4Packet.HEADER + length, 0, 0);
        long sum = InternetChecksum.add(
                InternetChecksum.pseudoHeader(bytes, IP, Ipv4Packet.UDP, length), bytes, PAYLOAD, length);
        int checksum = InternetChecksum.of(sum);
        // A computed zero is sent as all ones: zero says that there is none (RFC 768).
        BigEndian.put16(bytes, PAYLOAD + UdpHeader.CHECKSUM, checksum == 0 ? 0xffff : checksum);
        return fragments(Ipv4Packet.UDP, source, destination, length);
    }

    /** Sends the payload in the outgoing frame, in fragments when it must be (RFC 791, 3.2). */
    boolean fragments(int protocol, int source, int destination, int length) {
        if (Ipv4Packet.HEADER + length <= mtu) {
            return send(protocol, source, destination, length);
        }
        byte[] bytes = frame.bytes();
        System.arraycopy(bytes, PAYLOAD, datagram, 0, length);
        identification++;
        int most = mtu - Ipv4Packet.HEADER & ~7;
        for (int done = 0; done < length; done += most) {
            int piece = Math.min(most, length - done);
            System.arraycopy(datagram, done, bytes, PAYLOAD, piece);
            int word = done / 8 | (done + piece < length ? MORE_FRAGMENTS : 0);
            if (!sendPacket(protocol, source, destination, piece, identification, word)) {
                return false;
            }
        }
        return true;
    }

    private void header(int protocol, int source, int destination, int total, int id, int fragmentWord) {
        byte[] bytes = frame.bytes();
        BigEndian.put16(bytes, Ethernet.TYPE, Ethernet.IPV4);
        BigEndian.put16(bytes, IP, 0x4500);
        BigEndian.put16(bytes, IP + 2, total);
        BigEndian.put16(bytes, IP + 4, id);
        BigEndian.put16(bytes, IP + 6, fragmentWord);
        BigEndian.put8(bytes, IP + 8, TIME_TO_LIVE);
        BigEndian.put8(bytes, IP + 9, protocol);
        BigEndian.put16(bytes, IP + 10, 0);
        BigEndian.put32(bytes, IP + 12, source);
        BigEndian.put32(bytes, IP + 16, destination);
        BigEndian.put16(bytes, IP + 10, InternetChecksum.of(InternetChecksum.add(0, bytes, IP, Ipv4Packet.HEADER)));
    }

    /** Sends the frame; one to an address nobody is known to have is lost, and asked for. */
    private boolean transmit(int destination) {
        long station = destination == Ipv4Address.BROADCAST || destination == net.broadcast()
                ? MacAddress.BROADCAST.value()
                : neighbours.find(destination);
        if (station < 0) {
            askFor(destination);
            return true;
        }
        return transmitTo(station);
    }

    /** Sends the IPv4 packet as {@link #send} does, to a station that need not have an address yet. */
    boolean sendTo(long station, int protocol, int source, int destination, int payloadLength) {
        int total = Ipv4Packet.HEADER + payloadLength;
        frame.setPlain(IP + total);
        header(protocol, source, destination, total, 0, DONT_FRAGMENT);
        return transmitTo(station);
    }

    private boolean transmitTo(long station) {
        MacAddress.put(frame.bytes(), Ethernet.DESTINATION, station);
        MacAddress.put(frame.bytes(), Ethernet.SOURCE, mac);
        full = full || !port.offer(frame);
        return !full;
    }

    /** Whether the guest has refused a frame and may not have room yet. */
    boolean full() {
        return full;
    }

    /** The guest may have room again; until this is said, a refusal stands for all frames after it. */
    void mayHaveRoom() {
        full = false;
    }

    private void askFor(int address) {
        long now = clock.getAsLong();
        if (now >= arpAllowed) {
            arpAllowed = now + ARP_INTERVAL;
            arp(ARP_REQUEST, net.gateway(), 0, address, MacAddress.BROADCAST.value());
        }
    }

    /** Takes an ARP packet from the guest (RFC 826): learns, and answers for the gateway and the name server. */
    void receiveArp(NetworkFrame from) {
        byte[] bytes = from.bytes();
        int at = Ethernet.HEADER;
        if (from.length() < at + ARP_LENGTH
                || BigEndian.i32(bytes, at) != (1 << 16 | Ethernet.IPV4)
                || BigEndian.u16(bytes, at + 4) != (MacAddress.LENGTH << 8 | 4)) {
            return;
        }
        long sender = MacAddress.at(bytes, at + 8);
        int senderAddress = BigEndian.i32(bytes, at + 14);
        int target = BigEndian.i32(bytes, at + 24);
        if (net.guest(senderAddress) && !new MacAddress(sender).group()) {
            neighbours.learn(senderAddress, sender);
        }
        boolean ours = target == net.gateway() || target == net.nameServer();
        if (BigEndian.u16(bytes, at + 6) == ARP_REQUEST && ours) {
            arp(ARP_REPLY, target, sender, senderAddress, sender);
        }
    }

    private boolean arp(int operation, int source, long targetMac, int target, long station) {
        byte[] bytes = frame.bytes();
        int at = Ethernet.HEADER;
        BigEndian.put16(bytes, Ethernet.TYPE, Ethernet.ARP);
        BigEndian.put32(bytes, at, 1 << 16 | Ethernet.IPV4);
        BigEndian.put16(bytes, at + 4, MacAddress.LENGTH << 8 | 4);
        BigEndian.put16(bytes, at + 6, operation);
        MacAddress.put(bytes, at + 8, mac);
        BigEndian.put32(bytes, at + 14, source);
        MacAddress.put(bytes, at + 18, targetMac);
        BigEndian.put32(bytes, at + 24, target);
        frame.setPlain(at + ARP_LENGTH);
        return transmitTo(station);
    }
}
