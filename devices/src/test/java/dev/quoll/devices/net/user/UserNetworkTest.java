package dev.quoll.devices.net.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.devices.net.BigEndian;
import dev.quoll.devices.net.InternetChecksum;
import dev.quoll.devices.net.MacAddress;
import dev.quoll.devices.net.Offloads;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The network in user mode, packet by packet, with real sockets of the host behind it. */
@Timeout(60)
class UserNetworkTest {
    private static final byte[] NOTHING = {};

    private UserNetwork network;
    private MemoryPort guest;

    private void open(boolean restricted, List<InetSocketAddress> nameServers, String... forwards) throws IOException {
        network = new UserNetwork(
                new UserNetworkOptions(
                        Ipv4Subnet.DEFAULT, Arrays.stream(forwards).map(HostForward::parse).toList(), nameServers, restricted, 1500),
                System::nanoTime);
        guest = new MemoryPort(Offloads.NONE).use(network);
        guest.send(Packets.arp(Packets.GATEWAY));
    }

    private void open(String... forwards) throws IOException, InterruptedException {
        open(false, List.of(), forwards);
        guest.receive();
    }

    @AfterEach
    void close() {
        if (network != null) {
            network.close();
            assertThat(guest.failure).isNull();
        }
    }

    private static int word(byte[] frame, int at) {
        return BigEndian.u16(frame, at);
    }

    private static int option(byte[] frame, int code) {
        int at = Packets.PAYLOAD + 8 + 240;
        while ((frame[at] & 0xff) != 255) {
            if ((frame[at] & 0xff) == code) {
                return switch (frame[at + 1]) {
                    case 1 -> frame[at + 2];
                    case 2 -> BigEndian.u16(frame, at + 2);
                    default -> BigEndian.i32(frame, at + 2);
                };
            }
            at += 2 + frame[at + 1];
        }
        return -1;
    }

    /** The next frame that is TCP, with its checksums proved. */
    private byte[] tcp() throws InterruptedException {
        byte[] frame = guest.receive();
        assertThat(frame[Packets.IP + 9]).isEqualTo((byte) Ipv4Packet.TCP);
        int length = frame.length - Packets.PAYLOAD;
        long sum = InternetChecksum.pseudoHeader(frame, Packets.IP, Ipv4Packet.TCP, length);
        assertThat(InternetChecksum.of(InternetChecksum.add(sum, frame, Packets.PAYLOAD, length))).isZero();
        assertThat(InternetChecksum.of(InternetChecksum.add(0, frame, Packets.IP, 20))).isZero();
        return frame;
    }

    private static int flags(byte[] frame) {
        return frame[Packets.PAYLOAD + 13];
    }

    private static int sequence(byte[] frame) {
        return BigEndian.i32(frame, Packets.PAYLOAD + 4);
    }

    private static int acknowledgment(byte[] frame) {
        return BigEndian.i32(frame, Packets.PAYLOAD + 8);
    }

    private static String data(byte[] frame) {
        int at = Packets.PAYLOAD + (frame[Packets.PAYLOAD + 12] >> 4 & 15) * 4;
        return new String(frame, at, frame.length - at, StandardCharsets.US_ASCII);
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void answersArpForItselfOnly() throws Exception {
        open();
        guest.send(Packets.arp(Ipv4Address.parse("10.0.2.9")));
        guest.send(Packets.arp(Packets.NAME_SERVER));
        byte[] answer = guest.receive();
        assertThat(BigEndian.i32(answer, 28)).isEqualTo(Packets.NAME_SERVER);
        assertThat(MacAddress.at(answer, 0)).isEqualTo(Packets.MAC);
        assertThat(word(answer, 20)).isEqualTo(2);
    }

    @Test
    void leasesAddresses() throws Exception {
        open();
        guest.send(Packets.dhcp(Packets.MAC, 1));
        byte[] offer = guest.receive();
        assertThat(option(offer, 53)).isEqualTo(2);
        assertThat(BigEndian.i32(offer, Packets.PAYLOAD + 8 + 16)).isEqualTo(Packets.GUEST);
        assertThat(option(offer, 1)).isEqualTo(0xffffff00);
        assertThat(option(offer, 3)).isEqualTo(Packets.GATEWAY);
        assertThat(option(offer, 6)).isEqualTo(Packets.NAME_SERVER);
        assertThat(option(offer, 26)).isEqualTo(1500);
        guest.send(Packets.dhcp(Packets.MAC, 3, 50, Packets.GUEST, 54, Packets.GATEWAY));
        assertThat(option(guest.receive(), 53)).isEqualTo(5);
        guest.send(Packets.dhcp(Packets.MAC, 3, 50, Packets.GUEST + 3));
        assertThat(option(guest.receive(), 53)).as("another's address is refused").isEqualTo(6);
        guest.send(Packets.dhcp(Packets.MAC + 1, 1));
        assertThat(BigEndian.i32(guest.receive(), Packets.PAYLOAD + 8 + 16)).isEqualTo(Packets.GUEST + 1);
    }

    @Test
    void leasesRunOutForNobody() throws Exception {
        open();
        for (int i = 0; i < 500; i++) {
            guest.send(Packets.dhcp(Packets.MAC + 2 + i, 1));
            int address = BigEndian.i32(guest.receive(), Packets.PAYLOAD + 8 + 16);
            assertThat(address).isBetween(Packets.GUEST, Packets.GUEST + Limits.LEASES - 1);
        }
    }

    @Test
    void pingsAndReassembles() throws Exception {
        open();
        byte[] echo = Packets.echo(Packets.GATEWAY, 3000);
        guest.send(Packets.fragment(1, Packets.GUEST, Packets.GATEWAY, Arrays.copyOfRange(echo, 1480, 2960), 7, 0x2000 | 185));
        guest.send(Packets.fragment(1, Packets.GUEST, Packets.GATEWAY, Arrays.copyOfRange(echo, 2960, echo.length), 7, 370));
        guest.send(Packets.fragment(1, Packets.GUEST, Packets.GATEWAY, Arrays.copyOf(echo, 1480), 7, 0x2000));
        byte[] whole = new byte[echo.length];
        for (int i = 0; i < 3; i++) {
            byte[] piece = guest.receive();
            System.arraycopy(piece, Packets.PAYLOAD, whole, (word(piece, 20) & 0x1fff) * 8, piece.length - Packets.PAYLOAD);
        }
        assertThat(whole[0]).isZero();
        assertThat(Arrays.copyOfRange(whole, 8, whole.length)).isEqualTo(Arrays.copyOfRange(echo, 8, echo.length));
    }

    @Test
    void carriesAConnectionToTheHost() throws Exception {
        open();
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            int port = server.getLocalPort();
            guest.send(Packets.tcp(Packets.GATEWAY, 1000, port, 500, 0, TcpSegment.SYN, NOTHING));
            byte[] synAck = tcp();
            assertThat(flags(synAck)).isEqualTo(TcpSegment.SYN | TcpSegment.ACK);
            assertThat(acknowledgment(synAck)).isEqualTo(501);
            int ours = sequence(synAck) + 1;
            // Acknowledgment, data and FIN in one segment: the host must see all three.
            guest.send(Packets.tcp(Packets.GATEWAY, 1000, port, 501, ours, TcpSegment.ACK | TcpSegment.FIN, text("hello")));
            try (Socket host = server.accept()) {
                assertThat(host.getInputStream().readAllBytes()).isEqualTo(text("hello"));
                assertThat(acknowledgment(tcp())).isEqualTo(507);
                host.getOutputStream().write(text("world"));
            }
            byte[] answer = tcp();
            assertThat(data(answer)).isEqualTo("world");
            byte[] end = (flags(answer) & TcpSegment.FIN) != 0 ? answer : tcp();
            assertThat(flags(end) & TcpSegment.FIN).isNotZero();
            guest.send(Packets.tcp(Packets.GATEWAY, 1000, port, 507, ours + 6, TcpSegment.ACK, NOTHING));
            guest.send(Packets.tcp(Packets.GATEWAY, 1000, port, 507, ours + 6, TcpSegment.ACK, NOTHING));
            assertThat(flags(tcp())).as("gone").isEqualTo(TcpSegment.RST);
        }
    }

    @Test
    void refusesWhereNobodyListens() throws Exception {
        open();
        int port;
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = server.getLocalPort();
        }
        guest.send(Packets.tcp(Packets.GATEWAY, 1000, port, 500, 0, TcpSegment.SYN, NOTHING));
        byte[] reset = tcp();
        assertThat(flags(reset)).isEqualTo(TcpSegment.RST | TcpSegment.ACK);
        assertThat(acknowledgment(reset)).isEqualTo(501);
        guest.send(Packets.udp(Packets.GUEST, 1000, Packets.GATEWAY, port, text("x")));
        guest.send(Packets.udp(Packets.GUEST, 1000, Packets.GATEWAY, port, text("x")));
        byte[] error = guest.receive();
        assertThat(word(error, Packets.PAYLOAD)).as("ICMP port unreachable").isEqualTo(0x303);
        assertThat(word(error, Packets.PAYLOAD + 8 + 22)).isEqualTo(port);
    }

    @Test
    void carriesDatagramsBothWays() throws Exception {
        try (DatagramSocket server = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            open(false, List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort())));
            guest.receive();
            for (int[] target : new int[][] {{Packets.GATEWAY, server.getLocalPort()}, {Packets.NAME_SERVER, 53}}) {
                guest.send(Packets.udp(Packets.GUEST, 1000, target[0], target[1], text("ping")));
                DatagramPacket packet = new DatagramPacket(new byte[100], 100);
                server.receive(packet);
                assertThat(Arrays.copyOf(packet.getData(), packet.getLength())).isEqualTo(text("ping"));
                byte[] large = new byte[4000];
                Arrays.fill(large, (byte) 7);
                server.send(new DatagramPacket(large, large.length, packet.getSocketAddress()));
                byte[] first = guest.receive();
                assertThat(BigEndian.i32(first, Packets.IP + 12)).isEqualTo(target[0]);
                assertThat(word(first, Packets.PAYLOAD)).isEqualTo(target[1]);
                assertThat(first.length + guest.receive().length + guest.receive().length).isEqualTo(4000 + 8 + 3 * 34);
            }
        }
    }

    @Test
    void forwardsPortsToTheGuest() throws Exception {
        open("tcp:127.0.0.1:0-:22", "udp:127.0.0.1:0-:23");
        try (Socket host = new Socket(InetAddress.getLoopbackAddress(), network.forwardedPort(0))) {
            byte[] syn = tcp();
            assertThat(flags(syn)).isEqualTo(TcpSegment.SYN);
            assertThat(word(syn, Packets.PAYLOAD + 2)).isEqualTo(22);
            int port = word(syn, Packets.PAYLOAD);
            guest.send(Packets.tcp(Packets.GATEWAY, 22, port, 100, sequence(syn) + 1, TcpSegment.SYN | TcpSegment.ACK, NOTHING));
            assertThat(acknowledgment(tcp())).isEqualTo(101);
            host.getOutputStream().write(text("abc"));
            assertThat(data(tcp())).isEqualTo("abc");
            guest.send(Packets.tcp(Packets.GATEWAY, 22, port, 101, sequence(syn) + 4, TcpSegment.ACK, text("def")));
            assertThat(host.getInputStream().readNBytes(3)).isEqualTo(text("def"));
            tcp();
        }
        guest.receive();
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            socket.send(new DatagramPacket(text("q"), 1, InetAddress.getLoopbackAddress(), network.forwardedPort(1)));
            byte[] query = guest.receive();
            assertThat(word(query, Packets.PAYLOAD + 2)).isEqualTo(23);
            guest.send(Packets.udp(Packets.GUEST, 23, Packets.GATEWAY, word(query, Packets.PAYLOAD), text("r")));
            DatagramPacket answer = new DatagramPacket(new byte[10], 10);
            socket.receive(answer);
            assertThat(answer.getPort()).isEqualTo(network.forwardedPort(1));
        }
    }

    @Test
    void restrictsTheGuest() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            open(true, List.of());
            guest.receive();
            guest.send(Packets.tcp(Packets.GATEWAY, 1000, server.getLocalPort(), 500, 0, TcpSegment.SYN, NOTHING));
            assertThat(flags(tcp())).isEqualTo(TcpSegment.RST | TcpSegment.ACK);
            guest.send(Packets.udp(Packets.GUEST, 1000, Ipv4Address.parse("192.0.2.1"), 9, text("x")));
            assertThat(word(guest.receive(), Packets.PAYLOAD)).as("prohibited").isEqualTo(0x30d);
            guest.send(Packets.dhcp(Packets.MAC, 1));
            byte[] offer = guest.receive();
            assertThat(option(offer, 3)).isEqualTo(-1);
        }
    }

    @Test
    void tellsWhichPortCannotBeForwarded() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            String forward = "tcp:127.0.0.1:%d-:22".formatted(server.getLocalPort());
            assertThatThrownBy(() -> open(forward))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("port %d of the host cannot be forwarded".formatted(server.getLocalPort()));
        }
    }
}
