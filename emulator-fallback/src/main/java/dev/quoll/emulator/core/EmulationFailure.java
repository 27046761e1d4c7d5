package dev.quoll.emulator.core;

/** The CPU cannot go on without guessing: the message says precisely what it met. Ends the machine. */
public final class EmulationFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public EmulationFailure(String message) {
        super(message);
    }

    public EmulationFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
