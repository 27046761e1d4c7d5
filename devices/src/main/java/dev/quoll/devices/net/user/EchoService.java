package dev.quoll.devices.net.user;

import dev.quoll.devices.net.BigEndian;
import dev.quoll.devices.net.InternetChecksum;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.Executor;

/**
 * Answers pings. Gateway and name server answer themselves; for a host outside, Java is asked whether it is there
 * ({@link java.net.InetAddress#isReachable}: ICMP where the process may, else a connection to port 7), and the echo comes back after
 * that.
 */
final class EchoService {
    private static final int REQUEST = 8;
    private static final int HEADER = 8;

    private final GuestLink link;
    private final Ipv4Subnet net;
    private final HostAddresses addresses;
    private final Executor networkThread;
    private int underWay;

    /** @param networkThread runs what a waiting thread has found out */
    EchoService(GuestLink link, Ipv4Subnet net, HostAddresses addresses, Executor networkThread) {
        this.link = link;
        this.net = net;
        this.addresses = addresses;
        this.networkThread = networkThread;
    }

    /** Takes an ICMP packet from the guest. */
    void receive(Ipv4Packet packet) {
        int length = packet.payloadLength();
        int at = packet.payload();
        if (length < HEADER || BigEndian.u8(packet.bytes, at) != REQUEST
                || InternetChecksum.of(InternetChecksum.add(0, packet.bytes, at, length)) != 0) {
            return;
        }
        byte[] message = packet.bytes;
        if (packet.destination == net.gateway() || packet.destination == net.nameServer()) {
            answer(message, at, length, packet.destination, packet.source);
        } else if (!addresses.restricted() && addresses.outside(packet.destination) && underWay < Limits.ECHOES) {
            underWay++;
            byte[] copy = Arrays.copyOfRange(message, at, at + length);
            int target = packet.destination;
            int source = packet.source;
            Thread.ofVirtual().name("quoll-echo").start(() -> {
                boolean there = reachable(target);
                networkThread.execute(() -> {
                    underWay--;
                    if (there) {
                        answer(copy, 0, copy.length, target, source);
                    }
                });
            });
        }
    }

    private static boolean reachable(int target) {
        try {
            return Ipv4Address.inet(target).isReachable(Limits.ECHO_TIMEOUT_MILLIS);
        } catch (IOException _) {
            // No route: nothing comes back.
            return false;
        }
    }

    private void answer(byte[] request, int offset, int length, int from, int to) {
        byte[] bytes = link.bytes();
        int at = GuestLink.PAYLOAD;
        System.arraycopy(request, offset, bytes, at, length);
        BigEndian.put32(bytes, at, 0);
        BigEndian.put16(bytes, at + 2, InternetChecksum.of(InternetChecksum.add(0, bytes, at, length)));
        link.fragments(Ipv4Packet.ICMP, from, to, length);
    }
}
