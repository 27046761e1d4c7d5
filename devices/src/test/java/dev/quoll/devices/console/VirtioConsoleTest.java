package dev.quoll.devices.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.devices.virtio.TestDriver;
import dev.quoll.devices.virtio.TestQueue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A console, a socket port and a file port, with this test as the driver. */
@Timeout(60)
class VirtioConsoleTest {
    private static final int SOCKET_IN = 4;
    private static final int SOCKET_OUT = 5;
    private static final int FILE_OUT = 7;

    /** An end that takes a few bytes at a time. */
    private static final class SlowEnd implements PortEnd {
        private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
        private Runnable changed;
        private byte[] offered = new byte[0];
        private boolean full;

        @Override
        public synchronized void start(Runnable whenChanged) {
            changed = whenChanged;
        }

        @Override
        public boolean connected() {
            return true;
        }

        @Override
        public synchronized int read(byte[] target, int start, int count) {
            int given = Math.min(count, offered.length);
            System.arraycopy(offered, 0, target, start, given);
            offered = Arrays.copyOfRange(offered, given, offered.length);
            return given;
        }

        /** Every other time there is no room for more than ten bytes, and room again a moment later. */
        @Override
        public synchronized int write(byte[] source, int start, int count) {
            full = !full;
            int room = full ? Math.min(10, count) : count;
            taken.write(source, start, room);
            if (full) {
                Thread.ofPlatform().daemon().start(changed);
            }
            return room;
        }

        synchronized void offer(String text) {
            offered = text.getBytes(StandardCharsets.US_ASCII);
            changed.run();
        }

        synchronized String text() {
            return taken.toString(StandardCharsets.US_ASCII);
        }

        @Override
        public void close() {}
    }

    private record Told(int port, int event, int value, String rest) {}

    @TempDir
    private Path folder;

    private final SlowEnd terminal = new SlowEnd();
    private SocketEnd socket;
    private FileEnd file;
    private VirtioConsole device;
    private TestDriver driver;
    private final Deque<TestQueue.Request> messages = new ArrayDeque<>();

    @BeforeEach
    void start() {
        driver = new TestDriver(memory -> {
            try {
                socket = new SocketEnd(folder.resolve("agent.sock"));
                file = new FileEnd(folder.resolve("log"), System.out::println);
                device = new VirtioConsole(
                        List.of(
                                new ConsolePort("", true, terminal),
                                new ConsolePort("agent", false, socket),
                                new ConsolePort("log", false, file)),
                        memory);
                return device;
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        driver.start();
        for (int i = 0; i < 32; i++) {
            messages.add(driver.queue(2).submit(new byte[0], 64));
        }
    }

    @AfterEach
    void close() throws IOException {
        driver.close();
        socket.close();
        file.close();
        assertThat(folder.resolve("agent.sock")).doesNotExist();
    }

    private Told told() throws InterruptedException {
        byte[] bytes = driver.queue(2).await(messages.remove());
        messages.add(driver.queue(2).submit(new byte[0], 64));
        ByteBuffer message = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        return new Told(
                message.getInt(0),
                message.getShort(4),
                message.getShort(6),
                new String(bytes, 8, bytes.length - 8, StandardCharsets.ISO_8859_1));
    }

    private void say(int port, int event, int value) throws InterruptedException {
        ByteBuffer message = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
        driver.queue(3).request(message.putInt(port).putShort((short) event).putShort((short) value).array());
    }

    private void bringUp() throws InterruptedException {
        say(-1, PortControl.DEVICE_READY, 1);
        for (int port = 0; port < 3; port++) {
            assertThat(told()).isEqualTo(new Told(port, 1, 0, ""));
        }
        for (int port = 0; port < 3; port++) {
            say(port, PortControl.PORT_READY, 1);
            if (port == 0) {
                assertThat(told()).isEqualTo(new Told(0, 4, 1, ""));
                assertThat(told()).isEqualTo(new Told(0, 5, 0, "\31\0\120\0"));
                assertThat(told()).isEqualTo(new Told(0, 6, 1, ""));
            } else {
                assertThat(told()).isEqualTo(new Told(port, 7, 1, port == 1 ? "agent" : "log"));
                assertThat(told()).isEqualTo(new Told(port, 6, port == 1 ? 0 : 1, ""));
            }
            say(port, PortControl.PORT_OPEN, 1);
        }
    }

    @Test
    void portsAreAnnouncedAndCarryBytes() throws Exception {
        assertThat(driver.readConfig(4, 4)).isEqualTo(3);
        bringUp();
        String text = "a line that the terminal takes in pieces, ".repeat(200);
        driver.queue(1).request(text.getBytes(StandardCharsets.US_ASCII));
        assertThat(terminal.text()).isEqualTo(text);
        TestQueue.Request input = driver.queue(0).submit(new byte[0], 100);
        terminal.offer("typed");
        assertThat(driver.queue(0).await(input)).asString().isEqualTo("typed");
        driver.queue(FILE_OUT).request("logged\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(folder.resolve("log")).hasContent("logged\n");
    }

    @Test
    void theGuestHearsWhoIsAtTheSocket() throws Exception {
        bringUp();
        driver.queue(SOCKET_OUT).request("nobody hears this".getBytes(StandardCharsets.US_ASCII));
        // With a buffer waiting the device reads on, and so hears of the end.
        TestQueue.Request input = driver.queue(SOCKET_IN).submit(new byte[0], 100);
        for (int round = 0; round < 2; round++) {
            try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(folder.resolve("agent.sock")))) {
                assertThat(told()).isEqualTo(new Told(1, 6, 1, ""));
                client.write(ByteBuffer.wrap("question".getBytes(StandardCharsets.US_ASCII)));
                assertThat(driver.queue(SOCKET_IN).await(input)).asString().isEqualTo("question");
                input = driver.queue(SOCKET_IN).submit(new byte[0], 100);
                driver.queue(SOCKET_OUT).request("answer".getBytes(StandardCharsets.US_ASCII));
                ByteBuffer answer = ByteBuffer.allocate(6);
                while (answer.hasRemaining()) {
                    client.read(answer);
                }
                assertThat(answer.array()).asString().isEqualTo("answer");
            }
            assertThat(told()).isEqualTo(new Told(1, 6, 0, ""));
        }
    }

    @Test
    void terminalsAreToldTheirSize() throws Exception {
        bringUp();
        int interrupts = driver.configInterrupts();
        device.resize(132, 50);
        assertThat(told()).isEqualTo(new Told(0, 5, 0, "\62\0\204\0"));
        assertThat(driver.readConfig(0, 4)).isEqualTo(50 << 16 | 132);
        assertThat(driver.configInterrupts()).isGreaterThan(interrupts);
    }

    @Test
    void whatCannotBeHadIsSaid() throws IOException {
        Files.writeString(folder.resolve("there"), "mine");
        assertThatThrownBy(() -> new SocketEnd(folder.resolve("there"))).isInstanceOf(IOException.class).hasMessageContaining("exists already");
        assertThat(folder.resolve("there")).hasContent("mine");
        assertThatThrownBy(() -> new FileEnd(folder.resolve("no/such/folder"), System.out::println)).isInstanceOf(IOException.class);
    }

    @Test
    void survivesRandomMessages() throws Exception {
        long seed = System.nanoTime();
        System.out.println("VirtioConsoleTest seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            byte[] bytes = new byte[random.nextInt(1, 20)];
            random.nextBytes(bytes);
            if (random.nextBoolean() && bytes.length >= 8) {
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(random.nextInt(-1, 4)).putShort((short) random.nextInt(8));
            }
            driver.queue(random.nextBoolean() ? 3 : 1).request(bytes);
            driver.queue(2).reap();
            while (messages.peek().done()) {
                messages.remove();
                messages.add(driver.queue(2).submit(new byte[0], random.nextInt(1, 64)));
            }
        }
        assertThat(driver.needsReset()).isFalse();
        VirtioConsole.State state = device.save();
        device.restore(state);
        assertThat(device.save()).isEqualTo(state);
    }
}
