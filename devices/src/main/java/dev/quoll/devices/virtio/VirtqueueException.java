package dev.quoll.devices.virtio;

/** The driver broke a rule of its queue. The message is one sentence naming it. */
public final class VirtqueueException extends Exception {
    private static final long serialVersionUID = 1;

    public VirtqueueException(String message) {
        super(message, null, false, false);
    }
}
