package dev.quoll.devices.net.user;

import dev.quoll.devices.net.BigEndian;

/** The header of UDP (RFC 768). */
final class UdpHeader {
    static final int LENGTH = 8;
    /** Place of the checksum. */
    static final int CHECKSUM = 6;

    private UdpHeader() {}

    /** Writes a header without a checksum. @param length of header and data */
    static void put(byte[] bytes, int at, int sourcePort, int destinationPort, int length) {
        BigEndian.put16(bytes, at, sourcePort);
        BigEndian.put16(bytes, at + 2, destinationPort);
        BigEndian.put16(bytes, at + 4, length);
        BigEndian.put16(bytes, at + CHECKSUM, 0);
    }
}
