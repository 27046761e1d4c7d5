package dev.quoll.machine;

/**
 * Hears what happens to a machine while it lives. Called on the machine's control thread, one call at a time; must not
 * call the machine's lifecycle methods and should be short, because a reset waits for it.
 */
public interface MachineListener {
    /** Hears nothing. */
    MachineListener NONE = new MachineListener() {};

    /** The guest is about to be started anew. */
    default void resetting(String cause) {}

    /** The guest reports that it has crashed. Of several reports in quick succession the last is told. */
    default void panicked(String report) {}
}
