package dev.quoll.bindings;

/** Native calls cannot be made at all: wrong system, access denied, or a function this C library lacks. */
public final class NativeUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** @param reason one sentence that says what is missing and, where there is one, the remedy */
    public NativeUnavailableException(String reason) {
        super(reason);
    }
}
