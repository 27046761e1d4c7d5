package dev.quoll.devices.net.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.devices.net.Offloads;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The stack judged by Linux's own: the host's kernel is the guest, in a network namespace. Skips without root. */
@Timeout(240)
class LinuxGuestTest {
    @BeforeEach
    void needsNamespaces() {
        String missing = LinuxGuest.missing();
        assumeTrue(missing == null, missing);
    }

    private static Offloads offloads(boolean on) {
        return on ? new Offloads(true, true, false) : Offloads.NONE;
    }

    private static UserNetworkOptions options(String... forwards) {
        return new UserNetworkOptions(
                Ipv4Subnet.DEFAULT, List.of(forwards).stream().map(HostForward::parse).toList(), List.of(), false, 1500);
    }

    /** Streams both ways at once over several connections, every byte compared; the wire may be a bad one. */
    @ParameterizedTest
    @CsvSource("true, 10, 4, 1000000")
    void carriesStreams(boolean large, int lossPerMille, int connections, int bytes) throws Exception {
        stream(large, lossPerMille, connections, bytes);
    }

    @Tag("long")
    @ParameterizedTest
    @CsvSource({
        "true, 0, 8, 200000000", "false, 0, 4, 20000000", "true, 0, 400, 200000", "false, 10, 16, 5000000", "true, 50, 16, 2000000"
    })
    void carriesManyStreams(boolean large, int lossPerMille, int connections, int bytes) throws Exception {
        stream(large, lossPerMille, connections, bytes);
    }

    private static void stream(boolean large, int lossPerMille, int connections, int bytes) throws Exception {
        long seed = System.nanoTime();
        System.out.println("LinuxGuestTest seed " + seed);
        try (LinuxGuest guest = new LinuxGuest(offloads(large));
                ServerSocket server = new ServerSocket(0, 500, InetAddress.getLoopbackAddress())) {
            guest.configure();
            guest.lose(lossPerMille, new Random(seed));
            guest.use(new UserNetwork(options(), System::nanoTime));
            for (int i = 0; i < connections; i++) {
                Thread.ofVirtual().start(() -> answer(server));
            }
            Process client = new ProcessBuilder(guest.inside(
                            System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC", "-cp",
                            new File(StreamClient.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString(),
                            StreamClient.class.getName(), "10.0.2.2", Integer.toString(server.getLocalPort()),
                            Integer.toString(connections), Integer.toString(bytes), Long.toString(seed)))
                    .redirectErrorStream(true)
                    .start();
            String output = new String(client.getInputStream().readAllBytes());
            assertThat(client.waitFor(200, TimeUnit.SECONDS)).isTrue();
            assertThat(client.exitValue()).as("seed %d: %s", seed, output).isZero();
            assertThat(guest.failure).isNull();
        }
    }

    /** Gives back what comes, inverted, and ends when the other side does. */
    private static void answer(ServerSocket server) {
        try (Socket socket = server.accept()) {
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            byte[] buffer = new byte[1 << 16];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                for (int i = 0; i < count; i++) {
                    buffer[i] ^= (byte) 0xff;
                }
                out.write(buffer, 0, count);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void answersPingAndRefusesPorts() throws Exception {
        try (LinuxGuest guest = new LinuxGuest(Offloads.NONE)) {
            guest.configure();
            guest.use(new UserNetwork(options(), System::nanoTime));
            int port;
            try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                port = server.getLocalPort();
            }
            // bash is a TCP client that every host has.
            String said = guest.run("bash", "-c",
                    "exec 2>&1; (exec 3<>/dev/tcp/10.0.2.2/%d); ip neigh show 10.0.2.2".formatted(port));
            assertThat(said).contains("refused").contains("52:55:0a:00:02:02");
        }
    }
}
