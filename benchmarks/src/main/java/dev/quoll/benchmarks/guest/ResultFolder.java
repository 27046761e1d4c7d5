package dev.quoll.benchmarks.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Where the results go: a page with a chart, tables in Markdown, and every measurement. */
record ResultFolder(Path path) {
    void write(Scores scores, List<String> circumstances) throws IOException {
        Files.createDirectories(path);
        TextReport report = new TextReport(scores);
        Files.write(path.resolve("results.md"), report.markdown(circumstances));
        Files.write(path.resolve("results.csv"), report.values());
        Files.writeString(path.resolve("index.html"), new ChartPage(scores).html(circumstances));
    }
}
