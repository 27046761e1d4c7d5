package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The profile of a stock kernel, whose addresses are random, by the names in its own memory. */
@Tag("long")
class ProfileGuestTest {
    @Test
    void functionsOfAStockKernelHaveTheirNames(@TempDir Path folder) throws Exception {
        Path profile = folder.resolve("profile.txt");
        try (GuestTerminal guest = new StockGuest(folder).boot("--engine", "emulator", "--profile=" + profile)) {
            guest.run("find / > /dev/null 2>&1", Duration.ofMinutes(2));
            guest.type("poweroff -f");
            assertThat(guest.exitStatus(Duration.ofMinutes(1))).isZero();
        }
        List<String> lines = Files.readAllLines(profile);
        assertThat(lines.getFirst()).matches("profile: [1-9]\\d{3,} samples: .*");
        assertThat(lines).anyMatch(line -> line.matches(".*  kernel  (kmem_cache_alloc|clear_page_erms|memcpy_orig)"));
        long named = lines.stream().filter(line -> line.contains("  kernel  ") && !line.contains("[")).count();
        assertThat(named).isGreaterThan(20);
    }
}
