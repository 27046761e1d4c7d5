package dev.quoll.devices.net.user;

import dev.quoll.devices.net.BigEndian;

/** Makes TCP segments for the guest. */
final class TcpOutput {
    /** Our window scale: what it takes to tell {@link Limits#TCP_BUFFER} in 16 bits. */
    static final int WINDOW_SCALE = 5;

    private static final int CHECKSUM = 16;
    private static final int MOST_SACK_BLOCKS = 4;
    /** MSS, SACK permitted with two NOPs, window scale with one. */
    private static final int SYN_OPTIONS = 12;

    private final GuestLink link;

    TcpOutput(GuestLink link) {
        this.link = link;
    }

    /** Most bytes of data in a segment of ours as the guest sees it, without options. */
    int mss() {
        return link.mtu() - Ipv4Packet.HEADER - TcpSegment.HEADER;
    }

    /** Sends a segment with acknowledgment and window of the moment. @return false when the guest has no room */
    boolean segment(TcpConnection connection, int sequence, int flags, int dataOffset, int dataLength) {
        if (link.full()) {
            return false;
        }
        byte[] bytes = link.bytes();
        TcpReceiver receiver = connection.receiver();
        int at = GuestLink.PAYLOAD + TcpSegment.HEADER;
        if ((flags & TcpSegment.SYN) != 0) {
            at = synOptions(bytes, at, connection);
        } else if (connection.sackPermitted() && receiver.hasGaps()) {
            at = sackOption(bytes, at, receiver, dataLength);
        }
        int headerLength = at - GuestLink.PAYLOAD;
        boolean acknowledges = (flags & TcpSegment.ACK) != 0;
        header(bytes, connection.remotePort(), connection.guestPort(), sequence,
                acknowledges ? receiver.next() : 0, headerLength, flags,
                receiver.windowToTell((flags & TcpSegment.SYN) != 0));
        connection.sender().copyData(dataOffset, bytes, at, dataLength);
        boolean sent = link.sendTransport(Ipv4Packet.TCP, connection.remoteAddress(), connection.guestAddress(),
                headerLength + dataLength, CHECKSUM, connection.sender().mss(), headerLength);
        if (sent && acknowledges) {
            receiver.told();
        }
        return sent;
    }

    /** Answers a segment that belongs to no connection (RFC 9293, 3.10.7.1). Lost when the guest has no room. */
    void refuse(TcpSegment segment) {
        if (segment.has(TcpSegment.RST)) {
            return;
        }
        boolean acknowledged = segment.has(TcpSegment.ACK);
        header(link.bytes(), segment.remotePort, segment.guestPort,
                acknowledged ? segment.acknowledgment : 0,
                acknowledged ? 0 : segment.sequence + segment.span(),
                TcpSegment.HEADER,
                acknowledged ? TcpSegment.RST : TcpSegment.RST | TcpSegment.ACK,
                0);
        link.sendTransport(Ipv4Packet.TCP, segment.remoteAddress, segment.guestAddress,
                TcpSegment.HEADER, CHECKSUM, Integer.MAX_VALUE, TcpSegment.HEADER);
    }

    private static void header(
            byte[] bytes, int source, int destination, int sequence, int acknowledgment, int length, int flags, int window) {
        int at = GuestLink.PAYLOAD;
        BigEndian.put16(bytes, at, source);
        BigEndian.put16(bytes, at + 2, destination);
        BigEndian.put32(bytes, at + 4, sequence);
        BigEndian.put32(bytes, at + 8, acknowledgment);
        BigEndian.put8(bytes, at + 12, length / 4 << 4);
        BigEndian.put8(bytes, at + 13, flags);
        BigEndian.put16(bytes, at + 14, window);
        BigEndian.put32(bytes, at + CHECKSUM, 0);
    }

    private int synOptions(byte[] bytes, int at, TcpConnection connection) {
        BigEndian.put32(bytes, at, TcpSegment.OPTION_MSS << 24 | 4 << 16 | mss());
        int nop = TcpSegment.OPTION_NOP;
        boolean sack = connection.sackPermitted();
        BigEndian.put16(bytes, at + 4, nop << 8 | nop);
        BigEndian.put16(bytes, at + 6, sack ? TcpSegment.OPTION_SACK_PERMITTED << 8 | 2 : nop << 8 | nop);
        BigEndian.put32(bytes, at + 8, connection.scaling()
                ? nop << 24 | TcpSegment.OPTION_WINDOW_SCALE << 16 | 3 << 8 | WINDOW_SCALE
                : nop << 24 | nop << 16 | nop << 8 | nop);
        return at + SYN_OPTIONS;
    }

    /** RFC 2018, 4: the block that came last first. A full segment keeps to its size: its data leaves no room for blocks. */
    private int sackOption(byte[] bytes, int at, TcpReceiver receiver, int dataLength) {
        if (dataLength > 0) {
            return at;
        }
        SequenceRanges ranges = receiver.gaps();
        int blocks = Math.min(ranges.size(), MOST_SACK_BLOCKS);
        int first = ranges.newest();
        BigEndian.put32(bytes, at, TcpSegment.OPTION_NOP << 24 | TcpSegment.OPTION_NOP << 16 | TcpSegment.OPTION_SACK << 8 | 2 + 8 * blocks);
        int to = at + 4;
        for (int i = 0; i < blocks; i++) {
            int index = (first + i) % ranges.size();
            BigEndian.put32(bytes, to, ranges.start(index));
            BigEndian.put32(bytes, to + 4, ranges.end(index));
            to += 8;
        }
        return to;
    }
}
