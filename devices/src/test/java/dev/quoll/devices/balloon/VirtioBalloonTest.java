package dev.quoll.devices.balloon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.bindings.NativeAccess;
import dev.quoll.devices.ManualTime;
import dev.quoll.devices.virtio.TestDriver;
import dev.quoll.devices.virtio.TestMemory;
import dev.quoll.devices.virtio.TestQueue;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The balloon's queues with this test as the driver. */
@Timeout(60)
class VirtioBalloonTest {
    private static final int PAGE = 4096;
    private static final int INFLATE = 0;
    private static final int DEFLATE = 1;
    private static final int STATISTICS = 2;
    private static final int REPORTING = 3;

    private final ManualTime time = new ManualTime();
    private VirtioBalloon device;
    private TestDriver driver;

    @BeforeEach
    void start() {
        driver = new TestDriver(memory -> {
            device = new VirtioBalloon(memory, 8 << 20, time, time.timers());
            return device;
        });
        driver.start();
    }

    @AfterEach
    void close() {
        driver.close();
        time.close();
    }

    private static byte[] pages(int... numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int number : numbers) {
            bytes.putInt(number);
        }
        return bytes.array();
    }

    /** Resident memory of this process in bytes, that of memory files included (proc(5)). */
    private static long resident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                        .filter(line -> line.startsWith("RssShmem:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElseThrow()
                << 10;
    }

    @Test
    void pagesGivenBackReadAsZeroes() throws Exception {
        assertThat(driver.readConfig(0, 4)).isEqualTo((8 << 20) / PAGE);
        int first = (16 << 20) / PAGE;
        int count = (8 << 20) / PAGE;
        byte[] content = new byte[PAGE];
        new Random(1).nextBytes(content);
        for (int page = first; page < first + count; page++) {
            driver.memory().write((long) page * PAGE, content);
        }
        for (int page = first; page < first + count; page += 256) {
            int[] numbers = new int[256];
            for (int i = 0; i < 256; i++) {
                numbers[i] = i % 2 == 0 ? page + i : page + 255 - i / 2 * 2;
            }
            driver.queue(INFLATE).request(pages(numbers));
        }
        for (int page = first; page < first + count; page++) {
            assertThat(driver.memory().readLong((long) page * PAGE + 8)).isZero();
        }
        assertThat(device.lines()).contains("balloon-released-bytes " + (8 << 20));
        driver.queue(DEFLATE).request(pages(first));
        driver.memory().write((long) first * PAGE, content);
        assertThat(driver.memory().readLong((long) first * PAGE)).isNotZero();
    }

    @Test
    void memoryGivenBackLeavesTheProcess() throws Exception {
        Assumptions.assumeTrue(NativeAccess.available() && Files.exists(Path.of("/proc/self/status")), "cannot be measured here");
        int first = (16 << 20) / PAGE;
        int count = (8 << 20) / PAGE;
        for (int page = first; page < first + count; page++) {
            driver.memory().writeLong((long) page * PAGE, -1);
        }
        long before = resident();
        for (int page = first; page < first + count; page += 256) {
            driver.queue(INFLATE).request(pages(IntStream.range(page, page + 256).toArray()));
        }
        assertThat(before - resident()).as("bytes less").isGreaterThan(7L << 20);
    }

    @Test
    void freePagesAreTakenWhenReported() throws Exception {
        TestQueue.Request report = driver.queue(REPORTING).submit(new byte[0], 3 * PAGE);
        driver.queue(REPORTING).await(report);
        assertThat(device.lines()).containsPattern("balloon-released-bytes (8192|12288)");
        driver.writeConfig(12, 4, 0xaaaaaaaaL);
        driver.memory().writeLong(30 << 20, 77);
        driver.queue(REPORTING).request(new byte[0], 100 * PAGE);
        assertThat(device.lines()).as("a pattern in free pages is kept").containsPattern("balloon-released-bytes (8192|12288)");
    }

    @Test
    void theGuestIsAskedForFigures() throws Exception {
        byte[] figures = ByteBuffer.allocate(30)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putShort((short) 4)
                .putLong(1000)
                .putShort((short) 5)
                .putLong(5000)
                .putShort((short) 999)
                .putLong(1)
                .array();
        TestQueue.Request first = driver.queue(STATISTICS).submit(figures);
        while (device.statistics().values().isEmpty()) {
            Thread.sleep(1);
        }
        assertThat(device.statistics().values())
                .isEqualTo(Map.of(MemoryStatistics.Figure.FREE_BYTES, 1000L, MemoryStatistics.Figure.TOTAL_BYTES, 5000L));
        driver.queue(STATISTICS).reap();
        assertThat(first.done()).isFalse();
        time.advance(10_000_000_000L);
        driver.queue(STATISTICS).await(first);
        assertThat(device.lines()).contains("guest-free-bytes 1000");
    }

    @Test
    void theTargetChangesAndTheGuestHearsOfIt() {
        int interrupts = driver.configInterrupts();
        device.target(4 << 20);
        assertThat(driver.configInterrupts()).isGreaterThan(interrupts);
        assertThat(driver.readConfig(0, 4)).isEqualTo((4 << 20) / PAGE);
        driver.writeConfig(4, 4, 512);
        assertThat(device.actual()).isEqualTo(512 * PAGE);
        assertThatThrownBy(() -> device.target(TestMemory.SIZE + PAGE)).isInstanceOf(IllegalArgumentException.class);
        VirtioBalloon.State state = device.save();
        device.restore(state);
        assertThat(device.save()).isEqualTo(state).isEqualTo(new VirtioBalloon.State(1024, 512, 0));
        driver.reset();
        assertThat(device.actual()).isZero();
    }

    @Test
    void pagesThatAreNoneAreLeftOut() throws Exception {
        Random random = new Random(5);
        for (int i = 0; i < 40; i++) {
            byte[] numbers = new byte[random.nextInt(1, 3000)];
            random.nextBytes(numbers);
            // Only the upper half of RAM: the rings lie in the lower.
            for (int at = 3; at < numbers.length; at += 4) {
                numbers[at] |= 1;
            }
            driver.queue(random.nextInt(2)).request(numbers);
        }
        assertThat(driver.needsReset()).isFalse();
        assertThat(device.lines()).contains("balloon-released-bytes 0");
    }
}
