package dev.quoll.devices.net.user;

import dev.quoll.devices.net.BigEndian;
import dev.quoll.devices.net.MacAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/** Gives the guest's stations their addresses (RFC 2131, options of RFC 2132). The leases last while the network does. */
final class DhcpServer {
    static final int SERVER_PORT = 67;
    static final int CLIENT_PORT = 68;

    private static final int DISCOVER = 1;
    private static final int OFFER = 2;
    private static final int REQUEST = 3;
    private static final int DECLINE = 4;
    private static final int ACK = 5;
    private static final int NAK = 6;
    private static final int RELEASE = 7;
    private static final int INFORM = 8;

    private static final int OPTION_PAD = 0;
    private static final int OPTION_MASK = 1;
    private static final int OPTION_ROUTER = 3;
    private static final int OPTION_NAME_SERVER = 6;
    private static final int OPTION_DOMAIN = 15;
    private static final int OPTION_MTU = 26;
    private static final int OPTION_BROADCAST = 28;
    private static final int OPTION_REQUESTED = 50;
    private static final int OPTION_LEASE = 51;
    private static final int OPTION_MESSAGE = 53;
    private static final int OPTION_SERVER = 54;
    private static final int OPTION_RENEWAL = 58;
    private static final int OPTION_REBINDING = 59;
    private static final int OPTION_END = 255;

    private static final int COOKIE = 0x63825363;
    private static final int OPTIONS = 240;
    /** What every client takes (RFC 2131, 2). */
    private static final int LEAST_LENGTH = 300;
    private static final int LEASE_SECONDS = 86400;
    private static final int BROADCAST_FLAG = 0x8000;

    private final GuestLink link;
    private final Ipv4Subnet net;
    private final boolean restricted;
    private final String domain;
    /** By Ethernet address, the one used longest ago first. */
    private final SequencedMap<Long, Integer> leases = new LinkedHashMap<>(16, 0.75f, true);

    /** @param domain for short names; empty without one */
    DhcpServer(GuestLink link, Ipv4Subnet net, boolean restricted, String domain) {
        this.link = link;
        this.net = net;
        this.restricted = restricted;
        this.domain = domain.length() > 200 ? "" : domain;
    }

    /** What a message says, as far as it matters here. */
    private static final class Message {
        private int type;
        private int requested;
        private int server;
    }

    /** Takes the data of a datagram to port 67. */
    void receive(byte[] bytes, int at, int length) {
        if (length < OPTIONS || BigEndian.u8(bytes, at) != 1 || BigEndian.u16(bytes, at + 1) != (1 << 8 | MacAddress.LENGTH)
                || BigEndian.i32(bytes, at + 236) != COOKIE) {
            return;
        }
        long mac = MacAddress.at(bytes, at + 28);
        if (new MacAddress(mac).group()) {
            return;
        }
        Message message = options(bytes, at + OPTIONS, at + length);
        int client = BigEndian.i32(bytes, at + 12);
        if (message.server != 0 && message.server != net.gateway()) {
            return;
        }
        switch (message.type) {
            case DISCOVER -> reply(bytes, at, OFFER, mac, lease(mac, message.requested));
            case REQUEST -> {
                int wanted = message.requested != 0 ? message.requested : client;
                int given = lease(mac, wanted);
                reply(bytes, at, wanted == given ? ACK : NAK, mac, given);
            }
            case INFORM -> reply(bytes, at, ACK, mac, 0);
            case DECLINE, RELEASE -> leases.remove(mac);
            default -> { }
        }
    }

    private static Message options(byte[] bytes, int from, int end) {
        Message message = new Message();
        int at = from;
        while (at < end) {
            int code = BigEndian.u8(bytes, at++);
            if (code == OPTION_PAD) {
                continue;
            }
            if (code == OPTION_END || at >= end) {
                break;
            }
            int length = BigEndian.u8(bytes, at++);
            if (length > end - at) {
                break;
            }
            switch (code) {
                case OPTION_MESSAGE -> message.type = length == 1 ? BigEndian.u8(bytes, at) : 0;
                case OPTION_REQUESTED -> message.requested = length == 4 ? BigEndian.i32(bytes, at) : 0;
                case OPTION_SERVER -> message.server = length == 4 ? BigEndian.i32(bytes, at) : 0;
                default -> { }
            }
            at += length;
        }
        return message;
    }

    /** The station's address: the one it has, the one it wants if it is free, or the next free one. */
    private int lease(long mac, int wanted) {
        Integer held = leases.get(mac);
        if (held != null) {
            return held;
        }
        int places = Math.min(Limits.LEASES, net.broadcast() - net.firstLease());
        if (leases.size() >= places) {
            leases.pollFirstEntry();
        }
        int chosen = net.firstLease();
        if (wanted - net.firstLease() >= 0 && wanted - net.firstLease() < places && !leases.containsValue(wanted)) {
            chosen = wanted;
        } else {
            while (leases.containsValue(chosen)) {
                chosen++;
            }
        }
        leases.put(mac, chosen);
        return chosen;
    }

    private void reply(byte[] request, int from, int type, long mac, int address) {
        byte[] bytes = link.bytes();
        int at = GuestLink.PAYLOAD + UdpHeader.LENGTH;
        Arrays.fill(bytes, at, at + OPTIONS + LEAST_LENGTH, (byte) 0);
        int client = BigEndian.i32(request, from + 12);
        int flags = BigEndian.u16(request, from + 10);
        BigEndian.put32(bytes, at, 2 << 24 | 1 << 16 | MacAddress.LENGTH << 8);
        BigEndian.put32(bytes, at + 4, BigEndian.i32(request, from + 4));
        BigEndian.put16(bytes, at + 10, flags);
        BigEndian.put32(bytes, at + 12, type == NAK ? 0 : client);
        BigEndian.put32(bytes, at + 16, type == NAK ? 0 : address);
        BigEndian.put32(bytes, at + 20, type == NAK ? 0 : net.gateway());
        MacAddress.put(bytes, at + 28, mac);
        BigEndian.put32(bytes, at + 236, COOKIE);
        int end = replyOptions(bytes, at + OPTIONS, type, address != 0);
        int length = Math.max(end - at, LEAST_LENGTH);
        UdpHeader.put(bytes, GuestLink.PAYLOAD, SERVER_PORT, CLIENT_PORT, UdpHeader.LENGTH + length);
        // RFC 2131, 4.1: to all when the client asks for that or is refused, to the address it has, or to the one it gets.
        boolean toAll = (flags & BROADCAST_FLAG) != 0 || type == NAK;
        int destination = toAll ? Ipv4Address.BROADCAST : client != 0 ? client : address;
        long station = toAll ? MacAddress.BROADCAST.value() : mac;
        link.sendTo(station, Ipv4Packet.UDP, net.gateway(), destination, UdpHeader.LENGTH + length);
    }

    private int replyOptions(byte[] bytes, int from, int type, boolean lease) {
        int at = from;
        bytes[at++] = OPTION_MESSAGE;
        bytes[at++] = 1;
        bytes[at++] = (byte) type;
        at = number(bytes, at, OPTION_SERVER, net.gateway());
        if (type != NAK) {
            if (lease) {
                at = number(bytes, at, OPTION_LEASE, LEASE_SECONDS);
                at = number(bytes, at, OPTION_RENEWAL, LEASE_SECONDS / 2);
                at = number(bytes, at, OPTION_REBINDING, LEASE_SECONDS / 8 * 7);
            }
            at = number(bytes, at, OPTION_MASK, net.mask());
            at = number(bytes, at, OPTION_BROADCAST, net.broadcast());
            if (!restricted) {
                at = number(bytes, at, OPTION_ROUTER, net.gateway());
                at = number(bytes, at, OPTION_NAME_SERVER, net.nameServer());
            }
            if (!domain.isEmpty()) {
                byte[] name = domain.getBytes(StandardCharsets.US_ASCII);
                bytes[at++] = OPTION_DOMAIN;
                bytes[at++] = (byte) name.length;
                System.arraycopy(name, 0, bytes, at, name.length);
                at += name.length;
            }
            bytes[at++] = OPTION_MTU;
            bytes[at++] = 2;
            BigEndian.put16(bytes, at, link.mtu());
            at += 2;
        }
        bytes[at++] = (byte) OPTION_END;
        return at;
    }

    private static int number(byte[] bytes, int at, int option, int value) {
        bytes[at] = (byte) option;
        bytes[at + 1] = 4;
        BigEndian.put32(bytes, at + 2, value);
        return at + 6;
    }
}
