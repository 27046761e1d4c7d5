package dev.quoll.cli.instruments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.boot.Pc;
import dev.quoll.boot.PcBuilder;
import dev.quoll.boot.image.KernelImage;
import dev.quoll.cli.demo.DemoGuest;
import dev.quoll.devices.serial.SerialOutput;
import dev.quoll.machine.Engines;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The instruments on a guest that runs: the demo guest, which sleeps between its ticks. */
@Timeout(120)
class InstrumentsTest {
    @TempDir
    private Path folder;

    private final BlockingQueue<String> said = new LinkedBlockingQueue<>();

    private static Pc guest() throws Exception {
        return new PcBuilder()
                .engine(Engines.named("emulator"))
                .memory(4 << 20)
                .kernel(KernelImage.parse(DemoGuest.image(2 * DemoGuest.TICKS_PER_SECOND)))
                .console(SerialOutput.NONE)
                .build();
    }

    @Test
    void aRecordingHoldsTheMachinesEvents() throws Exception {
        Path file = folder.resolve("guest.jfr");
        try (Pc pc = guest()) {
            try (Instruments instruments = new Instruments(pc.machine(), said::add)) {
                instruments.record(file);
                pc.machine().start();
                pc.machine().await();
            }
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        List<RecordedEvent> cpus = named(events, "dev.quoll.Cpu");
        assertThat(cpus).isNotEmpty().allMatch(event -> event.getInt("cpu") == 0);
        assertThat(cpus.stream().mapToLong(event -> event.getLong("instructions")).sum()).isGreaterThan(1000);
        assertThat(cpus.stream().mapToLong(event -> event.getLong("interrupts")).sum()).isPositive();
        assertThat(cpus).anyMatch(event -> event.getDouble("halted") > 0.1);
        assertThat(cpus).allMatch(event -> event.getDouble("mips") >= 0 && event.getDouble("halted") <= 1);
        assertThat(named(events, "dev.quoll.Translation").stream().mapToLong(event -> event.getLong("decoded")).sum())
                .isPositive();
        assertThat(named(events, "dev.quoll.Exits")).allMatch(event -> event.getLong("count") > 0);
        assertThat(events).as("the JVM's own").anyMatch(event -> event.getEventType().getName().startsWith("jdk."));
    }

    private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
        return events.stream().filter(event -> event.getEventType().getName().equals(name)).toList();
    }

    @Test
    void aRecordingThatCannotBeWrittenIsToldAtOnce() throws Exception {
        try (Pc pc = guest();
                Instruments instruments = new Instruments(pc.machine(), said::add)) {
            assertThatThrownBy(() -> instruments.record(folder.resolve("no/such/folder/guest.jfr"))).isInstanceOf(IOException.class);
        }
    }

    @Test
    void theLiveLineComesEachSecondUntilItIsSwitchedOff() throws Exception {
        try (Pc pc = guest();
                Instruments instruments = new Instruments(pc.machine(), said::add)) {
            pc.machine().start();
            instruments.toggleLive();
            assertThat(said.poll(30, TimeUnit.SECONDS)).startsWith("live: ").contains(" MIPS, ", " exits/s", "% halted");
            instruments.toggleLive();
            said.clear();
            assertThat(said.poll(1500, TimeUnit.MILLISECONDS)).isNull();
        }
    }

    @Test
    void theProfileSeesTheGuestHaltAndWork() throws Exception {
        try (Pc pc = guest();
                Instruments instruments = new Instruments(pc.machine(), said::add)) {
            assertThat(instruments.canProfile()).isTrue();
            assertThat(instruments.report()).isEmpty();
            instruments.profile(List.of());
            pc.machine().start();
            pc.machine().await();
            List<String> report = instruments.report().orElseThrow();
            assertThat(report.getFirst()).matches("profile: [1-9]\\d+ samples: .*% kernel, .*% user, .*% halted");
            assertThat(report.getFirst()).doesNotContain(" 0.0% halted");
        }
    }
}
