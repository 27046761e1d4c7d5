package dev.quoll.devices.virtio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@link HostileRings} with random bytes every time, and with Jazzer's, which follow the code's branches, in the long tests. */
class RingFuzzTest {
    @Test
    void randomRings() throws IOException {
        long seed = System.nanoTime();
        System.out.println("RingFuzzTest seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 1_000; i++) {
            HostileRings.run(script(random));
        }
    }

    /** Random bytes most of which mean something. */
    static byte[] script(Random random) {
        ByteBuffer script = ByteBuffer.allocate(2 + 600 * 4);
        random.nextBytes(script.array());
        for (int at = 2; at < script.capacity(); at += 4) {
            if (random.nextInt(4) != 0) {
                // A write to the rings, often of a small number: an index, a flag, a length.
                script.put(at, (byte) random.nextInt(4));
                script.put(at + 1, (byte) random.nextInt(64));
                if (random.nextBoolean()) {
                    script.put(at + 3, (byte) 0);
                }
            }
        }
        return script.array();
    }

    @Test
    @Tag("long")
    void ringsUnderJazzer(@TempDir Path folder) throws IOException, InterruptedException {
        assertThat(JazzerProcess.run(HostileRings.class, folder)).isZero();
    }
}
