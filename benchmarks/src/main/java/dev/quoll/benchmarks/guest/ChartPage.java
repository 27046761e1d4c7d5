package dev.quoll.benchmarks.guest;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** Scores as a page of its own: a chart of dots on a logarithmic axis, one row a kernel, and the table of groups. */
final class ChartPage {
    private static final int LABELS = 160;
    private static final int WIDTH = 620;
    private static final int ROW = 18;
    private static final int TOP = 34;
    private static final int MARGIN = 20;
    /** Distinct for eyes that do not see every colour, on light and dark ground (Okabe and Ito's palette). */
    private static final List<String> COLOURS =
            List.of("#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#cc79a7", "#999999");

    private static final String PAGE =
            """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Guest kernels</title>
            <style>
            :root { color-scheme: light dark; }
            body { font: 15px/1.45 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
            svg { width: 100%%; height: auto; font: 11px system-ui, sans-serif; }
            svg text { fill: currentColor; }
            svg line { stroke: currentColor; stroke-opacity: .18; }
            svg line.base { stroke-opacity: .8; }
            .tables { overflow-x: auto; }
            table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
            th, td { padding: .15rem .7rem; text-align: right; border-bottom: 1px solid #8884; }
            th:first-child, td:first-child { text-align: left; }
            </style>
            </head>
            <body>
            <h1>Guest kernels</h1>
            <p>%s</p>
            %s
            <h2>Geometric means</h2>
            <div class="tables">%s</div>
            <h2>Kernels</h2>
            <div class="tables">%s</div>
            <h2>Circumstances</h2>
            <ul>
            %s</ul>
            </body>
            </html>
            """;

    private final Scores scores;

    ChartPage(Scores scores) {
        this.scores = scores;
    }

    String html(List<String> circumstances) {
        TextReport report = new TextReport(scores);
        List<String> facts = new ArrayList<>(circumstances);
        facts.addAll(scores.remarks());
        facts.add(report.checksums());
        StringBuilder list = new StringBuilder();
        facts.forEach(fact -> list.append("<li>").append(escaped(fact)).append("</li>\n"));
        return PAGE.formatted(
                escaped(base() == null
                        ? "Nothing to compare with was measured."
                        : "How long each kernel takes, where %s takes 1; further left is faster.".formatted(base().title())),
                base() == null ? "" : chart(base()),
                table(report.groups()),
                table(report.kernels()),
                list);
    }

    /** What the others are compared with: the native program, or the first that there is. */
    private Column base() {
        List<Column> columns = scores.columns();
        return columns.size() < 2 ? null : columns.getFirst();
    }

    private String chart(Column base) {
        List<Column> others = scores.columns().stream().filter(column -> column != base).toList();
        double[] ratios = scores.kernels().stream()
                .flatMap(kernel -> others.stream().map(column -> scores.ratio(kernel, column, base)))
                .flatMapToDouble(OptionalDouble::stream)
                .toArray();
        int low = 0;
        int high = 1;
        for (double ratio : ratios) {
            low = Math.min(low, (int) Math.floor(Math.log10(ratio)));
            high = Math.max(high, (int) Math.ceil(Math.log10(ratio)));
        }
        int height = TOP + scores.kernels().size() * ROW + 2 * MARGIN;
        StringBuilder svg = new StringBuilder("<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"times of all kernels\">\n"
                .formatted(LABELS + WIDTH + 2 * MARGIN, height));
        legend(svg, others);
        for (int power = low; power <= high; power++) {
            double x = x(Math.pow(10, power), low, high);
            line(svg, power == 0 ? " class=\"base\"" : "", x, TOP, x, height - 2 * MARGIN);
            text(svg, "middle", x, height - MARGIN, TextReport.figure(OptionalDouble.of(Math.pow(10, power))) + "x");
        }
        for (int i = 0; i < scores.kernels().size(); i++) {
            row(svg, i, others, base, low, high);
        }
        return svg.append("</svg>").toString();
    }

    private void row(StringBuilder svg, int index, List<Column> others, Column base, int low, int high) {
        Kernel kernel = scores.kernels().get(index);
        double y = TOP + (index + 0.5) * ROW;
        text(svg, "end", LABELS - 8, y + 4, kernel.name());
        line(svg, "", LABELS, y, LABELS + WIDTH, y);
        for (int i = 0; i < others.size(); i++) {
            Column column = others.get(i);
            OptionalDouble ratio = scores.ratio(kernel, column, base);
            if (ratio.isPresent()) {
                svg.append(String.format(
                        Locale.ROOT,
                        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\" fill=\"%s\"><title>%s, %s: %s</title></circle>%n",
                        x(ratio.getAsDouble(), low, high),
                        y,
                        colour(i),
                        escaped(kernel.name()),
                        escaped(column.title()),
                        TextReport.figure(ratio)));
            }
        }
    }

    private static void legend(StringBuilder svg, List<Column> others) {
        double x = LABELS;
        for (int i = 0; i < others.size(); i++) {
            svg.append(String.format(Locale.ROOT, "<circle cx=\"%.1f\" cy=\"12\" r=\"4.5\" fill=\"%s\"/>%n", x, colour(i)));
            text(svg, "start", x + 9, 16, others.get(i).id());
            x += 34 + 7 * others.get(i).id().length();
        }
    }

    private static double x(double ratio, int low, int high) {
        return LABELS + WIDTH * (Math.log10(ratio) - low) / (high - low);
    }

    private static String colour(int index) {
        return COLOURS.get(index % COLOURS.size());
    }

    private static void line(StringBuilder svg, String attributes, double x1, double y1, double x2, double y2) {
        svg.append(String.format(
                Locale.ROOT, "<line%s x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n", attributes, x1, y1, x2, y2));
    }

    private static void text(StringBuilder svg, String anchor, double x, double y, String text) {
        svg.append(String.format(
                Locale.ROOT, "<text text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>%n", anchor, x, y, escaped(text)));
    }

    /** A table of Markdown as one of HTML. */
    private static String table(List<String> markdown) {
        StringBuilder html = new StringBuilder("<table>\n");
        for (int i = 0; i < markdown.size(); i++) {
            if (i == 1) {
                continue;
            }
            String line = markdown.get(i);
            String cell = i == 0 ? "th" : "td";
            html.append("<tr>");
            for (String text : line.substring(1, line.length() - 1).split("\\|")) {
                html.append("<%s>%s</%s>".formatted(cell, escaped(text.strip()), cell));
            }
            html.append("</tr>\n");
        }
        return html.append("</table>").toString();
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
