package dev.quoll.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.boot.Pc;
import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.Variant;
import dev.quoll.boot.image.KernelImage;
import dev.quoll.machine.Engines;
import dev.quoll.machine.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The demo guest on the emulator: engine, board, timer, serial port, power and lifecycle together. */
@Timeout(120)
class DemoGuestTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static PcBuilder plan(CapturedConsole console, int ticks) throws Exception {
        return new PcBuilder()
                .engine(Engines.named("emulator"))
                .memory(4 << 20)
                .kernel(KernelImage.parse(DemoGuest.image(ticks)))
                .console(console);
    }

    private static Outcome end(Pc pc) throws InterruptedException {
        return pc.machine()
                .await(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .orElseThrow(() -> new AssertionError("the guest did not end"));
    }

    @ParameterizedTest
    @EnumSource(Variant.class)
    void greetsCountsAndPowersOff(Variant variant) throws Exception {
        CapturedConsole console = new CapturedConsole();
        try (Pc pc = plan(console, 12).variant(variant).build()) {
            pc.machine().start();
            assertThat(end(pc)).isEqualTo(new Outcome.PoweredOff("ACPI S5"));
        }
        assertThat(console.text())
                .contains("Hello from a guest of Quoll.", "Quoll Virtual CPU", "ticks: 10\r\n", "Powering off.")
                .doesNotContain("ticks: 20");
    }

    @Test
    void echoesEveryKeyAndObeysQ() throws Exception {
        CapturedConsole console = new CapturedConsole();
        try (Pc pc = plan(console, 0).build()) {
            pc.machine().start();
            console.await("off.\r\n", PATIENCE);
            String keys = "The five boxing wizards jump _uickly: more than the port's FIFO holds at a time.";
            CapturedConsole.type(pc.serial(), keys + "q");
            assertThat(end(pc)).isInstanceOf(Outcome.PoweredOff.class);
            assertThat(console.text().replaceAll("ticks: \\d+\r\n", "")).contains(keys);
        }
    }

    @Test
    void resetStartsItAnewAndPauseHoldsIt() throws Exception {
        CapturedConsole console = new CapturedConsole();
        try (Pc pc = plan(console, 0).build()) {
            pc.machine().start();
            console.await("ticks: 10", PATIENCE);
            assertThat(pc.machine().reset()).isTrue();
            console.await("Hello", PATIENCE);
            assertThat(pc.machine().pause()).isTrue();
            String before = console.text();
            Thread.sleep(1500);
            assertThat(console.text()).isEqualTo(before);
            assertThat(pc.machine().resume()).isTrue();
            CapturedConsole.type(pc.serial(), "q");
            assertThat(end(pc)).isInstanceOf(Outcome.PoweredOff.class);
        }
        assertThat(console.text().split("Hello", -1)).hasSize(3);
    }

    /** Several machines in one JVM share nothing. */
    @Test
    void threeMachinesRunSideBySide() throws Exception {
        List<CapturedConsole> consoles = new ArrayList<>();
        List<Pc> machines = new ArrayList<>();
        try {
            for (int index = 0; index < 3; index++) {
                consoles.add(new CapturedConsole());
                machines.add(plan(consoles.get(index), 12 + index).build());
            }
            for (Pc pc : machines) {
                pc.machine().start();
            }
            for (int index = 0; index < 3; index++) {
                assertThat(end(machines.get(index))).isInstanceOf(Outcome.PoweredOff.class);
                assertThat(consoles.get(index).text()).containsOnlyOnce("Hello").contains("ticks: 10", "Powering off.");
            }
        } finally {
            machines.forEach(Pc::close);
        }
    }
}
