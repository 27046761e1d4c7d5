package dev.quoll.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.ManualTime;
import dev.quoll.devices.balloon.VirtioBalloon;
import dev.quoll.devices.console.ConsolePort;
import dev.quoll.devices.console.FileEnd;
import dev.quoll.devices.console.VirtioConsole;
import dev.quoll.devices.entropy.VirtioEntropy;
import dev.quoll.devices.share.Ownership;
import dev.quoll.devices.share.VirtioFs;
import dev.quoll.devices.vsock.VirtioSocket;
import dev.quoll.machine.GuestMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What every virtio device promises, whatever it is. */
@Timeout(120)
class VirtioContractTest {
    /** Makes a device for a test. */
    @FunctionalInterface
    interface Maker {
        VirtioDevice<?> make(GuestMemory memory, Path folder, ManualTime time) throws IOException;
    }

    private static final int REQUESTS = 150;

    @TempDir
    private Path folder;

    static Stream<Arguments> devices() {
        return Stream.of(
                device("entropy", (memory, _, time) ->
                        new VirtioEntropy(memory, new Random(1), VirtioEntropy.DEFAULT_RATE, time, time.timers())),
                device("share", (memory, folder, _) -> new VirtioFs("share0", "tag", folder, false, Ownership.ROOT, memory)),
                device("balloon", (memory, _, time) -> new VirtioBalloon(memory, 1 << 20, time, time.timers())),
                device("console", (memory, folder, _) -> new VirtioConsole(
                        List.of(new ConsolePort("log", true, new FileEnd(folder.resolve("log"), System.out::println))), memory)),
                device("socket", (memory, folder, _) -> new VirtioSocket(3, folder.resolve("v.sock"), memory)));
    }

    private static Arguments device(String name, Maker maker) {
        return Arguments.of(name, maker);
    }

    /** One device at work, with the test as its driver. */
    private final class Bench implements AutoCloseable {
        private final ManualTime time = new ManualTime();
        private VirtioDevice<?> device;
        private final TestDriver driver;

        Bench(Maker maker, Path own) {
            driver = new TestDriver(memory -> {
                try {
                    device = maker.make(memory, own, time);
                    return device;
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
        }

        /** Random bytes on random queues. The rings lie below what a balloon may be told to take. */
        void fuzz(long seed) {
            Random random = new Random(seed);
            List<List<TestQueue.Request>> given = new ArrayList<>();
            for (int queue = 0; queue < device.queues(); queue++) {
                given.add(new ArrayList<>());
            }
            for (int i = 0; i < REQUESTS && !driver.needsReset(); i++) {
                int index = random.nextInt(device.queues());
                TestQueue queue = driver.queue(index);
                byte[] readable = new byte[random.nextInt(200)];
                random.nextBytes(readable);
                for (int at = 3; at < readable.length && device instanceof VirtioBalloon; at += 4) {
                    readable[at] |= 1;
                }
                queue.reap();
                given.get(index).removeIf(TestQueue.Request::done);
                // Some devices keep what they are given until they have something to say.
                if (given.get(index).size() < queue.size() / 4) {
                    given.get(index).add(queue.submit(readable, random.nextInt(1, 5000)));
                }
                if (device.configLength() > 0 && random.nextInt(5) == 0) {
                    driver.writeConfig(0, 1, random.nextInt());
                }
                if (random.nextInt(20) == 0) {
                    time.advance(random.nextInt(1_000_000_000));
                }
            }
        }

        @Override
        public void close() throws Exception {
            driver.close();
            if (device instanceof AutoCloseable own) {
                own.close();
            }
            time.close();
        }
    }

    private Bench bench(Maker maker, String name) throws IOException {
        return new Bench(maker, Files.createDirectories(folder.resolve(name)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("devices")
    void aResetMakesItNew(String name, Maker maker) throws Exception {
        try (Bench bench = bench(maker, "one")) {
            Record fresh = bench.device.save();
            for (int round = 0; round < 3; round++) {
                bench.driver.start();
                bench.fuzz(round);
                bench.driver.reset();
                assertThat(bench.driver.status()).isZero();
                assertThat(bench.device.save()).isEqualTo(fresh);
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("devices")
    void savedStatesAreEqualAndTheTwinsToo(String name, Maker maker) throws Exception {
        long seed = System.nanoTime();
        System.out.println("VirtioContractTest " + name + " seed " + seed);
        try (Bench bench = bench(maker, "one");
                Bench twin = bench(maker, "two")) {
            bench.driver.start();
            bench.fuzz(seed);
            bench.driver.suspend();
            Record saved = bench.device.save();
            assertThat(bench.device.save()).isEqualTo(saved);
            restore(twin.device, saved);
            assertThat(twin.device.save()).isEqualTo(saved);
            bench.driver.resume();
            bench.driver.reset();
        }
    }

    @SuppressWarnings("unchecked")
    private static <S extends Record> void restore(VirtioDevice<S> device, Record state) {
        device.restore((S) state);
    }

    /** Also a driver that leaves queues out is served, or told to reset, and the device stops when it should. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("devices")
    void notificationsAreHarmlessAtAnyTime(String name, Maker maker) throws Exception {
        try (Bench bench = bench(maker, "one")) {
            for (int queue = 0; queue < bench.device.queues(); queue++) {
                bench.device.notified(queue);
            }
            bench.device.stop();
            bench.device.quiesce();
            bench.driver.start();
            for (int queue = 0; queue < bench.device.queues(); queue++) {
                bench.device.notified(queue);
                bench.driver.queue(queue).kick();
            }
            assertThat(bench.driver.needsReset()).isFalse();
        }
    }
}
