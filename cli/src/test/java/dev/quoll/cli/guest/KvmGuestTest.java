package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.kvm.KvmEngine;
import dev.quoll.machine.Engine;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A stock kernel on KVM, where KVM runs on hardware. One that interprets privileged code takes hours for it and cannot run its
 * programs at all (docs/kvm.md).
 */
@Tag("long")
@Timeout(600)
class KvmGuestTest {
    private static final Duration SHORT = Duration.ofMinutes(1);

    @BeforeAll
    static void needsHardware() {
        switch (new KvmEngine().probe()) {
            case Engine.Probe.Unusable none -> Assumptions.abort(none.reason());
            case Engine.Probe.Usable kvm ->
                Assumptions.assumeTrue(kvm.speed() != Engine.SpeedClass.CRAWLING, kvm::detail);
        }
    }

    @Test
    void itBootsToAPromptAndPowersOff(@TempDir Path folder) throws Exception {
        try (GuestTerminal guest = new StockGuest(folder).boot("--engine", "kvm", "--cpus", "2")) {
            assertThat(guest.run("nproc", SHORT).strip()).isEqualTo("2");
            assertThat(guest.run("dmesg", SHORT)).doesNotContain("WARNING:", "BUG:", "misordered xstate");
            guest.type("poweroff");
            assertThat(guest.exitStatus(SHORT)).isZero();
        }
    }
}
