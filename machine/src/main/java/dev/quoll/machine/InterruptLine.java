package dev.quoll.machine;

/**
 * One interrupt wire, from a device's output to whatever the board connected it to (by GSI). A device sets the level of
 * its own output and knows no more. May be called from any thread, never while the caller holds a device lock that the
 * interrupt controller could want.
 */
@FunctionalInterface
public interface InterruptLine {
    /** A wire that leads nowhere. */
    InterruptLine NONE = level -> {};

    /** Drives the wire high or low; idempotent. */
    void setLevel(boolean high);

    /** One edge: high, then low. */
    default void pulse() {
        setLevel(true);
        setLevel(false);
    }
}
