package dev.quoll.benchmarks.contest;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/** The middle of figures, and tables of them. */
public final class Tables {
    private Tables() {}

    /** The middle one of the values, or the mean of the two in the middle. */
    public static double median(DoubleStream values) {
        double[] sorted = values.sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** The lines of a Markdown table, which is also fit to be read as it is; the first row is the head. */
    public static List<String> markdown(List<String[]> rows) {
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
