package dev.quoll.devices.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.devices.ManualTime;
import dev.quoll.devices.host.RateLimiter;
import dev.quoll.devices.virtio.TestDriver;
import dev.quoll.devices.virtio.TestQueue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class VirtioBlockTest {
    private static final int SECTORS = 4096;
    private static final int IN = 0;
    private static final int OUT = 1;
    private static final int FLUSH = 4;
    private static final int GET_ID = 8;
    private static final int DISCARD = 11;
    private static final int WRITE_ZEROES = 13;
    private static final byte OK = 0;
    private static final byte IO_ERROR = 1;
    private static final byte UNSUPPORTED = 2;

    private final ManualTime time = new ManualTime();
    private final List<String> notices = new ArrayList<>();

    @AfterEach
    void stopTime() {
        time.close();
    }

    private TestDriver driver(MemoryImage image, int queues, RateLimiter.Limits limits, boolean packed) {
        VirtioBlock.Options options = new VirtioBlock.Options("disk0", "QUOLL-1", queues, limits);
        return new TestDriver(
                memory -> new VirtioBlock(image, options, memory, time, time.timers(), notices::add), packed);
    }

    private TestDriver driver(MemoryImage image) {
        return driver(image, 1, RateLimiter.Limits.NONE, false).start();
    }

    private static byte[] header(int type, long sector) {
        return ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putInt(type).putInt(0).putLong(sector).array();
    }

    private static byte[] range(long sector, int sectors, int flags) {
        return ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(sector).putInt(sectors).putInt(flags).array();
    }

    /** Status of a request with readable data. */
    private static byte out(TestDriver driver, int type, long sector, byte[]... data) throws InterruptedException {
        List<byte[]> readable = new ArrayList<>(List.of(header(type, sector)));
        readable.addAll(List.of(data));
        TestQueue queue = driver.queue(0);
        byte[] answer = queue.await(queue.submit(readable, 1));
        assertThat(answer).hasSize(1);
        return answer[0];
    }

    /** Random reads and writes of random shape against an array, on several queues at once. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void readsWhatWasWritten(boolean packed) throws InterruptedException {
        long seed = System.nanoTime();
        System.out.println("VirtioBlockTest seed " + seed);
        Random random = new Random(seed);
        MemoryImage image = new MemoryImage(SECTORS * 512, false);
        byte[] expected = new byte[SECTORS * 512];
        try (TestDriver driver = driver(image, 3, RateLimiter.Limits.NONE, packed).start()) {
            for (int i = 0; i < 400; i++) {
                int sectors = 1 + random.nextInt(random.nextInt(10) == 0 ? 1500 : 16);
                int sector = random.nextInt(SECTORS - sectors + 1);
                TestQueue queue = driver.queue(random.nextInt(3));
                if (random.nextBoolean()) {
                    byte[] data = new byte[sectors * 512];
                    random.nextBytes(data);
                    System.arraycopy(data, 0, expected, sector * 512, data.length);
                    int cut = random.nextInt(data.length + 1);
                    List<byte[]> parts = List.of(
                            header(OUT, sector), Arrays.copyOf(data, cut), Arrays.copyOfRange(data, cut, data.length));
                    assertThat(queue.await(queue.submit(random.nextBoolean(), parts, 1))).containsExactly(OK);
                } else {
                    int cut = random.nextInt(sectors * 512 + 1);
                    byte[] answer = queue.request(header(IN, sector), cut, sectors * 512 - cut + 1);
                    assertThat(answer).as("seed %d", seed).hasSize(sectors * 512 + 1);
                    assertThat(answer[sectors * 512]).isEqualTo(OK);
                    assertThat(Arrays.equals(answer, 0, sectors * 512, expected, sector * 512, (sector + sectors) * 512))
                            .as("seed %d", seed)
                            .isTrue();
                }
            }
            assertThat(image.content).isEqualTo(expected);
        }
    }

    @Test
    void refusesWhatLiesOutsideTheDisk() throws InterruptedException {
        MemoryImage image = new MemoryImage(SECTORS * 512, false);
        try (TestDriver driver = driver(image)) {
            for (long sector : new long[] {SECTORS, SECTORS - 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE / 512}) {
                assertThat(out(driver, OUT, sector, new byte[1024])).as("sector %d", sector).isEqualTo(IO_ERROR);
                assertThat(driver.queue(0).request(header(IN, sector), 1024, 1)).isEmpty();
            }
            assertThat(out(driver, OUT, 0, new byte[100])).isEqualTo(IO_ERROR);
            assertThat(out(driver, WRITE_ZEROES, 0, range(SECTORS - 1, 2, 0))).isEqualTo(IO_ERROR);
            assertThat(out(driver, DISCARD, 0, range(1, -1, 0))).isEqualTo(IO_ERROR);
            assertThat(out(driver, 99, 0)).isEqualTo(UNSUPPORTED);
            assertThat(image.content).containsOnly(0);
        }
    }

    @Test
    void flushesDiscardsAndWritesZeroes() throws InterruptedException {
        MemoryImage image = new MemoryImage(SECTORS * 512, false);
        Arrays.fill(image.content, (byte) 7);
        try (TestDriver driver = driver(image)) {
            assertThat(out(driver, FLUSH, 0)).isEqualTo(OK);
            assertThat(image.flushes).isEqualTo(1);
            assertThat(out(driver, DISCARD, 0, range(8, 8, 0))).isEqualTo(OK);
            assertThat(image.discards).isEqualTo(1);
            assertThat(out(driver, DISCARD, 0, range(8, 8, 1))).isEqualTo(UNSUPPORTED);
            assertThat(out(driver, WRITE_ZEROES, 0, range(1, 2, 1), range(4, 1, 0))).isEqualTo(OK);
            for (int sector = 0; sector < 8; sector++) {
                byte wanted = (byte) (sector == 1 || sector == 2 || sector == 4 ? 0 : 7);
                assertThat(image.content[sector * 512]).as("sector %d", sector).isEqualTo(wanted);
                assertThat(image.content[sector * 512 + 511]).isEqualTo(wanted);
            }
            assertThat(out(driver, WRITE_ZEROES, 0, range(0, 1, 2))).isEqualTo(UNSUPPORTED);
        }
    }

    @Test
    void tellsItsSerialNumberAndSize() throws InterruptedException {
        try (TestDriver driver = driver(new MemoryImage(SECTORS * 512 + 100, false))) {
            byte[] answer = driver.queue(0).request(header(GET_ID, 0), 20, 1);
            assertThat(new String(answer, 0, 7, StandardCharsets.US_ASCII)).isEqualTo("QUOLL-1");
            assertThat(Arrays.copyOfRange(answer, 7, 21)).containsOnly(0);
            assertThat(driver.readConfig(0, 4) | driver.readConfig(4, 4) << 32).isEqualTo(SECTORS);
            assertThat(driver.readConfig(20, 4)).isEqualTo(512);
        }
    }

    @Test
    void readOnlyDiskTakesNoWrites() throws InterruptedException {
        MemoryImage image = new MemoryImage(SECTORS * 512, true);
        try (TestDriver driver = driver(image)) {
            assertThat(driver.features() >>> VirtioBlock.READ_ONLY & 1).isEqualTo(1);
            assertThat(out(driver, OUT, 0, new byte[512])).isEqualTo(IO_ERROR);
            assertThat(out(driver, WRITE_ZEROES, 0, range(0, 1, 0))).isEqualTo(IO_ERROR);
            assertThat(driver.queue(0).request(header(IN, 0), 513)).hasSize(513);
        }
    }

    /** The guest gets an error, the user a sentence, and the disk works again when the host does. */
    @Test
    void hostErrorsReachTheGuest() throws InterruptedException {
        MemoryImage image = new MemoryImage(SECTORS * 512, false);
        try (TestDriver driver = driver(image)) {
            image.refusal = "no space left on device";
            assertThat(out(driver, OUT, 0, new byte[512])).isEqualTo(IO_ERROR);
            assertThat(out(driver, FLUSH, 0)).isEqualTo(IO_ERROR);
            assertThat(driver.queue(0).request(header(IN, 0), 512, 1)).isEmpty();
            assertThat(notices).containsExactly(
                    "disk0: a write failed, the guest gets an I/O error: no space left on device");
            image.refusal = null;
            assertThat(out(driver, OUT, 0, new byte[512])).isEqualTo(OK);
            assertThat(driver.needsReset()).isFalse();
        }
    }

    @Test
    void withoutFlushFeatureOrWithCacheOffWritesGoThrough() throws InterruptedException {
        MemoryImage image = new MemoryImage(SECTORS * 512, false);
        try (TestDriver driver = driver(image)) {
            assertThat(out(driver, OUT, 0, new byte[512])).isEqualTo(OK);
            assertThat(image.flushes).isZero();
            driver.writeConfig(32, 1, 0);
            assertThat(driver.readConfig(32, 1)).isZero();
            assertThat(out(driver, OUT, 0, new byte[512])).isEqualTo(OK);
            assertThat(image.flushes).isEqualTo(1);
            driver.start(~(1L << VirtioBlock.FLUSH));
            assertThat(driver.readConfig(32, 1)).as("after the reset").isEqualTo(1);
            assertThat(out(driver, OUT, 0, new byte[512])).isEqualTo(OK);
            assertThat(image.flushes).isEqualTo(2);
        }
    }

    @Test
    void aRequestWithoutStatusNeedsReset() throws InterruptedException {
        try (TestDriver driver = driver(new MemoryImage(SECTORS * 512, false))) {
            driver.queue(0).submit(header(FLUSH, 0));
            while (!driver.needsReset()) {
                Thread.sleep(1);
            }
            assertThat(driver.configInterrupts()).isEqualTo(1);
            assertThat(driver.notices()).singleElement().asString().contains("no room for its status");
            driver.start();
            assertThat(out(driver, FLUSH, 0)).isEqualTo(OK);
        }
    }

    /** 100 operations a second with a burst of 10: the eleventh waits, and each 10 ms of guest time lets one more through. */
    @Test
    void keepsToItsRate() throws InterruptedException {
        MemoryImage image = new MemoryImage(SECTORS * 512, false);
        try (TestDriver driver = driver(image, 1, new RateLimiter.Limits(0, 100), false).start()) {
            TestQueue queue = driver.queue(0);
            List<TestQueue.Request> requests = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                requests.add(queue.submit(header(FLUSH, 0), 1));
            }
            queue.await(requests.get(9));
            Thread.sleep(20);
            queue.reap();
            assertThat(requests.get(10).done()).isFalse();
            driver.suspend();
            driver.resume();
            for (int i = 10; i < 20; i++) {
                assertThat(requests.get(i).done()).isFalse();
                time.advance(10_000_000);
                queue.await(requests.get(i));
            }
        }
    }

    @Test
    void optionsAreJudged() {
        assertThatThrownBy(() -> new VirtioBlock.Options("d", "", 0, RateLimiter.Limits.NONE)).hasMessageContaining("queues");
        assertThatThrownBy(() -> new VirtioBlock.Options("d", "x".repeat(21), 1, RateLimiter.Limits.NONE))
                .hasMessageContaining("serial");
    }
}
