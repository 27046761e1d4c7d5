package dev.quoll.machine;

import java.util.List;
import java.util.Optional;

/** Something that runs virtual CPUs: found by {@link java.util.ServiceLoader}, asked whether it can, then used. */
public interface Engine {
    /** Name on the command line: {@code emulator}, {@code kvm}. */
    String name();

    /** Whether it works on this host, and how fast; never throws. May take some milliseconds to measure. */
    Probe probe();

    /**
     * Makes the engine's part of one machine: its CPUs, and the interrupt controllers it {@link Partition#owns}.
     *
     * @throws EngineException with one sentence for the user when the configuration cannot be had here
     */
    Partition create(PartitionConfig config) throws EngineException;

    /**
     * This engine with one of its own options set; what there is stands in the engine's documentation.
     *
     * @throws EngineException with one sentence for the user when there is no such option or value, or it cannot be had here
     */
    default Engine with(String option, String value) throws EngineException {
        throw new EngineException("the engine %s has no option %s.".formatted(name(), option));
    }

    /** What the user should know before a machine runs on it, a sentence each: most often nothing. */
    default List<String> notes() {
        return List.of();
    }

    /** What {@link #probe} found. */
    sealed interface Probe {
        /**
         * It works.
         *
         * @param detail one line for a human, with the figure behind the speed class
         * @param obstacle what keeps it from being as fast as it could be, where the probe knows
         */
        record Usable(SpeedClass speed, String detail, Optional<Obstacle> obstacle) implements Probe {
            /** As fast as it gets. */
            public Usable(SpeedClass speed, String detail) {
                this(speed, detail, Optional.empty());
            }
        }

        /** It does not. */
        record Unusable(Obstacle obstacle) implements Probe {
            /** What is missing, one sentence without its stop. */
            public String reason() {
                return obstacle.reason();
            }
        }
    }

    /** What stands between an engine and this host. Each engine has its own kinds, which it documents. */
    interface Obstacle {
        /** What is missing, one sentence without its stop. */
        String reason();

        /** What the user can do about it, one sentence with its stop. */
        String fix();
    }

    /** How fast guest code runs, for the choice between engines. */
    enum SpeedClass {
        /** Hardware virtualisation: near native. */
        HARDWARE,
        /** A software CPU in this process. */
        EMULATED,
        /** Opens, but interprets in the host kernel: far slower than our own CPU. */
        CRAWLING
    }
}
