package dev.quoll.machine;

/** An engine cannot do what was asked of it; the message is one sentence for the user. */
public final class EngineException extends Exception {
    private static final long serialVersionUID = 1L;

    public EngineException(String message) {
        super(message);
    }

    public EngineException(String message, Throwable cause) {
        super(message, cause);
    }
}
