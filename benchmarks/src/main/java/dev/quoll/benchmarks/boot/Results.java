package dev.quoll.benchmarks.boot;

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

    /** The middle one of the values, or the mean of the two in the middle. */
    static double median(DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
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
                        median(DoubleStream.of(sorted)),
                        sorted[0],
                        sorted[sorted.length - 1]),
                String.format(Locale.ROOT, "%.2f", median(series.samples().stream().mapToDouble(s -> seconds(s.cpu())))),
                ratio(series, Sample::wall),
                ratio(series, Sample::cpu)
            });
        }
        return markdown(rows);
    }

    private String ratio(Series series, Function<Sample, Duration> time) {
        List<Sample> base = all.getFirst().samples();
        DoubleStream.Builder ratios = DoubleStream.builder();
        for (int round = 0; round < series.samples().size(); round++) {
            ratios.add(seconds(time.apply(series.samples().get(round))) / seconds(time.apply(base.get(round))));
        }
        return String.format(Locale.ROOT, "%.2f", median(ratios.build()));
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private static List<String> markdown(List<String[]> rows) {
        int[] widths = new int[rows.getFirst().length];
        for (String[] row : rows) {
            for (int column = 0; column < row.length; column++) {
                widths[column] = Math.max(widths[column], row[column].length());
            }
        }
        List<String> lines = new ArrayList<>();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder("|");
            StringBuilder rule = new StringBuilder("|");
            for (int column = 0; column < row.length; column++) {
                // The first column is text, the others are figures.
                line.append(String.format(column == 0 ? " %-" + widths[column] + "s |" : " %" + widths[column] + "s |", row[column]));
                rule.append(column == 0 ? "-".repeat(widths[column] + 2) + "|" : "-".repeat(widths[column] + 1) + ":|");
            }
            lines.add(line.toString());
            if (lines.size() == 1) {
                lines.add(rule.toString());
            }
        }
        return lines;
    }
}
