package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.boot.initramfs.CpioWriter;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A stock kernel's own drivers for the devices by which guest and host have dealings: folder, sockets, ports, balloon, entropy. */
@Tag("long")
@Timeout(900)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ExchangeGuestTest {
    /** Also on a loaded host. */
    private static final Duration COMMAND = Duration.ofMinutes(3);
    private static final int CONTENT = 5_000_000;
    /** What the guest's memory is filled with and emptied of, in MiB. */
    private static final int FILL = 64;

    private Path folder;
    private Path shared;
    private GuestTerminal guest;
    private final byte[] content = new byte[CONTENT];

    @BeforeAll
    void boot(@TempDir Path temporary) throws Exception {
        HostPrograms.require("cc");
        folder = temporary;
        shared = Files.createDirectory(folder.resolve("shared"));
        new Random(4).nextBytes(content);
        Files.write(shared.resolve("content"), content);
        try (InputStream in = ExchangeGuestTest.class.getResourceAsStream("vsock.c")) {
            Files.copy(in, folder.resolve("vsock.c"));
        }
        HostPrograms.outputOf(folder, Map.of(), List.of("cc", "-O2", "-static", "-o", "vsock", "vsock.c"));
        Path archive = folder.resolve("program.cpio");
        try (CpioWriter cpio = new CpioWriter(Files.newOutputStream(archive))) {
            cpio.file("root/vsock", 0755, Files.readAllBytes(folder.resolve("vsock")));
        }
        guest = new StockGuest(folder)
                .with(archive)
                .boot(
                        "--rng",
                        "--share",
                        shared + ",tag=files,owner=1000:1000",
                        "--vsock",
                        "cid=7,path=" + folder.resolve("v.sock"),
                        "--port",
                        "name=agent,socket=" + folder.resolve("agent.sock"),
                        "--port",
                        "console,file=" + folder.resolve("console.log"),
                        "--balloon",
                        "32M",
                        "--append",
                        "cryptomgr.notests");
    }

    @AfterAll
    void close() {
        if (guest != null) {
            guest.close();
        }
    }

    private String run(String command) throws IOException, InterruptedException {
        return guest.run(command, COMMAND).strip();
    }

    private static String sha256(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Test
    void filesAreTheSameOnBothSides() throws Exception {
        run("mkdir -p /tmp/files && mount -t virtiofs files /tmp/files");
        assertThat(run("sha256sum < /tmp/files/content")).contains(sha256(content));
        assertThat(run("stat -c '%u:%g' /tmp/files/content")).isEqualTo("1000:1000");
        run("mkdir /tmp/files/made && dd if=/dev/urandom of=/tmp/files/made/random bs=1M count=5 2>/dev/null");
        run("cd /tmp/files/made && ln -s ../content link && ln random hard && mv hard harder && chmod 750 random; cd /root");
        assertThat(run("sha256sum < /tmp/files/made/random")).contains(sha256(Files.readAllBytes(shared.resolve("made/random"))));
        assertThat(shared.resolve("made/harder")).hasSameBinaryContentAs(shared.resolve("made/random"));
        assertThat(Files.readSymbolicLink(shared.resolve("made/link"))).hasToString("../content");
        assertThat(run("sha256sum < /tmp/files/made/link")).contains(sha256(content));
        run("rm -r /tmp/files/made && umount /tmp/files");
        assertThat(shared.resolve("made")).doesNotExist();
    }

    @Test
    void socketsConnectBothWays() throws Exception {
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(folder.resolve("v.sock_5000")));
            CompletableFuture<String> received = CompletableFuture.supplyAsync(() -> {
                try (SocketChannel accepted = server.accept()) {
                    String text = readAll(accepted);
                    accepted.write(ByteBuffer.wrap("heard\n".getBytes(StandardCharsets.US_ASCII)));
                    return text;
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThat(run("seq 1 20000 | /root/vsock connect 2 5000")).isEqualTo("heard");
            assertThat(received.get(1, TimeUnit.MINUTES)).startsWith("1\n2\n").endsWith("\n20000\n").hasSize(108894);
        }
        run("/root/vsock listen 6000 | sha256sum > /tmp/sum & sleep 1");
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("v.sock")))) {
            client.write(ByteBuffer.wrap("CONNECT 6000\n".getBytes(StandardCharsets.US_ASCII)));
            ByteBuffer answer = ByteBuffer.allocate(3);
            client.read(answer);
            assertThat(answer.array()).asString().isEqualTo("OK ");
            client.write(ByteBuffer.wrap(content));
            client.shutdownOutput();
            readAll(client);
        }
        assertThat(run("while ! [ -s /tmp/sum ]; do sleep 1; done; cat /tmp/sum")).startsWith(sha256(content));
    }

    private static String readAll(SocketChannel socket) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(1 << 20);
        int count = 0;
        while (count >= 0) {
            count = socket.read(bytes);
        }
        return new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
    }

    @Test
    void portsCarryBytes() throws Exception {
        try (SocketChannel agent = SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("agent.sock")))) {
            agent.write(ByteBuffer.wrap("question\n".getBytes(StandardCharsets.US_ASCII)));
            assertThat(run("read line < /dev/virtio-ports/agent; echo $line")).isEqualTo("question");
            run("echo answer > /dev/virtio-ports/agent");
            ByteBuffer answer = ByteBuffer.allocate(7);
            while (answer.hasRemaining()) {
                agent.read(answer);
            }
            assertThat(answer.array()).asString().isEqualTo("answer\n");
        }
        run("echo on the console > /dev/hvc0; sleep 1");
        assertThat(folder.resolve("console.log")).content().contains("on the console");
    }

    @Test
    void entropyComesFromTheHost() throws Exception {
        assertThat(run("cat /sys/class/misc/hw_random/rng_current")).startsWith("virtio_rng");
        assertThat(run("dd if=/dev/hwrng bs=1k count=4 2>/dev/null | wc -c")).isEqualTo("4096");
    }

    @Test
    void memoryThatTheGuestFreesGoesBackToTheHost() throws Exception {
        run("mount -t tmpfs -o size=%dm tmpfs /mnt && dd if=/dev/zero of=/mnt/fill bs=1M count=%d 2>/dev/null".formatted(FILL + 16, FILL));
        long full = guest.residentSize();
        run("umount /mnt");
        long end = System.nanoTime() + COMMAND.toNanos();
        while (guest.residentSize() > full - (FILL * 3L / 4 << 20) && System.nanoTime() < end) {
            run("sleep 2");
        }
        assertThat(full - guest.residentSize()).as("bytes less").isGreaterThan(FILL * 3L / 4 << 20);
    }
}
