package dev.quoll.emulator.smp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.smp.LitmusMachine.Histogram;
import dev.quoll.emulator.smp.LitmusMachine.Placement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** x86-TSO on the engine: no litmus test ever has an outcome that the model does not allow. */
class LitmusTest {
    private static final long MILLION = 1_000_000;

    private record Run(Litmus test, Placement placement) {}

    /** Plain accesses, locked stores and fences; locked accesses within a line and across pages. */
    private static List<Run> essentials() {
        List<Run> runs = new ArrayList<>();
        for (Litmus test : LitmusCatalogue.CLASSIC) {
            runs.add(new Run(test, Placement.ALIGNED));
            runs.add(new Run(test.withLockedStores(), Placement.ALIGNED));
            runs.add(new Run(test.withFences(), Placement.ALIGNED));
        }
        for (Litmus test : LitmusCatalogue.ATOMICITY) {
            runs.add(new Run(test, Placement.ALIGNED));
            runs.add(new Run(test, Placement.PAGE));
        }
        LitmusCatalogue.MIXED.forEach(test -> runs.add(new Run(test, Placement.ALIGNED)));
        LitmusCatalogue.BARRIERS.forEach(test -> runs.add(new Run(test, Placement.ALIGNED)));
        LitmusCatalogue.SERIALIZING.forEach(test -> runs.add(new Run(test, Placement.ALIGNED)));
        return runs;
    }

    private static List<Run> everything() {
        List<Run> runs = essentials();
        for (Litmus test : LitmusCatalogue.CLASSIC) {
            runs.add(new Run(test.withLockedLoads(), Placement.ALIGNED));
            for (Placement placement : List.of(Placement.LINE, Placement.PAGE)) {
                runs.add(new Run(test.withLockedStores(), placement));
                runs.add(new Run(test.withLockedLoads(), placement));
            }
        }
        for (Litmus test : LitmusCatalogue.ATOMICITY) {
            runs.add(new Run(test, Placement.QUADWORD));
            runs.add(new Run(test, Placement.LINE));
        }
        LitmusCatalogue.BARRIERS.forEach(test -> runs.add(new Run(test, Placement.PAGE)));
        return runs;
    }

    /** A single vCPU against threads of the host, in either role. */
    private static List<Run> besideHost() {
        List<Run> runs = new ArrayList<>();
        for (Litmus test : LitmusCatalogue.CLASSIC) {
            for (Litmus variant : List.of(test, test.withLockedStores(), test.withFences())) {
                runs.add(new Run(variant, Placement.ALIGNED));
                runs.add(new Run(variant.mirrored(), Placement.ALIGNED));
            }
        }
        LitmusCatalogue.BARRIERS.stream()
                .filter(test -> !test.name().equals("SB+byte lock"))
                .forEach(test -> runs.add(new Run(test, Placement.ALIGNED)));
        LitmusCatalogue.SERIALIZING.forEach(test -> runs.add(new Run(test, Placement.ALIGNED)));
        return runs;
    }

    private static void check(
            LitmusMachine litmus, List<Run> runs, long rounds, Duration longest, Consumer<Histogram> each)
            throws Exception {
        List<String> violations = new ArrayList<>();
        try (LitmusMachine machine = litmus) {
            for (Run run : runs) {
                Histogram histogram = machine.run(run.test, run.placement, rounds, longest);
                each.accept(histogram);
                if (histogram.violations() != 0) {
                    violations.add(histogram.toString());
                }
            }
        }
        assertThat(violations).isEmpty();
    }

    /** On a busy host fewer rounds; what counts is that the tests work. */
    @Test
    @Timeout(600)
    void someRounds() throws Exception {
        LitmusMachine litmus = new LitmusMachine(4);
        litmus.machine.fuseAfter(200);
        check(litmus, essentials(), 10_000, Duration.ofMillis(50), histogram -> {
            if (histogram.witnessAllowed()) {
                System.out.println(histogram);
            }
        });
    }

    /** Device threads share rings with the guest: the same order holds between them and a machine's only CPU. */
    @Test
    @Timeout(600)
    void oneCpuBesideHostThreads() throws Exception {
        LitmusMachine litmus = new LitmusMachine(1);
        litmus.machine.fuseAfter(200);
        check(litmus, besideHost(), 10_000, Duration.ofMillis(20), histogram -> {
            if (histogram.witnessAllowed()) {
                System.out.println(histogram);
            }
        });
    }

    @Test
    @Tag("long")
    void aMillionRoundsBesideHostThreads() throws Exception {
        check(new LitmusMachine(1), besideHost(), MILLION, Duration.ofHours(1), System.out::println);
    }

    @Test
    @Tag("long")
    void aMillionRoundsOfEach() throws Exception {
        check(new LitmusMachine(4), everything(), MILLION, Duration.ofHours(1), System.out::println);
    }
}
