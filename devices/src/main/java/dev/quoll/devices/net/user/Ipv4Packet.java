package dev.quoll.devices.net.user;

import dev.quoll.devices.net.BigEndian;
import dev.quoll.devices.net.InternetChecksum;
import dev.quoll.devices.net.NetworkFrame;

/** An IPv4 packet from the guest, looked at in place (RFC 791, 3.1). */
final class Ipv4Packet {
    static final int ICMP = 1;
    static final int TCP = 6;
    static final int UDP = 17;
    static final int HEADER = 20;

    private static final int MORE_FRAGMENTS = 0x2000;
    private static final int FRAGMENT_OFFSET = 0x1fff;

    byte[] bytes;
    int offset;
    int headerLength;
    /** Of header and payload. */
    int length;
    int protocol;
    int source;
    int destination;
    /** Whether the checksum of the payload need not be looked at: it never left memory, or was found right before. */
    boolean trusted;

    /** Looks at a packet. @return whether it is a sound one; what lies behind its end is not part of it */
    boolean parse(NetworkFrame frame, int start) {
        boolean relieved = (frame.flags() & (NetworkFrame.NEEDS_CHECKSUM | NetworkFrame.CHECKSUM_VALID)) != 0;
        return parse(frame.bytes(), start, frame.length() - start, relieved);
    }

    boolean parse(byte[] data, int start, int available, boolean relieved) {
        if (available < HEADER || BigEndian.u8(data, start) >>> 4 != 4) {
            return false;
        }
        bytes = data;
        offset = start;
        headerLength = (BigEndian.u8(data, start) & 15) * 4;
        length = BigEndian.u16(data, start + 2);
        if (headerLength < HEADER || length < headerLength || length > available
                || InternetChecksum.of(InternetChecksum.add(0, data, start, headerLength)) != 0) {
            return false;
        }
        protocol = BigEndian.u8(data, start + 9);
        source = BigEndian.i32(data, start + 12);
        destination = BigEndian.i32(data, start + 16);
        trusted = relieved;
        return true;
    }

    int payload() {
        return offset + headerLength;
    }

    int payloadLength() {
        return length - headerLength;
    }

    int identification() {
        return BigEndian.u16(bytes, offset + 4);
    }

    boolean fragment() {
        return moreFragments() || fragmentOffset() != 0;
    }

    boolean moreFragments() {
        return (BigEndian.u16(bytes, offset + 6) & MORE_FRAGMENTS) != 0;
    }

    /** In bytes. */
    int fragmentOffset() {
        return (BigEndian.u16(bytes, offset + 6) & FRAGMENT_OFFSET) * 8;
    }

    /** Whether the checksum over pseudo-header and payload is right, or need not be looked at. */
    boolean transportChecksumRight() {
        return trusted
                || InternetChecksum.of(InternetChecksum.add(
                                InternetChecksum.pseudoHeader(bytes, offset, protocol, payloadLength()),
                                bytes, payload(), payloadLength()))
                        == 0;
    }
}
