package dev.quoll.devices.net.user;

import dev.quoll.devices.net.BigEndian;
import java.nio.ByteBuffer;

/** A TCP segment from the guest, looked at in place (RFC 9293, 3.1; options also RFC 7323 and RFC 2018). */
final class TcpSegment {
    static final int FIN = 1;
    static final int SYN = 2;
    static final int RST = 4;
    static final int PSH = 8;
    static final int ACK = 16;

    static final int HEADER = 20;

    static final int OPTION_END = 0;
    static final int OPTION_NOP = 1;
    static final int OPTION_MSS = 2;
    static final int OPTION_WINDOW_SCALE = 3;
    static final int OPTION_SACK_PERMITTED = 4;
    static final int OPTION_SACK = 5;

    private static final int SACK_BLOCK = 8;
    private static final int SACK_BLOCKS = 4;
    /** RFC 9293, 3.7.1: what a peer takes that does not say. */
    private static final int DEFAULT_MSS = 536;
    private static final int MOST_SCALE = 14;

    int guestAddress;
    int remoteAddress;
    int guestPort;
    int remotePort;
    int sequence;
    int acknowledgment;
    int flags;
    /** As it stands in the header, not scaled. */
    int window;
    byte[] bytes;
    int payload;
    int payloadLength;
    private ByteBuffer view = ByteBuffer.allocate(0);

    int mss;
    /** -1 without the option. */
    int windowScale;
    boolean sackPermitted;
    int sackBlocks;
    final int[] sackStart = new int[SACK_BLOCKS];
    final int[] sackEnd = new int[SACK_BLOCKS];

    /** Looks at the payload of a packet. @return whether it is a sound segment */
    boolean parse(Ipv4Packet packet) {
        int start = packet.payload();
        if (packet.payloadLength() < HEADER || !packet.transportChecksumRight()) {
            return false;
        }
        bytes = packet.bytes;
        int header = (BigEndian.u8(bytes, start + 12) >>> 4) * 4;
        if (header < HEADER || header > packet.payloadLength()) {
            return false;
        }
        guestAddress = packet.source;
        remoteAddress = packet.destination;
        guestPort = BigEndian.u16(bytes, start);
        remotePort = BigEndian.u16(bytes, start + 2);
        sequence = BigEndian.i32(bytes, start + 4);
        acknowledgment = BigEndian.i32(bytes, start + 8);
        flags = BigEndian.u8(bytes, start + 13);
        window = BigEndian.u16(bytes, start + 14);
        payload = start + header;
        payloadLength = packet.payloadLength() - header;
        options(start + HEADER, start + header);
        return true;
    }

    private void options(int from, int end) {
        mss = DEFAULT_MSS;
        windowScale = -1;
        sackPermitted = false;
        sackBlocks = 0;
        int at = from;
        while (at < end) {
            int kind = BigEndian.u8(bytes, at);
            if (kind == OPTION_END) {
                return;
            }
            if (kind == OPTION_NOP) {
                at++;
                continue;
            }
            int size = at + 1 < end ? BigEndian.u8(bytes, at + 1) : 0;
            if (size < 2 || size > end - at) {
                return;
            }
            option(kind, at + 2, size - 2);
            at += size;
        }
    }

    private void option(int kind, int at, int size) {
        switch (kind) {
            case OPTION_MSS -> {
                if (size == 2) {
                    mss = BigEndian.u16(bytes, at);
                }
            }
            case OPTION_WINDOW_SCALE -> {
                if (size == 1) {
                    windowScale = Math.min(BigEndian.u8(bytes, at), MOST_SCALE);
                }
            }
            case OPTION_SACK_PERMITTED -> sackPermitted = true;
            case OPTION_SACK -> {
                sackBlocks = Math.min(size / SACK_BLOCK, SACK_BLOCKS);
                for (int i = 0; i < sackBlocks; i++) {
                    sackStart[i] = BigEndian.i32(bytes, at + i * SACK_BLOCK);
                    sackEnd[i] = BigEndian.i32(bytes, at + i * SACK_BLOCK + 4);
                }
            }
            default -> { }
        }
    }

    /** A part of the bytes as a buffer, the same one while segments come in the same array. */
    ByteBuffer view(int offset, int length) {
        if (view.array() != bytes) {
            view = ByteBuffer.wrap(bytes);
        }
        return view.limit(offset + length).position(offset);
    }

    boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** Sequence numbers it takes: data, SYN and FIN. */
    int span() {
        return payloadLength + (has(SYN) ? 1 : 0) + (has(FIN) ? 1 : 0);
    }
}
