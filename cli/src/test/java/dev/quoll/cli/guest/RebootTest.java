package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a stock guest that reboots, and of one with far more memory than it uses. */
@Tag("long")
@Timeout(900)
class RebootTest {
    private static final Duration SHORT = Duration.ofMinutes(1);
    private static final String BANNER = "Linux version ";
    /** As docs/exit-status.md tells it. */
    private static final int GUEST_RESET = 11;

    private static final int SIGTERM = 143;

    @Test
    void aLargeGuestRebootsAndStaysSmallOnTheHost(@TempDir Path folder) throws Exception {
        try (GuestTerminal guest = new StockGuest(folder).boot("--memory", "8G")) {
            checkSize(guest);
            guest.type("reboot");
            guest.expect(BANNER, StockGuest.BOOT);
            guest.expect(GuestTerminal.PROMPT, StockGuest.BOOT);
            checkSize(guest);
            guest.type("poweroff");
            assertThat(guest.exitStatus(SHORT)).isZero();
            assertThat(guest.text().split(BANNER, -1)).as("parts between the banners of two boots").hasSize(3);
        }
    }

    @Test
    void noRebootEndsWithAStatusOfItsOwn(@TempDir Path folder) throws Exception {
        try (GuestTerminal guest = new StockGuest(folder).boot("--no-reboot")) {
            guest.type("reboot");
            assertThat(guest.exitStatus(SHORT)).isEqualTo(GUEST_RESET);
            assertThat(guest.text()).containsOnlyOnce(BANNER);
        }
    }

    @Test
    void aGuestThatDoesNotListenIsStoppedAfterTheGraceTime(@TempDir Path folder) throws Exception {
        try (GuestTerminal guest = new StockGuest(folder).boot("--grace", "3")) {
            guest.run("killall acpid", SHORT);
            long start = System.nanoTime();
            guest.terminate();
            assertThat(guest.exitStatus(SHORT)).isEqualTo(SIGTERM);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(3));
            assertThat(guest.text()).doesNotContain("Power down");
        }
    }

    private static void checkSize(GuestTerminal guest) throws Exception {
        String total = guest.run("awk '/^MemTotal/ { print $2 }' /proc/meminfo", SHORT).strip();
        assertThat(Long.parseLong(total) << 10).as("memory that the guest sees").isGreaterThan(7L << 30);
        assertThat(guest.residentSize()).as("resident bytes").isLessThan(3L << 29);
    }
}
