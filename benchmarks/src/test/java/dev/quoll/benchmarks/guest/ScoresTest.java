package dev.quoll.benchmarks.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quoll.benchmarks.contest.Contestant;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoresTest {
    private static final Kernel ADD = new Kernel("add", "integer");
    private static final Kernel SORT = new Kernel("sort", "integer");
    private static final Kernel FORK = new Kernel("fork", "system");
    private static final Column NATIVE = column("native");
    private static final Column HOST = column("host");
    private static final Column TCG = column("tcg");
    private static final Column ABSENT = Column.absent("kvm", "Quoll --engine kvm", "no <KVM> here");

    private final Scores scores = new Scores(List.of(ADD, SORT, FORK), List.of(NATIVE, HOST, ABSENT, TCG), Scores.Time.WALL);

    private static Column column(String id) {
        return Column.of(id, "the " + id, new Contestant(id, List.of()), Column.CpuTime.PROGRAM);
    }

    /** One pass each, in milliseconds. */
    private void add(Column column, int round, Kernel kernel, double... milliseconds) {
        List<Measurement> passes = new ArrayList<>();
        for (double time : milliseconds) {
            long wall = (long) (time * 1e6);
            passes.add(new Measurement(kernel.name(), passes.size(), wall, wall + 4_000_000, wall / 2, "s" + passes.size()));
        }
        scores.add(column, round, passes, List.of());
    }

    @Test
    void timesAreMediansOfPassesAndThenOfRounds() {
        add(NATIVE, 0, ADD, 9, 1, 2);
        add(NATIVE, 1, ADD, 7, 3, 4);
        add(NATIVE, 2, ADD, 50, 50, 50);
        assertThat(scores.milliseconds(ADD, NATIVE)).hasValue(4);
        assertThat(scores.milliseconds(SORT, NATIVE)).isEmpty();
        assertThat(scores.milliseconds(ADD, HOST)).isEmpty();
    }

    @Test
    void whatWasNotSeenDoesNotCount() {
        Scores cpu = new Scores(List.of(ADD), List.of(HOST), Scores.Time.CPU);
        cpu.add(HOST, 0, List.of(new Measurement("add", 0, 9, 9, Measurement.UNKNOWN, "s")), List.of());
        assertThat(cpu.milliseconds(ADD, HOST)).isEmpty();
        cpu.add(HOST, 1, List.of(new Measurement("add", 0, 9, 9, 3_000_000, "s")), List.of());
        assertThat(cpu.milliseconds(ADD, HOST)).hasValue(3);
    }

    @Test
    void ratiosAreTakenWithinRounds() {
        add(NATIVE, 0, ADD, 1);
        add(HOST, 0, ADD, 10);
        add(NATIVE, 1, ADD, 5);
        add(HOST, 1, ADD, 20);
        add(NATIVE, 2, ADD, 4);
        add(HOST, 2, ADD, 20);
        add(HOST, 3, ADD, 1000);
        assertThat(scores.ratio(ADD, HOST, NATIVE)).hasValue(5);
        assertThat(scores.ratio(ADD, HOST, TCG)).isEmpty();
    }

    @Test
    void theGeometricMeanIsOfWhatBothHave() {
        add(NATIVE, 0, ADD, 1);
        add(HOST, 0, ADD, 2);
        add(NATIVE, 0, SORT, 1);
        add(HOST, 0, SORT, 8);
        add(HOST, 0, FORK, 1000);
        assertThat(scores.geometricMean(scores.kernels(), HOST, NATIVE).orElseThrow()).isEqualTo(4, within(1e-9));
        assertThat(scores.geometricMean(List.of(FORK), HOST, NATIVE)).isEmpty();
    }

    @Test
    void checksumsAreComparedPassByPass() {
        add(NATIVE, 0, ADD, 1, 1);
        add(HOST, 0, ADD, 1, 1);
        assertThat(scores.differences()).isEmpty();
        scores.add(TCG, 0, List.of(new Measurement("add", 1, 1, 1, 1, "other")), List.of());
        assertThat(scores.differences()).containsExactly("add has different checksums: host s1, native s1, tcg other.");
    }

    @Test
    void whatIsAbsentAndWhoseClockIsWrongIsTold() {
        assertThat(scores.remarks()).containsExactly("Quoll --engine kvm is absent: no <KVM> here");
        add(HOST, 0, ADD, 100);
        scores.add(TCG, 0, List.of(new Measurement("add", 0, 50_000_000, 100_000_000, 1, "s0")), List.of("fork failed: why"));
        scores.add(TCG, 1, List.of(), List.of("fork failed: why"));
        assertThat(scores.remarks()).hasSize(3).contains("the tcg: fork failed: why").last().asString()
                .isEqualTo("the tcg: its clock has counted 50 ms while the host's counted 100 ms");
    }

    @Test
    void tablesCompareWithNativeAndWithQemu() {
        add(NATIVE, 0, ADD, 1);
        add(HOST, 0, ADD, 4);
        add(TCG, 0, ADD, 8);
        add(TCG, 0, FORK, 80);
        TextReport report = new TextReport(scores);
        assertThat(cells(report.kernels().getFirst())).containsExactly(
                "kernel", "native ms", "host ms", "tcg ms", "host, x native", "tcg, x native", "host : tcg");
        assertThat(cells(report.kernels().get(2))).containsExactly("add", "1.00", "4.00", "8.00", "4.00", "8.00", "2.00");
        assertThat(cells(report.kernels().getLast())).containsExactly("fork", "-", "-", "80.0", "-", "-", "-");
        assertThat(cells(report.groups().getLast())).containsExactly("all", "4.00", "8.00", "2.00");
    }

    private static List<String> cells(String row) {
        return List.of(row.substring(1, row.length() - 1).split("\\|")).stream().map(String::strip).toList();
    }

    @Test
    void theFolderHoldsPageTablesAndValues(@TempDir Path folder) throws Exception {
        add(NATIVE, 0, ADD, 1);
        add(HOST, 0, ADD, 4);
        add(TCG, 0, ADD, 0.5);
        new ResultFolder(folder.resolve("a/b")).write(scores, List.of("host: x < y"));

        assertThat(Files.readAllLines(folder.resolve("a/b/results.csv"))).containsExactly(
                "engine,round,kernel,pass,wall_ns,host_ns,cpu_ns,checksum",
                "native,0,add,0,1000000,5000000,500000,s0",
                "host,0,add,0,4000000,8000000,2000000,s0",
                "tcg,0,add,0,500000,4500000,250000,s0");
        assertThat(Files.readAllLines(folder.resolve("a/b/results.md"))).contains("- host: x < y");
        String page = Files.readString(folder.resolve("a/b/index.html"));
        assertThat(page).contains("host: x &lt; y", "no &lt;KVM&gt; here", "add, the host: 4.00", "add, the tcg: 0.50");
        // Two in the legend, and one for each figure; what is faster than the native program stands left of it.
        assertThat(page.split("<circle ")).hasSize(1 + 4);
    }

    @Test
    void aLoneColumnMakesATableWithoutComparison(@TempDir Path folder) throws Exception {
        Scores alone = new Scores(List.of(ADD), List.of(HOST), Scores.Time.CPU);
        alone.add(HOST, 0, List.of(new Measurement("add", 0, 5, 5, 3_000_000, "s")), List.of());
        new ResultFolder(folder).write(alone, List.of());
        assertThat(cells(new TextReport(alone).kernels().getLast())).containsExactly("add", "3.00");
        assertThat(Files.readString(folder.resolve("index.html"))).doesNotContain("<svg");
    }
}
