package dev.quoll.benchmarks.boot;

import dev.quoll.benchmarks.contest.Contestant;
import dev.quoll.benchmarks.contest.Tables;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.DoubleStream;

/** The samples of every contestant, and the table they make. The first contestant is what the others are compared with. */
final class Results {
    /** One contestant's samples, one a round. */
    private record Series(String name, List<Sample> samples) {}

    private final List<Series> all = new ArrayList<>();

    Results(List<Contestant> contestants) {
        contestants.forEach(contestant -> all.add(new Series(contestant.name(), new ArrayList<>())));
    }

    void add(int contestant, Sample sample) {
        all.get(contestant).samples().add(sample);
    }

    /**
     * The rows of a Markdown table, which is also fit to be read as it is. Ratios are medians of the ratios in each round:
     * two boots one after the other share the host's mood.
     */
    List<String> table() {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"", "wall s (least to most)", "CPU s", "wall, first = 1", "CPU, first = 1"});
        for (Series series : all) {
            DoubleStream.Builder walls = DoubleStream.builder();
            series.samples().forEach(sample -> walls.add(seconds(sample.wall())));
            double[] sorted = walls.build().sorted().toArray();
            rows.add(new String[] {
                series.name(),
                String.format(
                        Locale.ROOT,
                        "%.2f (%.2f to %.2f)",
                        Tables.median(DoubleStream.of(sorted)),
                        sorted[0],
                        sorted[sorted.length - 1]),
                String.format(Locale.ROOT, "%.2f", Tables.median(series.samples().stream().mapToDouble(s -> seconds(s.cpu())))),
                ratio(series, Sample::wall),
                ratio(series, Sample::cpu)
            });
        }
        return Tables.markdown(rows);
    }

    private String ratio(Series series, Function<Sample, Duration> time) {
        List<Sample> base = all.getFirst().samples();
        DoubleStream.Builder ratios = DoubleStream.builder();
        for (int round = 0; round < series.samples().size(); round++) {
            ratios.add(seconds(time.apply(series.samples().get(round))) / seconds(time.apply(base.get(round))));
        }
        return String.format(Locale.ROOT, "%.2f", Tables.median(ratios.build()));
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
