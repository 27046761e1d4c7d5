package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A kernel finds on Quoll nothing to complain of that it does not find on QEMU, a few reviewed lines aside. */
@Timeout(900)
class KernelLogTest {
    @Test
    void findsWhatAsksForAttention() {
        String harmless = "<6>[    0.000000] all is well\n".repeat(100);
        assertThat(KernelLog.suspicious(harmless
                        + "<4>[    1.25] a warning at 0x1f on CPU3\n<6>[ 12.5] clocksource: tsc unstable\n"
                        + "<30>[    2.0] debugging is no bug\n<28>[    2.0] from a daemon\n<6>[    3.0] debugger\n"))
                .containsExactly("a warning at # on CPU#", "clocksource: tsc unstable", "debugging is no bug", "from a daemon");
    }

    @Test
    @Tag("long")
    void nothingThatQemusGuestDoesNotSay(@TempDir Path folder) throws Exception {
        StockGuest guest = new StockGuest(folder);
        Set<String> onQemu;
        try (GuestTerminal terminal = guest.bootOnQemu()) {
            onQemu = KernelLog.suspicious(terminal.run("dmesg -r", Duration.ofMinutes(1)));
        }
        Set<String> onQuoll;
        try (GuestTerminal terminal = guest.boot()) {
            onQuoll = KernelLog.suspicious(terminal.run("dmesg -r", Duration.ofMinutes(1)));
        }
        Set<String> allowed = new LinkedHashSet<>(KernelLog.reviewed(KernelLog.QUOLL_ONLY));
        allowed.addAll(onQemu);
        assertThat(onQuoll).isSubsetOf(allowed);
    }
}
