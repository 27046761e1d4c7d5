package dev.quoll.cli.guest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Debian's stock kernel on several CPUs. */
@Timeout(1800)
class SmpGuestTest {
    private static final Duration COMMAND = Duration.ofMinutes(2);
    /** Debian's kernels test every cipher while they boot, which has nothing to do with the number of CPUs. */
    private static final String[] SHORT_BOOT = {"--append", "cryptomgr.notests"};

    private static GuestTerminal boot(Path folder, int cpus) throws Exception {
        return new StockGuest(folder).boot("--cpus", Integer.toString(cpus), SHORT_BOOT[0], SHORT_BOOT[1]);
    }

    @Test
    void twoCpus(@TempDir Path folder) throws Exception {
        try (GuestTerminal guest = boot(folder, 2)) {
            checkCpus(guest, 2);
            checkWork(guest, 2);
            checkSwitchingOffAndOn(guest, 2);
            powerOff(guest);
        }
    }

    @Test
    @Tag("long")
    void fourCpusAlsoAfterAReboot(@TempDir Path folder) throws Exception {
        try (GuestTerminal guest = boot(folder, 4)) {
            checkCpus(guest, 4);
            checkWork(guest, 4);
            guest.type("reboot");
            // The old shell still prompts while the system goes down.
            guest.expect("Quoll: Linux", StockGuest.BOOT);
            guest.expect(GuestTerminal.PROMPT, StockGuest.BOOT);
            checkCpus(guest, 4);
            checkSwitchingOffAndOn(guest, 4);
            TimeUnit.SECONDS.sleep(3); // the JVM's compilers work off what the boot left them
            Duration before = guest.cpuTime();
            TimeUnit.SECONDS.sleep(20);
            assertThat(guest.cpuTime().minus(before)).as("CPU time in 20 idle seconds").isLessThan(Duration.ofSeconds(2));
            powerOff(guest);
        }
    }

    private static void checkCpus(GuestTerminal guest, int cpus) throws Exception {
        assertThat(guest.run("nproc", COMMAND).strip()).isEqualTo(Integer.toString(cpus));
        assertThat(numbers(guest.run("awk '/^apicid/ { print $3 }' /proc/cpuinfo", COMMAND)))
                .containsExactlyElementsOf(IntStream.range(0, cpus).mapToLong(index -> index).boxed().toList());
        assertThat(numbers(guest.run("awk '/^cpu cores/ { print $4 }' /proc/cpuinfo", COMMAND)))
                .as("cores of the one package").hasSize(cpus).containsOnly((long) cpus);
        assertThat(guest.run("dmesg", COMMAND)).doesNotContain("BUG:", "Call Trace", "unstable", "not responding", "inconsistent");
        assertThat(guest.run("cat /sys/devices/system/clocksource/clocksource0/current_clocksource", COMMAND).strip())
                .isIn("tsc", "kvm-clock");
    }

    /** As many programs at once as there are CPUs, and that the CPUs interrupted each other meanwhile. */
    private static void checkWork(GuestTerminal guest, int cpus) throws Exception {
        String sums = guest.run(
                "for i in $(seq %d); do (dd if=/dev/zero bs=64k count=40 2>/dev/null | md5sum) & done; wait"
                        .formatted(cpus),
                COMMAND);
        // MD5 of 2.5 MiB of zeros.
        assertThat(sums.lines().filter(line -> line.startsWith("8354dcaa18a1ecb52d0895bf00888c44"))).hasSize(cpus);
        for (String row : List.of("LOC", "CAL")) {
            assertThat(interrupts(guest, row, cpus)).as(row).allMatch(count -> count > 0);
        }
        assertThat(interrupts(guest, "RES", cpus).stream().mapToLong(Long::longValue).sum())
                .as("RES").isPositive();
    }

    private static List<Long> interrupts(GuestTerminal guest, String row, int cpus) throws Exception {
        String[] words = guest.run("grep %s: /proc/interrupts".formatted(row), COMMAND).strip().split("\\s+");
        return Arrays.stream(words, 1, 1 + cpus).map(Long::valueOf).toList();
    }

    /** INIT and start-up interrupts for a CPU that has run before. */
    private static void checkSwitchingOffAndOn(GuestTerminal guest, int cpus) throws Exception {
        String online = "/sys/devices/system/cpu/cpu1/online";
        guest.run("echo 0 > " + online, COMMAND);
        assertThat(guest.run("nproc", COMMAND).strip()).isEqualTo(Integer.toString(cpus - 1));
        guest.run("echo 1 > " + online, COMMAND);
        assertThat(guest.run("nproc", COMMAND).strip()).isEqualTo(Integer.toString(cpus));
    }

    private static void powerOff(GuestTerminal guest) throws Exception {
        guest.type("poweroff");
        assertThat(guest.exitStatus(COMMAND)).isZero();
        assertThat(guest.text()).contains("reboot: Power down");
    }

    private static List<Long> numbers(String lines) {
        return lines.lines().map(String::strip).filter(line -> !line.isEmpty()).map(Long::valueOf).toList();
    }
}
