package dev.quoll.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.machine.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What both transports promise: the order of steps, reset, configuration, save and restore. */
@Timeout(60)
class VirtioTransportTest {
    static Stream<Arguments> transports() {
        return Stream.of(
                transport("pci", false, PciDriverTransport::new),
                transport("pci, packed", true, PciDriverTransport::new),
                transport("mmio", false, MmioDriverTransport::new),
                transport("mmio, packed", true, MmioDriverTransport::new));
    }

    private static Arguments transport(String name, boolean packed, DriverTransport.Maker over) {
        return Arguments.of(
                name,
                (Function<List<EchoDevice>, TestDriver>) made -> new TestDriver(
                        memory -> {
                            EchoDevice device = new EchoDevice(memory, 2);
                            made.add(device);
                            return device;
                        },
                        packed,
                        over));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transports")
    void refusesWrongFeatures(String name, Function<List<EchoDevice>, TestDriver> make) {
        try (TestDriver driver = make.apply(new ArrayList<>())) {
            DriverTransport transport = driver.transport();
            long offered = transport.deviceFeatures();
            assertThat(offered & 1L << EchoDevice.FEATURE).isNotZero();
            for (long wanted : new long[] {0, offered & ~(1L << 32), offered | 1L << 5, offered | 1L << 33, -1}) {
                transport.setStatus(0);
                transport.setStatus(3);
                transport.setDriverFeatures(wanted);
                transport.setStatus(3 | VirtioTransport.FEATURES_OK);
                assertThat(transport.status()).as("features %#x", wanted).isEqualTo(3);
                transport.setStatus(3 | VirtioTransport.DRIVER_OK);
                assertThat(transport.status()).as("the device does not start").isEqualTo(3);
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transports")
    void aResetTakesAllBack(String name, Function<List<EchoDevice>, TestDriver> make) throws InterruptedException {
        try (TestDriver driver = make.apply(new ArrayList<>())) {
            for (int round = 0; round < 5; round++) {
                driver.start();
                assertThat(driver.readConfig(0, 4)).isZero();
                driver.writeConfig(0, 4, 0x1234_5678);
                assertThat(driver.readConfig(1, 1)).isEqualTo(0x56);
                TestQueue queue = driver.queue(1);
                assertThat(queue.request(new byte[] {1, 2, 3}, 3)).containsExactly(1, 2, 3);
                driver.reset();
                assertThat(driver.status()).isZero();
                queue.submit(new byte[] {4}, 1);
                queue.kick();
                Thread.sleep(2);
                assertThat(queue.nextUsed()).isNull();
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transports")
    void configurationChangesAreTold(String name, Function<List<EchoDevice>, TestDriver> make) throws InterruptedException {
        List<EchoDevice> made = new ArrayList<>();
        try (TestDriver driver = make.apply(made)) {
            driver.start();
            int before = driver.configInterrupts();
            made.getFirst().queues.configChanged();
            driver.transport().awaitInterrupt(before, 5_000);
            assertThat(driver.configInterrupts()).isEqualTo(before + 1);
            assertThat(driver.readConfig(8, 1)).isEqualTo(0x5a);
            assertThat(driver.readConfig(9, 1)).isEqualTo(0x5a);
            assertThat(driver.readConfig(12, 4)).as("beyond the end").isZero();
        }
    }

    /** Queues that lie wrong stop the device before it starts; a reset makes all good. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("transports")
    void queuesOutsideMemoryNeedReset(String name, Function<List<EchoDevice>, TestDriver> make) throws InterruptedException {
        List<EchoDevice> made = new ArrayList<>();
        long end = TestMemory.SIZE;
        long[][] places = {
            {64, end, 0x2000, 0x3000},
            {64, 0x1000, end - 2, 0x3000},
            {64, 0x1000, 0x2000, -4},
            {64, 0x1008, 0x2000, 0x3000},
            {64, 0x1000, 0x2001, 0x3000},
            {64, 0x1000, 0x2000, 0x3002},
            {64, Long.MIN_VALUE, 0x2000, 0x3000},
            {64, end - 16, 0x2000, 0x3000},
            {0, 0x1000, 0x2000, 0x3000},
            {65535, 0x1000, 0x2000, 0x3000},
            {128, 0x1000, 0x2000, 0x3000},
        };
        try (TestDriver driver = make.apply(made)) {
            for (long[] place : places) {
                driver.negotiate(-1);
                driver.transport().enableQueue(0, (int) place[0], place[1], place[2], place[3]);
                driver.transport().setStatus(driver.status() | VirtioTransport.DRIVER_OK);
                assertThat(driver.needsReset()).as("size %d at %x %x %x", place[0], place[1], place[2], place[3]).isTrue();
                assertThat(made.getFirst().queues).as("never started").isNull();
            }
            driver.start();
            assertThat(driver.needsReset()).isFalse();
            assertThat(driver.queue(0).request(new byte[] {9}, 1)).containsExactly(9);
        }
    }

    /** A device saved with requests in its queues and restored, in place, answers them and goes on. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("transports")
    void goesOnAfterSaveAndRestore(String name, Function<List<EchoDevice>, TestDriver> make) throws InterruptedException {
        long seed = System.nanoTime();
        System.out.println("VirtioTransportTest " + name + " seed " + seed);
        Random random = new Random(seed);
        try (TestDriver driver = make.apply(new ArrayList<>())) {
            driver.start();
            for (int round = 0; round < 100; round++) {
                TestQueue queue = driver.queue(round & 1);
                driver.writeConfig(0, 4, round);
                byte[] data = new byte[1 + random.nextInt(20)];
                random.nextBytes(data);
                for (int i = random.nextInt(4); i > 0; i--) {
                    queue.request(data, data.length);
                }
                driver.suspend();
                TestQueue.Request waiting = queue.submit(data, data.length);
                driver.transport().settle();
                roundTrip(driver.transport().underTest());
                assertThat(driver.readConfig(0, 4)).isEqualTo(round);
                driver.resume();
                assertThat(queue.await(waiting)).as("seed %d", seed).isEqualTo(data);
                assertThat(queue.request(data, data.length)).as("seed %d", seed).isEqualTo(data);
            }
        }
    }

    private static <S extends Record> void roundTrip(Device<S> device) {
        S saved = device.save();
        assertThat(device.save()).isEqualTo(saved);
        device.reset();
        assertThat(device.save()).isNotEqualTo(saved);
        device.restore(saved);
        assertThat(device.save()).isEqualTo(saved);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transports")
    void refusesTheStateOfAnother(String name, Function<List<EchoDevice>, TestDriver> make) {
        try (TestDriver driver = make.apply(new ArrayList<>());
                TestDriver other = new TestDriver(memory -> new EchoDevice(memory, 5), false,
                        name.startsWith("pci") ? PciDriverTransport::new : MmioDriverTransport::new)) {
            assertThatThrownBy(() -> restoreFrom(driver.transport().underTest(), other.transport().underTest()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("echo");
        }
    }

    @SuppressWarnings("unchecked")
    private static <S extends Record> void restoreFrom(Device<S> device, Device<?> other) {
        device.restore((S) other.save());
    }
}
