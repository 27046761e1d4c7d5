package dev.quoll.cli.engines;

import dev.quoll.machine.Engine;
import dev.quoll.machine.Engines;
import java.util.List;

/** The engines of this host; tests of one class run on all of them. */
final class TestEngines {
    private static final List<Engines.Candidate> ALL = Engines.all();

    private TestEngines() {}

    /** Those that work here, however slow. */
    static List<Engine> usable() {
        return ALL.stream()
                .filter(candidate -> candidate.probe() instanceof Engine.Probe.Usable)
                .map(Engines.Candidate::engine)
                .toList();
    }

    /** Those that do not, each with its reason. */
    static List<String> unusable() {
        return ALL.stream()
                .filter(candidate -> candidate.probe() instanceof Engine.Probe.Unusable)
                .map(candidate -> candidate.engine().name() + ": " + ((Engine.Probe.Unusable) candidate.probe()).reason())
                .toList();
    }
}
