package dev.quoll.devices.entropy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.ManualTime;
import dev.quoll.devices.virtio.TestDriver;
import dev.quoll.devices.virtio.TestQueue;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VirtioEntropyTest {
    private static final int RATE = 64 << 10;

    @Test
    void fillsBuffersWithTheSourcesBytes() throws InterruptedException {
        for (boolean packed : new boolean[] {false, true}) {
            try (ManualTime time = new ManualTime(0);
                    TestDriver driver = new TestDriver(
                            memory -> new VirtioEntropy(memory, new Random(42), RATE, time, time.timers()), packed)) {
                driver.start();
                byte[] first = driver.queue(0).request(new byte[0], 64, 100, 3);
                byte[] expected = new byte[4096];
                new Random(42).nextBytes(expected);
                assertThat(first).hasSize(167).isEqualTo(Arrays.copyOf(expected, 167));
                assertThat(driver.queue(0).request(new byte[10], 64)).hasSize(64).isNotEqualTo(Arrays.copyOf(first, 64));
                assertThat(driver.queue(0).request(new byte[0], 1 << 20)).as("a huge request").hasSize(4096);
                assertThat(driver.needsReset()).isFalse();
            }
        }
    }

    @Test
    void noMoreThanTheRateIsGiven() throws InterruptedException {
        try (ManualTime time = new ManualTime(0);
                TestDriver driver = new TestDriver(
                        memory -> new VirtioEntropy(memory, new SecureRandom(), RATE, time, time.timers()))) {
            driver.start();
            List<TestQueue.Request> asked = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                asked.add(driver.queue(0).submit(new byte[0], 4096));
            }
            // A second's credit at the start is 16 requests, and one more goes on credit.
            for (int done = 17; done < asked.size(); done += 16) {
                driver.queue(0).await(asked.get(done - 1));
                assertThat(asked.stream().filter(TestQueue.Request::done)).hasSize(done);
                time.advance(1_000_000_000);
            }
            driver.queue(0).await(asked.getLast());
        }
    }
}
