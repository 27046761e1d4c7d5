package dev.quoll.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Queues of both kinds, driven through both transports by a driver that holds to the rules. */
@Timeout(60)
class VirtqueueTest {
    private record Sent(TestQueue queue, TestQueue.Request request, byte[] expected) {}

    static Stream<Arguments> forms() {
        long all = -1;
        long noEvents = ~VirtioFeature.mask(VirtioFeature.EVENT_INDEX);
        return Stream.of(
                form("split", false, all, PciDriverTransport::new),
                form("split without event index", false, noEvents, PciDriverTransport::new),
                form("packed", true, all, PciDriverTransport::new),
                form("packed without event index", true, noEvents, PciDriverTransport::new),
                form("split over mmio", false, all, MmioDriverTransport::new),
                form("packed over mmio", true, all, MmioDriverTransport::new));
    }

    private static Arguments form(String name, boolean packed, long features, DriverTransport.Maker over) {
        return Arguments.of(name, (Supplier<TestDriver>)
                () -> new TestDriver(memory -> new EchoDevice(memory, 2), packed, over).start(features));
    }

    /** Random requests in random shapes on two queues, several in flight: every answer is right, every wait ends by interrupt. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("forms")
    void answersEveryRequest(String name, Supplier<TestDriver> make) throws InterruptedException {
        long seed = System.nanoTime();
        System.out.println("VirtqueueTest " + name + " seed " + seed);
        Random random = new Random(seed);
        try (TestDriver driver = make.get()) {
            Deque<Sent> inFlight = new ArrayDeque<>();
            for (int i = 0; i < 4_000; i++) {
                while (inFlight.size() > random.nextInt(1, 12)) {
                    check(inFlight.remove(), seed);
                }
                inFlight.add(send(driver.queue(random.nextInt(2)), random));
            }
            while (!inFlight.isEmpty()) {
                check(inFlight.remove(), seed);
            }
            assertThat(driver.notices()).isEmpty();
        }
    }

    private static Sent send(TestQueue queue, Random random) {
        List<byte[]> readable = new ArrayList<>();
        int total = 0;
        for (int i = random.nextInt(1, 4); i > 0; i--) {
            byte[] part = new byte[random.nextInt(1, 300)];
            random.nextBytes(part);
            readable.add(part);
            total += part.length;
        }
        byte[] whole = new byte[total];
        int at = 0;
        for (byte[] part : readable) {
            System.arraycopy(part, 0, whole, at, part.length);
            at += part.length;
        }
        int[] writable = new int[random.nextInt(0, 3)];
        int room = 0;
        for (int i = 0; i < writable.length; i++) {
            writable[i] = random.nextInt(1, 400);
            room += writable[i];
        }
        byte[] expected = Arrays.copyOf(whole, Math.min(total, room));
        return new Sent(queue, queue.submit(random.nextBoolean(), readable, writable), expected);
    }

    private static void check(Sent sent, long seed) throws InterruptedException {
        assertThat(sent.queue.await(sent.request)).as("seed %d", seed).isEqualTo(sent.expected);
    }

    /** A paused device completes what it took, takes nothing, and goes on after the pause. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("forms")
    void pausesAndGoesOn(String name, Supplier<TestDriver> make) throws InterruptedException {
        try (TestDriver driver = make.get()) {
            TestQueue queue = driver.queue(0);
            for (int i = 0; i < 50; i++) {
                TestQueue.Request before = queue.submit(new byte[] {1, (byte) i}, 2);
                driver.suspend();
                queue.reap();
                boolean done = before.done();
                TestQueue.Request during = queue.submit(new byte[] {2, (byte) i}, 2);
                queue.kick();
                Thread.sleep(1);
                queue.reap();
                assertThat(during.done()).isFalse();
                assertThat(before.done()).isEqualTo(done);
                driver.resume();
                assertThat(queue.await(during)).containsExactly(2, i);
                assertThat(queue.await(before)).containsExactly(1, i);
            }
        }
    }
}
