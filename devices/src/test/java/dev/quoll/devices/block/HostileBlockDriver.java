package dev.quoll.devices.block;

import dev.quoll.devices.ManualTime;
import dev.quoll.devices.host.RateLimiter;
import dev.quoll.devices.virtio.HostileDriver;
import java.util.Arrays;

/** A disk under a hostile driver: it never hangs, and after a reset an honest driver reads from it. */
public final class HostileBlockDriver {
    private static final int SECTORS = 256;
    private static final ManualTime TIME = new ManualTime();
    private static final HostileDriver DRIVER = new HostileDriver(
            memory -> new VirtioBlock(
                    new MemoryImage(SECTORS * VirtioBlock.SECTOR, false),
                    new VirtioBlock.Options("disk0", "FUZZ", 2, RateLimiter.Limits.NONE),
                    memory,
                    TIME,
                    TIME.timers(),
                    _ -> {}),
            2);

    private HostileBlockDriver() {}

    /** What Jazzer calls. */
    public static void fuzzerTestOneInput(byte[] input) throws InterruptedException {
        DRIVER.run(input, driver -> {
            byte[] answer = driver.queue(1).request(new byte[16], VirtioBlock.SECTOR + 1);
            if (answer.length != VirtioBlock.SECTOR + 1 || answer[VirtioBlock.SECTOR] != 0) {
                throw new AssertionError("an honest read was answered with " + Arrays.toString(answer));
            }
        });
    }
}
