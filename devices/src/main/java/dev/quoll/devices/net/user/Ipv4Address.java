package dev.quoll.devices.net.user;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** IPv4 addresses as 32-bit numbers, the first byte highest. */
final class Ipv4Address {
    static final int BROADCAST = -1;

    private Ipv4Address() {}

    /** @throws IllegalArgumentException unless it is four decimal numbers with dots between; a sentence without its full stop */
    static int parse(String text) {
        String[] parts = text.split("\\.", -1);
        int address = 0;
        boolean right = parts.length == 4;
        for (int i = 0; right && i < 4; i++) {
            right = parts[i].matches("[0-9]{1,3}") && Integer.parseInt(parts[i]) < 256;
            address = right ? address << 8 | Integer.parseInt(parts[i]) : 0;
        }
        if (!right) {
            throw new IllegalArgumentException("\"%s\" is not an IPv4 address".formatted(text));
        }
        return address;
    }

    static String format(int address) {
        return "%d.%d.%d.%d".formatted(address >>> 24, address >>> 16 & 255, address >>> 8 & 255, address & 255);
    }

    static InetAddress inet(int address) {
        try {
            return InetAddress.getByAddress(new byte[] {
                (byte) (address >>> 24), (byte) (address >>> 16), (byte) (address >>> 8), (byte) address
            });
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are an address", e);
        }
    }

    static boolean loopback(int address) {
        return address >>> 24 == 127;
    }

    /** Whether a packet can be meant for one host (RFC 1122, 3.2.1.3; RFC 5735): not this network, loopback, multicast, reserved. */
    static boolean unicast(int address) {
        int first = address >>> 24;
        return first != 0 && first != 127 && first < 224;
    }
}
