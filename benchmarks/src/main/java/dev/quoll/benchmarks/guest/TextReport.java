package dev.quoll.benchmarks.guest;

import dev.quoll.benchmarks.contest.Tables;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Scores as Markdown tables, fit to be read as they are, and as comma-separated values. */
final class TextReport {
    private static final String NONE = "-";

    private final Scores scores;

    TextReport(Scores scores) {
        this.scores = scores;
    }

    /** A column of the tables that says how one contestant compares with another. */
    record Comparison(String title, Column column, Column base, boolean faster) {
        /** The figure: times as long as the base, or, if {@code faster}, times as fast. */
        OptionalDouble of(OptionalDouble ratio) {
            return ratio.isPresent() && faster ? OptionalDouble.of(1 / ratio.getAsDouble()) : ratio;
        }
    }

    /** Everybody's times in those of the native program, and Quoll's speed in that of QEMU. */
    List<Comparison> comparisons() {
        List<Comparison> all = new ArrayList<>();
        List<Column> columns = scores.columns();
        columns.stream().filter(column -> column.id().equals(Columns.NATIVE)).findFirst().ifPresent(base -> columns.stream()
                .filter(column -> column != base)
                .forEach(column -> all.add(new Comparison(column.id() + ", x native", column, base, false))));
        columns.stream().filter(column -> column.id().equals(Columns.TCG)).findFirst().ifPresent(base -> columns.stream()
                .filter(column -> !column.id().equals(Columns.NATIVE) && column != base)
                .forEach(column -> all.add(new Comparison(column.id() + " : " + Columns.TCG, column, base, true))));
        return all;
    }

    /** One line a kernel. */
    List<String> kernels() {
        List<Comparison> comparisons = comparisons();
        List<String> head = new ArrayList<>(List.of("kernel"));
        scores.columns().forEach(column -> head.add(column.id() + " ms"));
        comparisons.forEach(comparison -> head.add(comparison.title()));
        List<String[]> rows = new ArrayList<>();
        rows.add(head.toArray(String[]::new));
        for (Kernel kernel : scores.kernels()) {
            List<String> row = new ArrayList<>(List.of(kernel.name()));
            scores.columns().forEach(column -> row.add(figure(scores.milliseconds(kernel, column))));
            comparisons.forEach(c -> row.add(figure(c.of(scores.ratio(kernel, c.column(), c.base())))));
            rows.add(row.toArray(String[]::new));
        }
        return Tables.markdown(rows);
    }

    /** Geometric means, one line a group, and one of all. */
    List<String> groups() {
        List<Comparison> comparisons = comparisons();
        List<String> head = new ArrayList<>(List.of("geometric mean"));
        comparisons.forEach(comparison -> head.add(comparison.title()));
        List<String[]> rows = new ArrayList<>();
        rows.add(head.toArray(String[]::new));
        for (String group : scores.kernels().stream().map(Kernel::group).distinct().toList()) {
            rows.add(means(
                    group, comparisons, scores.kernels().stream().filter(kernel -> kernel.group().equals(group)).toList()));
        }
        rows.add(means("all", comparisons, scores.kernels()));
        return Tables.markdown(rows);
    }

    private String[] means(String title, List<Comparison> comparisons, List<Kernel> kernels) {
        List<String> row = new ArrayList<>(List.of(title));
        comparisons.forEach(c -> row.add(figure(c.of(scores.geometricMean(kernels, c.column(), c.base())))));
        return row.toArray(String[]::new);
    }

    /** Three digits that count. */
    static String figure(OptionalDouble value) {
        if (value.isEmpty()) {
            return NONE;
        }
        double figure = value.getAsDouble();
        return String.format(Locale.ROOT, figure < 10 ? "%.2f" : figure < 100 ? "%.1f" : "%.0f", figure);
    }

    /** Every single measurement. */
    List<String> values() {
        List<String> lines = new ArrayList<>(List.of("engine,round,kernel,pass,wall_ns,host_ns,cpu_ns,checksum"));
        for (Scores.Entry entry : scores.entries()) {
            Measurement m = entry.measurement();
            lines.add("%s,%d,%s,%d,%d,%d,%d,%s".formatted(
                    scores.idOf(entry), entry.round(), m.kernel(), m.pass(), m.wall(), m.host(), m.cpu(), m.checksum()));
        }
        return lines;
    }

    /** The whole in Markdown. */
    List<String> markdown(List<String> circumstances) {
        List<String> lines = new ArrayList<>(List.of("# Guest kernels", ""));
        circumstances.forEach(line -> lines.add("- " + line));
        scores.remarks().forEach(remark -> lines.add("- " + remark));
        lines.add("- " + checksums());
        lines.add("");
        lines.addAll(groups());
        lines.add("");
        lines.addAll(kernels());
        return lines;
    }

    /** One sentence on the checksums, or one for each that differs. */
    String checksums() {
        List<String> differences = scores.differences();
        return differences.isEmpty()
                ? "checksums: the same in every run of a kernel"
                : "checksums DIFFER: " + String.join(" ", differences);
    }
}
