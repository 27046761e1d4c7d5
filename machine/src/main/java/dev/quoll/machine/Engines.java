package dev.quoll.machine;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** The engines on the module path, and the choice among them. */
public final class Engines {
    /** An engine and what its probe said. */
    public record Candidate(Engine engine, Engine.Probe probe) {}

    private Engines() {}

    /** The names of the installed engines, sorted; probes none. */
    public static List<String> names() {
        return ServiceLoader.load(Engine.class).stream()
                .map(provider -> provider.get().name())
                .sorted()
                .toList();
    }

    /** Every engine, probed; fastest first, then by name. Takes as long as the probes do. */
    public static List<Candidate> all() {
        return ServiceLoader.load(Engine.class).stream()
                .map(ServiceLoader.Provider::get)
                .map(engine -> new Candidate(engine, engine.probe()))
                .sorted(Comparator.comparingInt((Candidate candidate) -> rank(candidate.probe()))
                        .thenComparing(candidate -> candidate.engine().name()))
                .toList();
    }

    private static int rank(Engine.Probe probe) {
        return switch (probe) {
            case Engine.Probe.Usable usable -> usable.speed().ordinal();
            case Engine.Probe.Unusable _ -> Integer.MAX_VALUE;
        };
    }

    /**
     * The fastest usable engine.
     *
     * @throws EngineException when there is none, with every engine's reason
     */
    public static Engine fastest() throws EngineException {
        return fastest(all());
    }

    /** As {@link #fastest()}, of candidates that {@link #all} gave. */
    public static Engine fastest(List<Candidate> candidates) throws EngineException {
        if (!candidates.isEmpty() && candidates.getFirst().probe() instanceof Engine.Probe.Usable) {
            return candidates.getFirst().engine();
        }
        throw new EngineException("no engine works here: "
                + (candidates.isEmpty()
                        ? "none is installed"
                        : candidates.stream().map(Engines::reason).collect(Collectors.joining("; "))));
    }

    private static String reason(Candidate candidate) {
        return switch (candidate.probe()) {
            case Engine.Probe.Usable usable -> candidate.engine().name() + ": " + usable.detail();
            case Engine.Probe.Unusable(Engine.Obstacle obstacle) ->
                candidate.engine().name() + ": " + obstacle.reason() + " (" + obstacle.fix() + ")";
        };
    }

    /**
     * The engine of that name, if it is usable here.
     *
     * @throws EngineException when it is not, or there is none of that name
     */
    public static Engine named(String name) throws EngineException {
        List<Engine> engines =
                ServiceLoader.load(Engine.class).stream().map(ServiceLoader.Provider::get).toList();
        for (Engine engine : engines) {
            if (engine.name().equals(name)) {
                if (engine.probe() instanceof Engine.Probe.Unusable unusable) {
                    throw new EngineException("engine " + reason(new Candidate(engine, unusable)));
                }
                return engine;
            }
        }
        throw new EngineException(
                "there is no engine named '%s'; there are: %s".formatted(name, String.join(", ", names())));
    }
}
