package dev.quoll.devices.net.user;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.net.BigEndian;
import dev.quoll.devices.net.InternetChecksum;
import dev.quoll.devices.net.Offloads;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Frames of any content and order: the network goes on, answers a ping afterwards, and holds no more than it may. */
@Timeout(120)
class HostileGuestTest {
    private static final int FRAMES = 20_000;

    @Test
    void survivesAnyFrames() throws Exception {
        long seed = System.nanoTime();
        System.out.println("HostileGuestTest seed " + seed);
        Random random = new Random(seed);
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                UserNetwork network = new UserNetwork(options(), System::nanoTime)) {
            MemoryPort guest = new MemoryPort(Offloads.NONE).use(network);
            int threads = Thread.activeCount();
            for (int i = 0; i < FRAMES && guest.failure == null; i++) {
                guest.send(frame(random, server.getLocalPort()));
                if (i % 512 == 0) {
                    guest.settle();
                    guest.forget();
                }
            }
            guest.settle();
            assertThat(guest.failure).as("seed %d", seed).isNull();
            assertThat(Thread.activeCount()).isLessThan(threads + 4);
            assertAnswersPing(guest, seed);
        }
    }

    private static UserNetworkOptions options() {
        // The host's own name server is not to be bothered.
        return new UserNetworkOptions(
                Ipv4Subnet.DEFAULT,
                List.of(HostForward.parse("udp:127.0.0.1:0-:23")),
                List.of(UserNetworkOptions.parseNameServer("127.0.0.1:9")),
                false,
                1500);
    }

    private static void assertAnswersPing(MemoryPort guest, long seed) throws InterruptedException {
        guest.send(Packets.arp(Packets.GATEWAY));
        guest.send(Packets.ip(1, Packets.GUEST, Packets.GATEWAY, Packets.echo(Packets.GATEWAY, 777)));
        for (int i = 0; i < 100_000; i++) {
            byte[] frame = guest.receive();
            if (frame.length == Packets.PAYLOAD + 8 + 777 && frame[Packets.PAYLOAD] == 0) {
                return;
            }
        }
        throw new AssertionError("no echo, seed " + seed);
    }

    private static byte[] frame(Random random, int port) {
        byte[] data = new byte[random.nextInt(4) == 0 ? random.nextInt(1400) : random.nextInt(20)];
        random.nextBytes(data);
        int gateway = random.nextInt(20) == 0 ? Packets.NAME_SERVER : Packets.GATEWAY;
        byte[] frame = switch (random.nextInt(8)) {
            case 0 -> Packets.dhcp(Packets.MAC + random.nextInt(3), random.nextInt(10), random.nextInt(256), random.nextInt());
            case 1 -> Packets.arp(random.nextBoolean() ? gateway : random.nextInt());
            case 2 -> Packets.udp(Packets.GUEST, random.nextInt(2000), gateway, random.nextBoolean() ? 9 : 67, data);
            case 3 -> Packets.fragment(
                    random.nextBoolean() ? 17 : 1, Packets.GUEST, gateway, data, random.nextInt(20), random.nextInt(0x4000));
            case 4 -> Packets.ip(random.nextInt(256), Packets.GUEST, gateway, data);
            // Few ports, and numbers close together, so that segments meet connections in every state.
            default -> Packets.tcp(gateway, 1000 + random.nextInt(6), port, 500 + random.nextInt(40), random.nextInt(4) * 7,
                    random.nextInt(3) == 0 ? TcpSegment.SYN : random.nextInt(64), data);
        };
        if (random.nextInt(3) == 0) {
            mutate(frame, random);
        }
        return random.nextInt(10) == 0 ? Arrays.copyOf(frame, random.nextInt(frame.length + 1)) : frame;
    }

    private static void mutate(byte[] frame, Random random) {
        for (int changes = random.nextInt(4); changes >= 0; changes--) {
            int at = Ethernet.HEADER + random.nextInt(Math.min(frame.length - Ethernet.HEADER, 60));
            boolean destination = at >= Packets.IP + 16 && at < Packets.IP + 20;
            frame[at] = destination ? frame[at] : (byte) random.nextInt(256);
        }
        if (random.nextBoolean() && BigEndian.u16(frame, 12) == Ethernet.IPV4) {
            BigEndian.put16(frame, Packets.IP + 10, 0);
            int header = Math.min((frame[Packets.IP] & 15) * 4, frame.length - Packets.IP);
            BigEndian.put16(frame, Packets.IP + 10, InternetChecksum.of(InternetChecksum.add(0, frame, Packets.IP, header)));
        }
    }
}
