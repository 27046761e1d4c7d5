package dev.quoll.devices.block;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.virtio.JazzerProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@link HostileBlockDriver} with random bytes every time, and with Jazzer's in the long tests. */
class VirtioBlockFuzzTest {
    @Test
    @Timeout(60)
    void survivesRandomDrivers() throws InterruptedException {
        long seed = System.nanoTime();
        System.out.println("VirtioBlockFuzzTest seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 300; i++) {
            byte[] script = new byte[8 * random.nextInt(1, 100)];
            random.nextBytes(script);
            HostileBlockDriver.fuzzerTestOneInput(script);
        }
    }

    @Test
    @Tag("long")
    void diskUnderJazzer(@TempDir Path folder) throws IOException, InterruptedException {
        assertThat(JazzerProcess.run(HostileBlockDriver.class, folder)).isZero();
    }
}
