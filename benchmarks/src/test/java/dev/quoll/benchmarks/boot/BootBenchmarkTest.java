package dev.quoll.benchmarks.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.benchmarks.BenchmarkException;
import dev.quoll.benchmarks.contest.Circumstances;
import dev.quoll.benchmarks.contest.Contest;
import dev.quoll.benchmarks.contest.Contestant;
import dev.quoll.benchmarks.contest.Tables;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BootBenchmarkTest {
    private static Sample run(String script, Duration limit) throws Exception {
        return new BootRun(new Contestant("a shell", List.of("sh", "-c", script)), "the marker", limit).measure();
    }

    @Test
    void timesUpToTheMarkerAreTaken() throws Exception {
        Sample sample = run("sleep 0.2; echo the marker; sleep 0.3", Duration.ofSeconds(30));
        assertThat(sample.wall()).isGreaterThan(Duration.ofMillis(200));
        assertThat(sample.cpu()).isLessThan(sample.wall());
    }

    @Test
    void aMarkerInTwoPiecesIsFound() throws Exception {
        assertThat(run("printf 'x the mar'; sleep 0.2; printf 'ker'", Duration.ofSeconds(30)).wall()).isPositive();
    }

    @Test
    void anEndWithoutMarkerShowsWhatWasPrinted() {
        assertThatThrownBy(() -> run("echo Kernel panic; exit 3", Duration.ofSeconds(30)))
                .isInstanceOf(BenchmarkException.class)
                .hasMessageContainingAll("a shell", "the marker", "Kernel panic");
    }

    @Test
    void aBootThatHangsIsEnded() {
        assertThatThrownBy(() -> run("echo waiting; exec sleep 50", Duration.ofSeconds(1)))
                .isInstanceOf(BenchmarkException.class)
                .hasMessageContainingAll("was ended after 1 s", "waiting");
    }

    @Test
    void whatDoesNotStartIsTold() {
        BootRun run = new BootRun(new Contestant("nothing", List.of("/nonexistent/qemu")), "x", Duration.ofSeconds(1));
        assertThatThrownBy(run::measure).isInstanceOf(BenchmarkException.class).hasMessageContaining("nothing does not start");
        assertThat(Circumstances.versionOf("/nonexistent/qemu")).isEmpty();
    }

    @Test
    void everyContestantGetsTheSameGuest() {
        Contest contest = new Contest(Path.of("/k/vmlinuz"), Path.of("/k/initramfs"), 256, 1, "quiet");
        Contestant quoll = contest.quoll("Quoll", "./quoll", List.of());
        Contestant qemu = contest.qemu("qemu", "q35", "max");
        for (Contestant contestant : List.of(quoll, qemu)) {
            assertThat(contestant.command()).contains("/k/vmlinuz", "/k/initramfs", "256M");
            assertThat(contestant.command()).filteredOn(word -> word.endsWith("panic=-1 quiet")).hasSize(1);
        }
        assertThat(qemu.command()).containsSubsequence("-accel", "tcg").contains("console=ttyS0 reboot=k panic=-1 quiet");
    }

    @Test
    void mediansAreTakenOfTimesAndOfRatiosInEachRound() {
        assertThat(Tables.median(DoubleStream.of(3, 1, 2))).isEqualTo(2);
        assertThat(Tables.median(DoubleStream.of(4, 1, 2, 3))).isEqualTo(2.5);

        Results results = new Results(List.of(new Contestant("A", List.of()), new Contestant("B", List.of())));
        double[][] rounds = {{1, 2}, {4, 4}, {2, 6}};
        for (double[] round : rounds) {
            results.add(0, sample(round[0]));
            results.add(1, sample(round[1]));
        }
        List<String> table = results.table();
        assertThat(table).hasSize(4);
        assertThat(table).allMatch(line -> line.length() == table.getFirst().length());
        assertThat(cells(table.get(2))).containsExactly("A", "2.00 (1.00 to 4.00)", "1.00", "1.00", "1.00");
        assertThat(cells(table.get(3))).containsExactly("B", "4.00 (2.00 to 6.00)", "2.00", "2.00", "2.00");
    }

    private static Sample sample(double seconds) {
        return new Sample(Duration.ofMillis((long) (seconds * 1000)), Duration.ofMillis((long) (seconds * 500)));
    }

    private static List<String> cells(String row) {
        return List.of(row.substring(1, row.length() - 1).split("\\|")).stream().map(String::strip).toList();
    }

    @Test
    void theFirstProcessPrintsTheMarker() throws Exception {
        byte[] archive = BenchmarkInitramfs.build(new byte[] {1, 2, 3});
        assertThat(new String(archive, StandardCharsets.ISO_8859_1))
                .startsWith("070701")
                .contains("#!/bin/busybox sh\n", "echo \"" + BenchmarkInitramfs.MARKER + "\"\n", "poweroff -f");
        assertThat(archive.length % 4).isZero();
    }
}
