package dev.quoll.emulator.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * {@code ./quoll test --oracle}: the long comparison, and the page about it at {@code -Dquoll.oracle.page}. Takes
 * {@code -Dquoll.seed}, {@code -Dquoll.oracle.executions}, {@code -Dquoll.oracle.workers}, {@code -Dquoll.oracle.states} of
 * each encoding, and {@code -Dquoll.oracle.minutes}, after which it ends as far as it has come.
 */
@Tag("oracle")
class OracleReport {
    private static final int STATES = 128;
    private static final int LONGEST_MINUTES = 600;
    private static final long EXECUTIONS = 100_000_000;

    @Test
    void everyRowDoesWhatTheHostDoes() throws Exception {
        Optional<String> obstacle = Witness.obstacle();
        assumeTrue(obstacle.isEmpty(), () -> "no comparison with the host's processor: " + obstacle.get());
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("OracleReport seed " + seed);
        int workers = Integer.getInteger("quoll.oracle.workers", Runtime.getRuntime().availableProcessors());
        Duration longest = Duration.ofMinutes(Integer.getInteger("quoll.oracle.minutes", LONGEST_MINUTES));
        LabRun run = LabRun.of(seed, Integer.getInteger("quoll.oracle.states", STATES), longest);
        long start = System.nanoTime();
        run.every(workers, Long.getLong("quoll.oracle.executions", EXECUTIONS), row -> true);
        LabPage lab = new LabPage(run, Duration.ofNanos(System.nanoTime() - start));
        lab.count();
        String page = lab.text();
        String place = System.getProperty("quoll.oracle.page");
        if (place == null) {
            System.out.println(page);
        } else {
            Files.writeString(Path.of(place), page);
        }
        assertThat(run.proof().total()).isPositive();
        assertThat(run.proof().mismatches()).isEmpty();
    }
}
