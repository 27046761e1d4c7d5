package dev.quoll.emulator.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.emulator.TestTier;
import dev.quoll.emulator.translate.host.HostTranslator;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every row of the opcode table that user code can run, on the host's processor and on the emulator, faults included. The
 * seed is printed; {@code -Dquoll.seed} repeats a run. The long form takes {@code -Dquoll.oracle.executions} and
 * {@code -Dquoll.oracle.workers}.
 */
class LabTest {
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final int STATES = 4;
    private static final int LONG_STATES = 128;
    private static final long LONG_EXECUTIONS = 100_000_000;

    @BeforeEach
    void needsWitness() {
        Optional<String> obstacle = Witness.obstacle();
        assumeTrue(obstacle.isEmpty(), () -> "no comparison with the host's processor: " + obstacle.get());
    }

    @Test
    void everyRowDoesWhatTheHostDoes() throws Exception {
        LabRun run = LabRun.of(seed(), STATES, LONGEST);
        run.every(1, 1, row -> true);
        System.out.println("LabTest compared " + run.proof().total());
        assertThat(run.proof().mismatches()).isEmpty();
    }

    /** The same through the host translator: what it does not translate goes through the interpreter here too. */
    @Test
    void everyRowDoesWhatTheHostDoesTranslated() throws Exception {
        assumeTrue(HostTranslator.obstacle().isEmpty(), () -> "no translator here: " + HostTranslator.obstacle().orElseThrow());
        LabRun run = LabRun.of(seed(), STATES, LONGEST);
        TestTier.with(true, () -> {
            run.every(1, 1, row -> true);
            return run;
        });
        System.out.println("LabTest compared, translated, " + run.proof().total());
        assertThat(run.proof().mismatches()).isEmpty();
    }

    @Test
    @Tag("long")
    void everyRowDoesWhatTheHostDoesLong() throws Exception {
        LabRun run = LabRun.of(seed(), LONG_STATES, LONGEST);
        int workers = Integer.getInteger("quoll.oracle.workers", Runtime.getRuntime().availableProcessors());
        run.every(workers, Long.getLong("quoll.oracle.executions", LONG_EXECUTIONS), row -> true);
        System.out.println("LabTest compared " + run.proof().total());
        assertThat(run.proof().mismatches()).isEmpty();
    }

    private static long seed() {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("LabTest seed " + seed);
        return seed;
    }
}
