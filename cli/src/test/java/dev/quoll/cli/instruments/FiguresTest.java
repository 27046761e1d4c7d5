package dev.quoll.cli.instruments;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class FiguresTest {
    private static final String BEFORE =
            """
            cpu 0
            instructions 1000000
            tlb-misses 10
            halted-microseconds 0
            translated-exits 6
            translated-exit-event 5
            translated-exit-CPUID 1
            cpu 1
            instructions 5
            halted-microseconds 100
            guest-seconds 1.250
            """;
    private static final String NOW =
            """
            cpu 0
            instructions 51000000
            tlb-misses 110
            halted-microseconds 1000000
            translated-exits 46
            translated-exit-event 15
            translated-exit-CPUID 1
            translated-exit-interpret 30
            cpu 1
            instructions 5
            halted-microseconds 50
            a line of words that says nothing
            """;

    private final Figures before = Figures.parse(BEFORE, 0);
    private final Figures now = Figures.parse(NOW, 2_000_000_000);

    @Test
    void figuresAreThoseOfEachCpu() {
        assertThat(before.cpus()).containsOnlyKeys(0, 1);
        assertThat(before.cpus().get(1)).isEqualTo(Map.of("instructions", 5L, "halted-microseconds", 100L));
        assertThat(Figures.parse("instructions 5\ncpu x\nnonsense", 0).cpus()).isEmpty();
    }

    @Test
    void differencesAreNeverNegative() {
        assertThat(now.since(before, 0, "instructions")).isEqualTo(50_000_000);
        assertThat(now.since(before, "tlb-misses")).isEqualTo(100);
        assertThat(now.since(before, 1, "halted-microseconds")).isZero();
        assertThat(now.since(before, 7, "instructions")).isZero();
        assertThat(now.secondsSince(now)).isPositive();
    }

    @Test
    void exitsAreOfEveryCauseAndOfEveryEngine() {
        assertThat(now.exitsSince(before, 0)).isEqualTo(40);
        assertThat(now.exitsSince(before, 1)).isZero();
        assertThat(Figures.exitCause("translated-exit-CPUID")).isEqualTo("CPUID");
        assertThat(Figures.exitCause("exits-io")).isEqualTo("io");
        assertThat(Figures.exitCause("translated-blocks")).isNull();
    }

    @Test
    void theLiveLineLeavesOutWhatIsNotCounted() {
        assertThat(LiveLine.line(before, now)).isEqualTo("live: 25.0 MIPS, 20 exits/s, 50 TLB misses/s, 25% halted");
        assertThat(LiveLine.line(Figures.parse("cpu 0\nexits-io 3", 0), Figures.parse("cpu 0\nexits-io 13", 1_000_000_000)))
                .isEqualTo("live: 10 exits/s");
    }
}
