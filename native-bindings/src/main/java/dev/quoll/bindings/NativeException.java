package dev.quoll.bindings;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * A native call failed. The message is one sentence for the user: the call, what it was about, the error and, where one
 * is known, the likely fix.
 */
public final class NativeException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String call;
    private final String subject;
    private final int errno;

    /**
     * @param call    name of the C function, for an ioctl the name of the request
     * @param subject what it was applied to (a path, a size), or empty
     * @param errno   the error number
     */
    public NativeException(String call, String subject, int errno) {
        super(message(call, subject, errno));
        this.call = call;
        this.subject = subject;
        this.errno = errno;
    }

    /** The failure of a call that was given {@code captured} for its error number. */
    public static NativeException of(String call, String subject, MemorySegment captured) {
        return new NativeException(call, subject, CapturedErrno.value(captured));
    }

    /** Name of the C function or the ioctl request. */
    public String call() {
        return call;
    }

    /** What the call was applied to; may be empty. */
    public String subject() {
        return subject;
    }

    /** The error number. */
    public int errno() {
        return errno;
    }

    /** True if the error is {@code error}. */
    public boolean is(Errno error) {
        return errno == error.number();
    }

    /** The likely fix, as a sentence, where one is known. */
    public Optional<String> remedy() {
        return Remedies.forFailure(call, subject, errno);
    }

    private static String message(String call, String subject, int errno) {
        String error = Errno.of(errno)
                .map(known -> known.name() + " (" + known.meaning() + ")")
                .orElse("error number " + errno);
        String what = subject.isEmpty() ? call : call + " of " + subject;
        return what + " failed with " + error + "."
                + Remedies.forFailure(call, subject, errno).map(fix -> " " + fix).orElse("");
    }
}
