package dev.quoll.devices.net.user;

import dev.quoll.devices.net.BigEndian;
import dev.quoll.devices.net.InternetChecksum;
import dev.quoll.devices.net.MacAddress;

/** Packets as a guest at 10.0.2.15 makes them. */
final class Packets {
    static final int GUEST = Ipv4Address.parse("10.0.2.15");
    static final int GATEWAY = Ipv4Address.parse("10.0.2.2");
    static final int NAME_SERVER = Ipv4Address.parse("10.0.2.3");
    static final long MAC = MacAddress.parse("52:54:00:12:34:56").value();
    static final int IP = Ethernet.HEADER;
    static final int PAYLOAD = IP + Ipv4Packet.HEADER;

    private Packets() {}

    static byte[] ip(int protocol, int source, int destination, byte[] payload) {
        return fragment(protocol, source, destination, payload, 1, 0x4000);
    }

    static byte[] fragment(int protocol, int source, int destination, byte[] payload, int id, int word) {
        byte[] frame = new byte[PAYLOAD + payload.length];
        MacAddress.put(frame, 0, MacAddress.BROADCAST.value());
        MacAddress.put(frame, 6, MAC);
        BigEndian.put16(frame, 12, Ethernet.IPV4);
        BigEndian.put16(frame, IP, 0x4500);
        BigEndian.put16(frame, IP + 2, 20 + payload.length);
        BigEndian.put16(frame, IP + 4, id);
        BigEndian.put16(frame, IP + 6, word);
        BigEndian.put16(frame, IP + 8, 64 << 8 | protocol);
        BigEndian.put32(frame, IP + 12, source);
        BigEndian.put32(frame, IP + 16, destination);
        BigEndian.put16(frame, IP + 10, InternetChecksum.of(InternetChecksum.add(0, frame, IP, 20)));
        System.arraycopy(payload, 0, frame, PAYLOAD, payload.length);
        return frame;
    }

    static byte[] udp(int source, int sourcePort, int destination, int port, byte[] data) {
        return ip(Ipv4Packet.UDP, source, destination, udpPayload(sourcePort, port, data));
    }

    static byte[] udpPayload(int sourcePort, int port, byte[] data) {
        byte[] payload = new byte[8 + data.length];
        UdpHeader.put(payload, 0, sourcePort, port, payload.length);
        System.arraycopy(data, 0, payload, 8, data.length);
        return payload;
    }

    static byte[] echo(int destination, int count) {
        byte[] payload = new byte[8 + count];
        payload[0] = 8;
        for (int i = 8; i < payload.length; i++) {
            payload[i] = (byte) i;
        }
        BigEndian.put16(payload, 2, InternetChecksum.of(InternetChecksum.add(0, payload, 0, payload.length)));
        return payload;
    }

    static byte[] tcp(int destination, int sourcePort, int port, int sequence, int acknowledgment, int flags, byte[] data) {
        byte[] payload = new byte[20 + data.length];
        BigEndian.put16(payload, 0, sourcePort);
        BigEndian.put16(payload, 2, port);
        BigEndian.put32(payload, 4, sequence);
        BigEndian.put32(payload, 8, acknowledgment);
        BigEndian.put16(payload, 12, 5 << 12 | flags);
        BigEndian.put16(payload, 14, 65535);
        System.arraycopy(data, 0, payload, 20, data.length);
        byte[] frame = ip(Ipv4Packet.TCP, GUEST, destination, payload);
        long pseudo = InternetChecksum.pseudoHeader(frame, IP, Ipv4Packet.TCP, payload.length);
        BigEndian.put16(frame, PAYLOAD + 16, InternetChecksum.of(InternetChecksum.add(pseudo, frame, PAYLOAD, payload.length)));
        return frame;
    }

    static byte[] arp(int target) {
        byte[] frame = new byte[42];
        MacAddress.put(frame, 0, MacAddress.BROADCAST.value());
        MacAddress.put(frame, 6, MAC);
        BigEndian.put16(frame, 12, Ethernet.ARP);
        BigEndian.put32(frame, 14, 0x10800);
        BigEndian.put32(frame, 18, 0x06040001);
        MacAddress.put(frame, 22, MAC);
        BigEndian.put32(frame, 28, GUEST);
        BigEndian.put32(frame, 38, target);
        return frame;
    }

    /** A DHCP message. @param options of more than the type, as they stand in the packet */
    static byte[] dhcp(long mac, int type, int... options) {
        byte[] data = new byte[300];
        BigEndian.put32(data, 0, 0x01010600);
        BigEndian.put32(data, 4, 0x12345678);
        MacAddress.put(data, 28, mac);
        BigEndian.put32(data, 236, 0x63825363);
        data[240] = 53;
        data[241] = 1;
        data[242] = (byte) type;
        int at = 243;
        for (int i = 0; i < options.length; i += 2) {
            data[at] = (byte) options[i];
            data[at + 1] = 4;
            BigEndian.put32(data, at + 2, options[i + 1]);
            at += 6;
        }
        data[at] = (byte) 255;
        return udp(0, 68, Ipv4Address.BROADCAST, 67, data);
    }
}
