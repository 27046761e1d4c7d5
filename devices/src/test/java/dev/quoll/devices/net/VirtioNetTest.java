package dev.quoll.devices.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.ManualTime;
import dev.quoll.devices.host.RateLimiter;
import dev.quoll.devices.virtio.TestDriver;
import dev.quoll.devices.virtio.TestQueue;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The card, worked by a driver in memory, with a back-end that gives every frame back. */
@Timeout(60)
class VirtioNetTest {
    private static final MacAddress MAC = MacAddress.parse("52:54:00:12:34:56");
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;
    private static final int CONTROL = 2;
    private static final int HEADER = 12;
    private static final int MERGEABLE = 15;

    private final ManualTime time = new ManualTime();
    private final EchoBackend backend = new EchoBackend();
    private final List<String> notices = new ArrayList<>();
    private Capture capture;
    private VirtioNet card;

    @AfterEach
    void stop() {
        time.close();
    }

    private TestDriver driver(boolean packed, int pairs, RateLimiter.Limits fromGuest) {
        return new TestDriver(
                memory -> {
                    VirtioNet.Options options = new VirtioNet.Options("net0", MAC, pairs, fromGuest, RateLimiter.Limits.NONE);
                    card = new VirtioNet(backend, options, memory, time, time.timers(), capture, notices::add);
                    return card;
                },
                packed);
    }

    private TestDriver driver() {
        return driver(false, 1, RateLimiter.Limits.NONE).start();
    }

    /** A frame for a station, of random content. */
    private static byte[] frame(MacAddress to, int length, Random random) {
        byte[] frame = new byte[length];
        random.nextBytes(frame);
        MacAddress.put(frame, 0, to.value());
        return frame;
    }

    private static byte[] withHeader(byte[] frame, int... header) {
        byte[] whole = new byte[HEADER + frame.length];
        for (int i = 0; i < header.length; i++) {
            whole[i] = (byte) header[i];
        }
        System.arraycopy(frame, 0, whole, HEADER, frame.length);
        return whole;
    }

    private static byte[] body(byte[] received) {
        return Arrays.copyOfRange(received, HEADER, received.length);
    }

    private static void send(TestDriver driver, byte[] frame, int... header) throws InterruptedException {
        driver.queue(TRANSMIT).request(withHeader(frame, header));
    }

    private byte command(TestDriver driver, int... bytes) throws InterruptedException {
        byte[] command = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            command[i] = (byte) bytes[i];
        }
        return driver.queue(CONTROL).request(command, 1)[0];
    }

    private static int[] macCommand(int number, MacAddress... addresses) {
        ByteBuffer bytes = ByteBuffer.allocate(300);
        bytes.put((byte) 1).put((byte) number);
        if (number == 0) {
            bytes.put(new byte[] {0, 0, 0, 0, (byte) addresses.length, 0, 0, 0});
        }
        for (MacAddress address : addresses) {
            byte[] six = new byte[6];
            MacAddress.put(six, 0, address.value());
            bytes.put(six);
        }
        int[] command = new int[bytes.position()];
        for (int i = 0; i < command.length; i++) {
            command[i] = bytes.get(i);
        }
        return command;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void carriesFrames(boolean packed) throws InterruptedException {
        long seed = System.nanoTime();
        System.out.println("VirtioNetTest seed " + seed);
        Random random = new Random(seed);
        try (TestDriver driver = driver(packed, 1, RateLimiter.Limits.NONE).start(~(1L << MERGEABLE))) {
            for (int i = 0; i < 300; i++) {
                TestQueue.Request buffer = driver.queue(RECEIVE).submit(new byte[0], HEADER + 10, 60, 1 << 16);
                byte[] frame = frame(MAC, 14 + random.nextInt(65000), random);
                send(driver, frame);
                byte[] back = driver.queue(RECEIVE).await(buffer);
                assertThat(Arrays.equals(body(back), frame)).as("frame %d of seed %d", i, seed).isTrue();
                assertThat(back[10]).as("one buffer").isEqualTo((byte) 1);
            }
        }
    }

    /** A large frame goes over many small buffers, and waits until there are enough. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void mergesBuffers(boolean packed) throws InterruptedException {
        Random random = new Random(5);
        try (TestDriver driver = driver(packed, 1, RateLimiter.Limits.NONE).start()) {
            byte[] frame = frame(MAC, 60_000, random);
            List<TestQueue.Request> buffers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                buffers.add(driver.queue(RECEIVE).submit(new byte[0], 1536));
            }
            send(driver, frame, 1, 1, 54, 0, 0xb4, 5, 34, 0, 16, 0);
            driver.queue(RECEIVE).reap();
            assertThat(buffers.getFirst().done()).isFalse();
            for (int i = 0; i < 20; i++) {
                buffers.add(driver.queue(RECEIVE).submit(new byte[0], 1536));
            }
            ByteBuffer whole = ByteBuffer.allocate(1 << 17);
            for (TestQueue.Request buffer : buffers) {
                whole.put(driver.queue(RECEIVE).await(buffer));
            }
            byte[] received = Arrays.copyOf(whole.array(), whole.position());
            assertThat(received).startsWith(1, 1, 54, 0, 0xb4, 5, 34, 0, 16, 0, 40, 0);
            assertThat(Arrays.equals(body(received), frame)).isTrue();
        }
    }

    @Test
    void filtersWhatIsNotForTheCard() throws InterruptedException {
        Random random = new Random(6);
        MacAddress other = MacAddress.parse("52:54:00:00:00:99");
        MacAddress group = MacAddress.parse("01:00:5e:00:00:01");
        try (TestDriver driver = driver()) {
            assertThat(command(driver, 0, ReceiveFilter.PROMISCUOUS, 0)).isZero();
            TestQueue.Request buffer = driver.queue(RECEIVE).submit(new byte[0], 2000);
            send(driver, frame(other, 60, random));
            send(driver, frame(group, 61, random));
            send(driver, frame(MacAddress.BROADCAST, 62, random));
            assertThat(driver.queue(RECEIVE).await(buffer)).hasSize(HEADER + 62);

            assertThat(command(driver, macCommand(1, other))).isZero();
            assertThat(driver.readConfig(5, 1)).as("the last byte of the address").isEqualTo(0x99);
            buffer = driver.queue(RECEIVE).submit(new byte[0], 2000);
            send(driver, frame(MAC, 63, random));
            send(driver, frame(other, 64, random));
            assertThat(driver.queue(RECEIVE).await(buffer)).hasSize(HEADER + 64);

            assertThat(command(driver, macCommand(0, group))).isZero();
            buffer = driver.queue(RECEIVE).submit(new byte[0], 2000);
            send(driver, frame(group, 65, random));
            assertThat(driver.queue(RECEIVE).await(buffer)).hasSize(HEADER + 65);

            driver.reset();
            driver.start();
            assertThat(driver.readConfig(5, 1)).as("the address given").isEqualTo(0x56);
        }
    }

    @Test
    void refusesCommandsThatMakeNoSense() throws InterruptedException {
        try (TestDriver driver = driver()) {
            int[][] commands = {
                {}, {0}, {0, 0}, {0, 6, 1}, {1, 1, 1, 2, 3, 4, 5, 6}, {1, 1, 2, 3}, {1, 0, 1, 0, 0, 0}, {1, 0, -1, -1, -1, -1},
                {1, 2}, {2, 2}, {3, 0}, {4, 0, 2, 0}, {4, 0, 0, 0}, {9, 9, 9}
            };
            for (int[] command : commands) {
                assertThat(command(driver, command)).as(Arrays.toString(command)).isEqualTo((byte) 1);
            }
            assertThat(command(driver, 2, 0, 5, 0)).as("a VLAN").isZero();
            assertThat(driver.needsReset()).isFalse();
        }
    }

    @Test
    void dropsWhatIsNoFrame() throws InterruptedException {
        Random random = new Random(7);
        try (TestDriver driver = driver()) {
            driver.queue(TRANSMIT).request(new byte[5]);
            driver.queue(TRANSMIT).request(new byte[HEADER + 13]);
            driver.queue(TRANSMIT).request(new byte[HEADER + NetworkFrame.MAX_LENGTH + 1]);
            driver.queue(TRANSMIT).request(new byte[0], 100);
            byte[] frame = frame(MAC, 100, random);
            send(driver, frame, 1, 0, 0, 0, 0, 0, 90, 0, 16, 0);
            send(driver, frame, 0, 1, 0, 0, 100, 0);
            send(driver, frame, 1, 1, 0, 0, 0, 0, 34, 0, 16, 0);
            send(driver, frame, 1, 7, 0, 0, 1, 0, 34, 0, 16, 0);
            assertThat(backend.taken).isEmpty();
            send(driver, frame);
            TestQueue.Request buffer = driver.queue(RECEIVE).submit(new byte[0], 2000);
            assertThat(body(driver.queue(RECEIVE).await(buffer))).isEqualTo(frame);
            assertThat(driver.needsReset()).isFalse();
        }
    }

    /** With 10 kB/s, a frame of 1000 bytes uses up the credit; the next one waits for its time, and is not lost. */
    @Test
    void holdsTheGuestToItsRate() throws InterruptedException {
        Random random = new Random(8);
        try (TestDriver driver = driver(false, 1, new RateLimiter.Limits(10_000, 0)).start()) {
            driver.queue(RECEIVE).submit(new byte[0], 2000);
            driver.queue(RECEIVE).submit(new byte[0], 2000);
            send(driver, frame(MAC, 1000, random));
            TestQueue.Request second = driver.queue(TRANSMIT).submit(withHeader(frame(MAC, 1000, random)));
            Thread.sleep(50);
            driver.queue(TRANSMIT).reap();
            assertThat(second.done()).isFalse();
            time.advance(1_000_000_000L);
            driver.queue(TRANSMIT).await(second);
            assertThat(backend.taken).hasSize(2);
        }
    }

    @Test
    void tellsTheLink() throws InterruptedException {
        Random random = new Random(9);
        try (TestDriver driver = driver()) {
            assertThat(driver.readConfig(6, 2)).isEqualTo(1);
            backend.port().linkChanged(false);
            assertThat(driver.readConfig(6, 2)).isZero();
            assertThat(driver.configInterrupts()).isEqualTo(1);
            send(driver, frame(MAC, 100, random));
            assertThat(backend.taken).isEmpty();
            card.setLink(true);
            assertThat(driver.configInterrupts()).isEqualTo(2);
            send(driver, frame(MAC, 100, random));
            assertThat(backend.taken).hasSize(1);
        }
    }

    /** While the machine stands still nothing moves; after it all does. State survives in a new card. */
    @Test
    void standsStillAndIsSaved() throws InterruptedException {
        Random random = new Random(10);
        try (TestDriver driver = driver()) {
            command(driver, 0, ReceiveFilter.PROMISCUOUS, 0);
            command(driver, 0, ReceiveFilter.ALL_MULTICAST, 1);
            driver.suspend();
            TestQueue.Request request = driver.queue(TRANSMIT).submit(withHeader(frame(MAC, 100, random)));
            VirtioNet.State state = card.save();
            assertThat(card.save()).isEqualTo(state);
            card.restore(state);
            assertThat(card.save()).isEqualTo(state);
            assertThat(state.modes()).isEqualTo(1 << ReceiveFilter.ALL_MULTICAST);
            driver.resume();
            driver.queue(TRANSMIT).await(request);
            assertThat(backend.taken).hasSize(1);
        }
    }

    /** With several pairs a conversation is answered where it was heard last; the control queue is the last one. */
    @Test
    void answersOnTheSamePair() throws InterruptedException {
        Random random = new Random(11);
        try (TestDriver driver = driver(false, 4, RateLimiter.Limits.NONE).start()) {
            assertThat(driver.queue(8).request(new byte[] {4, 0, 4, 0}, 1)).containsExactly(0);
            for (int pair : new int[] {3, 0, 2, 1}) {
                TestQueue.Request buffer = driver.queue(2 * pair).submit(new byte[0], 2000);
                byte[] frame = frame(MAC, 200, random);
                driver.queue(2 * pair + 1).request(withHeader(frame));
                assertThat(body(driver.queue(2 * pair).await(buffer))).isEqualTo(frame);
            }
        }
    }

    @Test
    void recordsFrames(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("net.pcap");
        Random random = new Random(12);
        byte[] frame = frame(MAC, 100, random);
        capture = new Capture(file, time, notices::add);
        try (TestDriver driver = driver()) {
            TestQueue.Request buffer = driver.queue(RECEIVE).submit(new byte[0], 2000);
            send(driver, frame);
            driver.queue(RECEIVE).await(buffer);
        }
        capture.close();
        byte[] bytes = Files.readAllBytes(file);
        assertThat(bytes).startsWith(0x4d, 0x3c, 0xb2, 0xa1).hasSize(24 + 2 * (16 + 100));
        assertThat(Arrays.copyOfRange(bytes, 40, 140)).isEqualTo(frame);
        assertThat(Arrays.copyOfRange(bytes, 156, 256)).isEqualTo(frame);
    }
}
