package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.boot.initramfs.CpioWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * One stock Debian kernel, booted once and put to all the uses that a guest can be put to in one life: its log, its clock,
 * its idleness, a program of its own, and its end.
 */
@Timeout(600)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LiveGuestTest {
    private static final Duration COMMAND = Duration.ofMinutes(1);

    /** A reading of the guest's clock: what it showed, and the host's time in the middle of the asking. Nanoseconds. */
    private record Reading(long guest, long host) {}

    private GuestTerminal guest;
    private String expectedOfProgram;
    private CompiledPrograms compiled;

    @BeforeAll
    void boot(@TempDir Path folder) throws Exception {
        HostPrograms.require("cc");
        Path source = folder.resolve("programs.c");
        try (InputStream in = LiveGuestTest.class.getResourceAsStream("programs.c")) {
            Files.copy(in, source);
        }
        HostPrograms.outputOf(folder, Map.of(), List.of("cc", "-O2", "-static", "-o", "programs", "programs.c", "-lm"));
        Path program = folder.resolve("programs");
        expectedOfProgram = HostPrograms.outputOf(folder, HostPrograms.GUEST_LIKE, List.of(program.toString()));
        compiled = new CompiledPrograms(folder, CompiledPrograms.LIGHT);
        Path archive = folder.resolve("program.cpio");
        try (CpioWriter cpio = new CpioWriter(Files.newOutputStream(archive))) {
            cpio.file("root/programs", 0755, Files.readAllBytes(program));
            compiled.pack(cpio);
        }
        guest = new StockGuest(folder).with(archive).boot();
    }

    @AfterAll
    void close() {
        if (guest != null) {
            guest.close();
        }
    }

    @Test
    @Order(1)
    void theKernelsLogHoldsNothingThatNobodyHasLookedAt() throws Exception {
        assertThat(KernelLog.suspicious(guest.run("dmesg -r", COMMAND)))
                .isSubsetOf(KernelLog.allowed());
    }

    @Test
    @Order(2)
    void aProgramComputesWhatItComputesOnTheHost() throws Exception {
        String output = guest.run("/root/programs", COMMAND);
        assertThat(output.lines()).hasSizeGreaterThan(20).containsExactlyElementsOf(expectedOfProgram.lines().toList());
    }

    @Test
    @Order(2)
    void programsForEachFeatureDoWhatTheyDoOnTheHost() throws Exception {
        for (CompiledPrograms.Build build : compiled.made()) {
            assertThat(guest.run("/" + CompiledPrograms.FOLDER + build.name(), COMMAND))
                    .as(build.name())
                    .isEqualTo(compiled.outputOnHost(build, HostPrograms.GUEST_LIKE));
        }
    }

    @Test
    @Order(3)
    void theClockGoesRightOverTenSeconds() throws Exception {
        assertClock(10, 0.02);
        long host = System.currentTimeMillis() / 1000;
        assertThat(Long.parseLong(guest.run("date +%s", COMMAND).strip())).isBetween(host - 5, host + 5);
    }

    @Test
    @Order(4)
    @Tag("long")
    void theClockGoesRightOverAMinute() throws Exception {
        assertClock(60, 0.01);
    }

    @Test
    @Order(5)
    void anIdleGuestUsesNearlyNoCpu() throws Exception {
        TimeUnit.SECONDS.sleep(3); // the JVM's compilers work off what the boot left them
        Duration before = guest.cpuTime();
        long start = System.nanoTime();
        TimeUnit.SECONDS.sleep(20);
        double used = guest.cpuTime().minus(before).toNanos() / (double) (System.nanoTime() - start);
        assertThat(used).as("share of one host CPU").isLessThan(0.05);
    }

    @Test
    @Order(6)
    void theClockIsStillTrusted() throws Exception {
        assertThat(guest.run("dmesg", COMMAND)).doesNotContainIgnoringCase("unstable");
        assertThat(guest.run("cat /sys/devices/system/clocksource/clocksource0/current_clocksource", COMMAND).strip())
                .isIn("tsc", "kvm-clock");
    }

    @Test
    @Order(7)
    void sigtermPressesThePowerButton() throws Exception {
        guest.terminate();
        assertThat(guest.exitStatus(Duration.ofMinutes(1))).isZero();
        assertThat(guest.text()).contains("reboot: Power down");
    }

    private void assertClock(int seconds, double tolerance) throws Exception {
        Reading first = readClock();
        TimeUnit.SECONDS.sleep(seconds);
        Reading last = readClock();
        assertThat((last.guest - first.guest) / (double) (last.host - first.host))
                .as("seconds of the guest for one of the host")
                .isBetween(1 - tolerance, 1 + tolerance);
    }

    /** The quickest of some readings: the console's delays are no fault of the clock. */
    private Reading readClock() throws IOException, InterruptedException {
        long quickest = Long.MAX_VALUE;
        Reading best = null;
        for (int i = 0; i < 5; i++) {
            long asked = System.nanoTime();
            String uptime = guest.run("read up idle < /proc/uptime; echo $up", COMMAND).strip();
            long answered = System.nanoTime();
            if (answered - asked < quickest) {
                quickest = answered - asked;
                best = new Reading(Math.round(Double.parseDouble(uptime) * 1e9), (asked + answered) / 2);
            }
        }
        return best;
    }
}
