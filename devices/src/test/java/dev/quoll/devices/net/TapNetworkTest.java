package dev.quoll.devices.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.devices.ManualTime;
import dev.quoll.devices.host.RateLimiter;
import dev.quoll.devices.virtio.TestDriver;
import dev.quoll.devices.virtio.TestQueue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A card on a real tap interface, with the host's kernel at the other end. Skips without root. */
@Timeout(60)
class TapNetworkTest {
    private static final MacAddress MAC = MacAddress.parse("52:54:00:12:34:56");
    private static final int HEADER = 12;
    private static final int OWN = 0xc6336402;
    private static final int HOST = 0xc6336401;

    private static void host(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
    }

    /** An ARP request gets the host's answer through the card's queues. */
    @Test
    void reachesTheHost() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "tap interfaces need root");
        assumeTrue(Files.exists(Path.of("/dev/net/tun")), "there is no /dev/net/tun");
        ManualTime time = new ManualTime();
        TapNetwork tap = new TapNetwork("qtest%d", 1500);
        VirtioNet.Options options =
                new VirtioNet.Options("net0", MAC, 1, RateLimiter.Limits.NONE, RateLimiter.Limits.NONE);
        try (time; tap; TestDriver driver = new TestDriver(
                memory -> new VirtioNet(tap, options, memory, time, time.timers(), null, reason -> { }))) {
            driver.start();
            // TEST-NET-2 (RFC 5737): nobody's network.
            host("ip", "addr", "add", "198.51.100.1/30", "dev", tap.interfaceName());
            host("ip", "link", "set", tap.interfaceName(), "up");
            byte[] request = new byte[HEADER + 42];
            MacAddress.put(request, HEADER, MacAddress.BROADCAST.value());
            MacAddress.put(request, HEADER + 6, MAC.value());
            BigEndian.put16(request, HEADER + 12, 0x0806);
            BigEndian.put32(request, HEADER + 14, 0x10800);
            BigEndian.put32(request, HEADER + 18, 0x06040001);
            MacAddress.put(request, HEADER + 22, MAC.value());
            BigEndian.put32(request, HEADER + 28, OWN);
            BigEndian.put32(request, HEADER + 38, HOST);
            driver.queue(1).request(request);
            // The host may say things of its own first.
            for (int i = 0; i < 20; i++) {
                TestQueue.Request buffer = driver.queue(0).submit(new byte[0], 2000);
                byte[] frame = driver.queue(0).await(buffer);
                if (BigEndian.u16(frame, HEADER + 12) == 0x0806 && BigEndian.i32(frame, HEADER + 28) == HOST) {
                    assertThat(MacAddress.at(frame, HEADER)).isEqualTo(MAC.value());
                    assertThat(BigEndian.u16(frame, HEADER + 20)).isEqualTo(2);
                    return;
                }
            }
            throw new AssertionError("no ARP reply among 20 frames");
        }
    }

    @Test
    void saysWhatIsWrong() {
        assertThatThrownBy(() -> new TapNetwork("a-name-much-too-long", 1500))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is not the name of an interface");
        assertThatThrownBy(() -> new TapNetwork("lo", 1500))
                .isInstanceOf(IOException.class)
                .hasMessageMatching("(?s).*(lo|/dev/net/tun).* failed with .*");
    }
}
