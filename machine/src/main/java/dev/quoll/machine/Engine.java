package dev.quoll.machine;

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

    /** What {@link #probe} found. */
    sealed interface Probe {
        /** It works. @param detail one line for a human, with the figure behind the speed class */
        record Usable(SpeedClass speed, String detail) implements Probe {}

        /** It does not. @param reason what is missing, one sentence; @param fix what the user can do about it */
        record Unusable(String reason, String fix) implements Probe {}
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
