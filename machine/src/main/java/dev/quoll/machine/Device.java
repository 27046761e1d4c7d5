package dev.quoll.machine;

/**
 * A device model. It knows neither its bus address nor the engine nor other devices: it holds the lines, sinks and
 * clocks it was built with. Each device serialises its own accesses.
 *
 * @param <S> the record that holds all of the device's guest-visible state
 */
public interface Device<S extends Record> {
    /** Stable name, unique on a board; snapshots name the device by it. */
    String name();

    /** Back to power-on state, lines low, timers off. Called with all vCPUs stopped. */
    void reset();

    /** The state now. Called with the machine paused; saving twice in a row yields equal records. */
    S save();

    /** Takes over a saved state, lines and timers included. Called with the machine paused. */
    void restore(S state);
}
