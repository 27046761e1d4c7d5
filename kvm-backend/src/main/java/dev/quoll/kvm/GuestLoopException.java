package dev.quoll.kvm;

/** The probe's guest did not do what a processor does; the message is one sentence for the user. */
final class GuestLoopException extends Exception {
    private static final long serialVersionUID = 1L;

    GuestLoopException(String message) {
        super(message);
    }
}
