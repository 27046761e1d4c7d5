package dev.quoll.cli;

/** A command ends here: one sentence for standard error, and the status to leave with. */
final class CommandFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final ExitStatus status;

    CommandFailure(ExitStatus status, String sentence) {
        super(sentence);
        this.status = status;
    }

    CommandFailure(ExitStatus status, String sentence, Throwable cause) {
        super(sentence, cause);
        this.status = status;
    }

    ExitStatus status() {
        return status;
    }
}
