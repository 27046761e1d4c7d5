package dev.quoll.devices.share;

import dev.quoll.bindings.Errno;
import java.io.IOException;

/** A request fails with an error number for the guest. Part of normal life, hence without a stack trace. */
final class FuseException extends IOException {
    private static final long serialVersionUID = 1;

    private final Errno errno;

    FuseException(Errno errno) {
        super(errno.name());
        this.errno = errno;
    }

    Errno errno() {
        return errno;
    }

    @Override
    public Throwable fillInStackTrace() {
        return this;
    }
}
