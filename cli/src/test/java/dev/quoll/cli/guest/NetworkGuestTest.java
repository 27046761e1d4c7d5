package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A stock guest on the network in user mode: its address, files both ways, a forwarded port. */
@Tag("long")
@Timeout(900)
class NetworkGuestTest {
    private static final Duration SHORT = Duration.ofMinutes(1);
    private static final Duration TRANSFER = Duration.ofMinutes(4);
    private static final int BYTES = 20_000_000;

    @Test
    void reachesTheHostAndIsReached(@TempDir Path folder) throws Exception {
        byte[] file = new byte[BYTES];
        new Random(1).nextBytes(file);
        String sum = sum(file);
        int forwarded = freePort();
        try (ServerSocket source = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ServerSocket sink = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                GuestTerminal guest = new StockGuest(folder)
                        .boot("--net", "user,hostfwd=tcp:127.0.0.1:%d-:22".formatted(forwarded))) {
            guest.run("while ! ip route | grep -q default; do sleep 0.2; done", SHORT);
            assertThat(guest.run("ip addr show eth0; cat /etc/resolv.conf", SHORT))
                    .contains("inet 10.0.2.15/24", "nameserver 10.0.2.3");
            assertThat(guest.run("ping -c 2 10.0.2.2", SHORT)).contains("2 packets received");
            Thread.ofVirtual().start(() -> serve(source, file));
            guest.run("wget -q -O /tmp/file http://10.0.2.2:%d/file".formatted(source.getLocalPort()), TRANSFER);
            assertThat(guest.run("md5sum /tmp/file", SHORT)).startsWith(sum);

            CompletableFuture<String> received = CompletableFuture.supplyAsync(() -> receive(sink));
            assertThat(guest.run("nc 10.0.2.2 %d < /tmp/file".formatted(sink.getLocalPort()), TRANSFER)).contains("thanks");
            assertThat(received.join()).isEqualTo(sum);

            guest.run("(echo hello from the guest | nc -l -p 22 > /tmp/heard) & sleep 1", SHORT);
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), forwarded)) {
                socket.getOutputStream().write("hello from the host\n".getBytes(StandardCharsets.US_ASCII));
                socket.shutdownOutput();
                assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII))
                        .isEqualTo("hello from the guest\n");
            }
            assertThat(guest.run("wait; cat /tmp/heard", SHORT)).contains("hello from the host");
            assertThat(guest.run("ip link set eth0 down && ip link set eth0 up && cat /sys/class/net/eth0/carrier", SHORT))
                    .contains("1");
            guest.type("poweroff");
            assertThat(guest.exitStatus(SHORT)).isZero();
        }
    }

    /** Answers one HTTP request. */
    private static void serve(ServerSocket source, byte[] file) {
        try (Socket socket = source.accept()) {
            socket.getOutputStream().write("HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n"
                    .formatted(file.length)
                    .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(file);
            socket.shutdownOutput();
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket any = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return any.getLocalPort();
        }
    }

    private static String sum(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
    }

    private static String receive(ServerSocket sink) {
        try (Socket socket = sink.accept()) {
            String sum = sum(socket.getInputStream().readAllBytes());
            socket.getOutputStream().write("thanks\n".getBytes(StandardCharsets.US_ASCII));
            return sum;
        } catch (Exception e) {
            throw new IllegalStateException("nothing could be received", e);
        }
    }
}
