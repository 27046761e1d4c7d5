package dev.quoll.devices.interrupt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.RecordingLine;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class InterruptOutputTest {
    /** Whatever order threads drive in, the wire ends at the level decided last. */
    @Test
    void wireEndsAtTheLevelWantedLast() throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            RecordingLine line = new RecordingLine();
            InterruptOutput output = new InterruptOutput(line);
            Object deviceLock = new Object();
            boolean[] last = {false};
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                int parity = t;
                threads.add(Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < 300; i++) {
                        synchronized (deviceLock) {
                            last[0] = (i + parity) % 2 == 0;
                            output.want(last[0]);
                        }
                        output.drive();
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(line.high()).as("round %d", round).isEqualTo(last[0]);
        }
    }
}
