package dev.quoll.devices.time;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.devices.ManualTime;
import dev.quoll.devices.RecordingLine;
import dev.quoll.machine.InterruptLine;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HpetTest {
    private static final int CONFIG = 0x10;
    private static final int STATUS = 0x20;
    private static final int COUNTER = 0xf0;

    private final ManualTime time = new ManualTime();
    private final RecordingLine[] pins = new RecordingLine[24];
    private final RecordingLine irq0 = new RecordingLine();
    private final RecordingLine irq8 = new RecordingLine();
    private final Hpet hpet;

    HpetTest() {
        List<InterruptLine> lines = new ArrayList<>();
        for (int i = 0; i < pins.length; i++) {
            pins[i] = new RecordingLine();
            lines.add(pins[i]);
        }
        hpet = new Hpet(lines, irq0, irq8, time, time.timers());
    }

    @AfterEach
    void close() {
        time.close();
    }

    private void write(int at, long value) {
        hpet.writeMmio(at, 8, value);
    }

    private long read(int at) {
        return hpet.readMmio(at, 8);
    }

    private static int config(int timer) {
        return 0x100 + 0x20 * timer;
    }

    private static int comparator(int timer) {
        return 0x108 + 0x20 * timer;
    }

    @Test
    void capabilitiesAndCounter() {
        assertThat(read(0)).isEqualTo(0x0098_9680_8086_a201L);
        assertThat(hpet.readMmio(4, 4) & 0xffff_ffffL).as("10 ns in femtoseconds").isEqualTo(10_000_000);
        time.advance(1_000);
        assertThat(read(COUNTER)).as("stands until enabled").isZero();
        write(COUNTER, 500);
        write(CONFIG, 1);
        time.advance(1_000);
        assertThat(read(COUNTER)).isEqualTo(600);
        write(CONFIG, 0);
        time.advance(1_000);
        assertThat(read(COUNTER)).isEqualTo(600);
        hpet.writeMmio(COUNTER + 4, 4, 7);
        assertThat(read(COUNTER)).isEqualTo(7L << 32 | 600);
        assertThat(read(config(0)) >>> 32).isEqualTo(Hpet.ROUTES);
        write(config(0), 3 << 9);
        assertThat(read(config(0)) >>> 9 & 0x1f).as("a route it does not have").isZero();
        write(config(0), 20 << 9);
        assertThat(read(config(0)) >>> 9 & 0x1f).isEqualTo(20);
    }

    @Test
    void oneShotEdge() {
        write(config(2), 4 | 18 << 9);
        write(CONFIG, 1);
        write(comparator(2), 1_000);
        time.advance(9_999);
        assertThat(pins[18].edges()).isZero();
        time.advance(1);
        assertThat(pins[18].edges()).isEqualTo(1);
        time.advance(10_000_000_000L);
        assertThat(pins[18].edges()).isEqualTo(1);
        write(comparator(2), read(COUNTER) - 1);
        time.advance(10_000_000_000L);
        assertThat(pins[18].edges()).as("a 64-bit comparator in the past waits for the wrap").isEqualTo(1);
    }

    @Test
    void periodicAsLinuxProgramsIt() {
        write(CONFIG, 3);
        write(config(0), 4 | 8 | 0x40 | 0x100);
        write(comparator(0), 50_000);
        write(comparator(0), 100_000);
        time.advance(500_000);
        assertThat(irq0.edges()).isEqualTo(1);
        for (int i = 0; i < 9; i++) {
            time.advance(1_000_000);
        }
        assertThat(irq0.edges()).isEqualTo(10);
        assertThat(read(comparator(0))).isEqualTo(1_050_000);
        time.advance(100_000_000);
        assertThat(irq0.edges()).as("100 missed periods come as one").isEqualTo(11);
        assertThat(read(comparator(0))).isEqualTo(11_050_000);
    }

    @Test
    void levelInterruptStaysUntilStatusIsCleared() {
        write(config(1), 2 | 4 | 16 << 9);
        write(CONFIG, 1);
        write(comparator(1), 100);
        time.advance(1_000);
        assertThat(pins[16].high()).isTrue();
        assertThat(read(STATUS)).isEqualTo(2);
        write(STATUS, 5);
        assertThat(pins[16].high()).isTrue();
        write(STATUS, 2);
        assertThat(pins[16].high()).isFalse();
    }

    @Test
    void narrowComparatorWraps() {
        write(COUNTER, 0xffff_ff00L);
        write(config(0), 4 | 0x100 | 17 << 9);
        write(comparator(0), 0x100);
        write(CONFIG, 1);
        time.advance(0x200 * 10 - 1);
        assertThat(pins[17].edges()).isZero();
        time.advance(1);
        assertThat(pins[17].edges()).isEqualTo(1);
    }

    @Test
    void legacyReplacementCutsOffThePitAndTheRtc() {
        hpet.pitInput().setLevel(true);
        assertThat(irq0.high()).isTrue();
        write(CONFIG, 2);
        assertThat(irq0.high()).isFalse();
        hpet.pitInput().pulse();
        hpet.rtcInput().setLevel(true);
        assertThat(irq0.edges()).isEqualTo(1);
        assertThat(irq8.edges()).isZero();
        write(CONFIG, 0);
        assertThat(irq8.high()).isTrue();
    }

    @Test
    void shortPeriodsDoNotFloodTheHost() {
        write(CONFIG, 1);
        write(config(0), 4 | 8 | 0x40 | 16 << 9);
        write(comparator(0), 1);
        time.advance(10_000_000, 10_000);
        assertThat(pins[16].edges()).isBetween(150, 201);
    }
}
