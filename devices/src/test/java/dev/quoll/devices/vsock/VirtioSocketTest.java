package dev.quoll.devices.vsock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.devices.virtio.TestDriver;
import dev.quoll.devices.virtio.TestQueue;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Connections both ways, with this test as the guest's driver and as the host's programs. */
@Timeout(60)
class VirtioSocketTest {
    private static final long CID = 5;
    private static final int ROOM = 4096;
    private static final int PLENTY = 1 << 20;

    private record Received(int hostPort, int guestPort, int operation, int flags, byte[] payload) {}

    @TempDir
    private Path folder;

    private Path path;
    private VirtioSocket device;
    private TestDriver driver;
    private final Deque<TestQueue.Request> buffers = new ArrayDeque<>();

    @BeforeEach
    void start() {
        path = folder.resolve("v.sock");
        driver = new TestDriver(memory -> {
            try {
                device = new VirtioSocket(CID, path, memory);
                return device;
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        driver.start();
        for (int i = 0; i < 100; i++) {
            giveBuffer();
        }
    }

    @AfterEach
    void close() throws IOException {
        driver.close();
        device.close();
        assertThat(path).doesNotExist();
    }

    private void giveBuffer() {
        buffers.add(driver.queue(0).submit(new byte[0], ROOM));
    }

    /** The next packet from the host. */
    private Received next() throws InterruptedException {
        byte[] bytes = driver.queue(0).await(buffers.remove());
        giveBuffer();
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(header.getLong(0)).isEqualTo(2);
        assertThat(header.getLong(8)).isEqualTo(CID);
        assertThat(header.getInt(24)).isEqualTo(bytes.length - 44);
        return new Received(
                header.getInt(16), header.getInt(20), header.getShort(30), header.getInt(32), Arrays.copyOfRange(bytes, 44, bytes.length));
    }

    private static byte[] packet(int guestPort, int hostPort, int operation, int flags, int buffer, int forwarded, byte[] payload) {
        ByteBuffer packet = ByteBuffer.allocate(44 + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        packet.putLong(CID).putLong(2).putInt(guestPort).putInt(hostPort).putInt(payload.length);
        packet.putShort((short) 1).putShort((short) operation).putInt(flags).putInt(buffer).putInt(forwarded).put(payload);
        return packet.array();
    }

    private void send(int guestPort, int hostPort, int operation, int flags, int buffer, int forwarded, byte... payload)
            throws InterruptedException {
        driver.queue(1).request(packet(guestPort, hostPort, operation, flags, buffer, forwarded, payload));
    }

    private SocketChannel client(String request) throws IOException {
        SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path));
        client.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII)));
        return client;
    }

    private static String read(SocketChannel socket, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        int count = 0;
        while (bytes.hasRemaining() && count >= 0) {
            count = socket.read(bytes);
        }
        return new String(bytes.array(), 0, bytes.position(), StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void aHostProgramConnectsToTheGuest() throws Exception {
        assertThat(driver.readConfig(0, 8)).isEqualTo(CID);
        try (SocketChannel client = client("CONNECT 1234\nearly")) {
            Received request = next();
            assertThat(request.operation()).isEqualTo(VsockPacket.REQUEST);
            assertThat(request.guestPort()).isEqualTo(1234);
            int port = request.hostPort();
            send(1234, port, VsockPacket.RESPONSE, 0, PLENTY, 0);
            String answer = "OK " + port + "\n";
            assertThat(read(client, answer.length())).isEqualTo(answer);
            assertThat(next().payload()).isEqualTo(bytes("early"));
            send(1234, port, VsockPacket.RW, 0, PLENTY, 5, bytes("from the guest"));
            assertThat(read(client, 14)).isEqualTo("from the guest");
            client.shutdownOutput();
            assertThat(next()).extracting("operation", "flags").containsExactly(VsockPacket.SHUTDOWN, VsockPacket.SEND);
            send(1234, port, VsockPacket.RW, 0, PLENTY, 5, bytes("still"));
            send(1234, port, VsockPacket.SHUTDOWN, 3, PLENTY, 5);
            assertThat(next().operation()).isEqualTo(VsockPacket.RST);
            assertThat(read(client, 100)).isEqualTo("still");
        }
    }

    @Test
    void aGuestProgramConnectsToTheHost() throws Exception {
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(folder.resolve("v.sock_77")));
            send(9000, 77, VsockPacket.REQUEST, 0, PLENTY, 0);
            assertThat(next()).extracting("operation", "hostPort", "guestPort").containsExactly(VsockPacket.RESPONSE, 77, 9000);
            try (SocketChannel accepted = server.accept()) {
                byte[] data = new byte[300_000];
                new Random(3).nextBytes(data);
                Thread writer = Thread.ofPlatform().start(() -> {
                    try {
                        accepted.write(ByteBuffer.wrap(data));
                        accepted.shutdownOutput();
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                });
                byte[] got = new byte[data.length];
                int at = 0;
                for (Received packet = next(); packet.operation() == VsockPacket.RW; packet = next()) {
                    System.arraycopy(packet.payload(), 0, got, at, packet.payload().length);
                    at += packet.payload().length;
                    send(9000, 77, VsockPacket.CREDIT_UPDATE, 0, PLENTY, at);
                }
                writer.join();
                assertThat(got).isEqualTo(data);
                send(9000, 77, VsockPacket.SHUTDOWN, VsockPacket.SEND, PLENTY, at);
                assertThat(read(accepted, 1)).isEmpty();
            }
        }
    }

    @Test
    void whereNobodyListensTheGuestIsRefused() throws Exception {
        send(9000, 78, VsockPacket.REQUEST, 0, PLENTY, 0);
        assertThat(next()).extracting("operation", "hostPort", "guestPort").containsExactly(VsockPacket.RST, 78, 9000);
        send(9000, 78, VsockPacket.RW, 0, PLENTY, 0, bytes("x"));
        assertThat(next().operation()).isEqualTo(VsockPacket.RST);
        send(9000, 78, VsockPacket.RST, 0, PLENTY, 0);
        try (SocketChannel client = client("HELLO 1234\n")) {
            assertThat(read(client, 1)).isEmpty();
        }
        try (SocketChannel client = client("CONNECT 1234\n")) {
            int port = next().hostPort();
            send(1234, port, VsockPacket.RST, 0, 0, 0);
            assertThat(read(client, 1)).isEmpty();
        }
    }

    @Test
    void theGuestGetsNoMoreThanItHasRoomFor() throws Exception {
        try (SocketChannel client = client("CONNECT 1\n")) {
            int port = next().hostPort();
            send(1, port, VsockPacket.RESPONSE, 0, 1000, 0);
            client.write(ByteBuffer.allocate(2500));
            int got = 0;
            while (got < 1000) {
                got += next().payload().length;
            }
            assertThat(got).isEqualTo(1000);
            send(1, port, VsockPacket.CREDIT_REQUEST, 0, 1000, 0);
            assertThat(next().operation()).as("no data in between").isEqualTo(VsockPacket.CREDIT_UPDATE);
            send(1, port, VsockPacket.CREDIT_UPDATE, 0, 1000, 600);
            assertThat(next().payload()).hasSize(600);
        }
    }

    @Test
    void aGuestThatSendsTooMuchLosesTheConnection() throws Exception {
        try (SocketChannel client = client("CONNECT 1\n")) {
            int port = next().hostPort();
            send(1, port, VsockPacket.RESPONSE, 0, PLENTY, 0);
            assertThat(client.isConnected()).isTrue();
            int sent = 0;
            int operation = 0;
            while (operation != VsockPacket.RST && sent < 4 << 20) {
                send(1, port, VsockPacket.RW, 0, PLENTY, 0, new byte[60_000]);
                sent += 60_000;
                send(1, port, VsockPacket.CREDIT_REQUEST, 0, PLENTY, 0);
                operation = next().operation();
            }
            // The socket's own buffer and ours.
            assertThat(sent).isBetween(VsockConnection.BUFFER, 2 << 20);
        }
    }

    @Test
    void aSocketInTheWayIsLeftAlone() {
        assertThatThrownBy(() -> new VirtioSocket(CID, path, driver.memory()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("exists already");
        assertThat(path).exists();
        assertThatThrownBy(() -> new VirtioSocket(2, folder.resolve("other"), driver.memory()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(folder.resolve("other")).doesNotExist();
    }

    @Test
    void survivesRandomPackets() throws Exception {
        long seed = System.nanoTime();
        System.out.println("VirtioSocketTest seed " + seed);
        Random random = new Random(seed);
        try (SocketChannel client = client("CONNECT 1\n")) {
            int port = next().hostPort();
            assertThat(client.isOpen()).isTrue();
            for (int i = 0; i < 300; i++) {
                byte[] packet = packet(
                        random.nextInt(3),
                        random.nextBoolean() ? port : random.nextInt(3),
                        random.nextInt(9),
                        random.nextInt(5),
                        random.nextInt(),
                        random.nextInt(),
                        new byte[random.nextInt(100)]);
                for (int flips = random.nextInt(3); flips > 0; flips--) {
                    packet[random.nextInt(packet.length)] = (byte) random.nextInt();
                }
                driver.queue(1).request(
                        Arrays.copyOf(packet, random.nextInt(8) == 0 ? random.nextInt(1, packet.length) : packet.length));
                driver.queue(0).reap();
                while (buffers.peek().done()) {
                    buffers.remove();
                    giveBuffer();
                }
            }
        }
        assertThat(driver.needsReset()).isFalse();
        send(9000, 78, VsockPacket.REQUEST, 0, PLENTY, 0);
        for (Received packet = next(); packet.operation() != VsockPacket.RST || packet.hostPort() != 78; packet = next()) {
            assertThat(packet.operation()).as("it still works").isNotZero();
        }
    }
}
