package dev.quoll.boot;

import java.io.IOException;

/** The host refuses what a planned device needs. The message is one sentence for the user. */
public final class DeviceUnavailableException extends IOException {
    private static final long serialVersionUID = 1;

    DeviceUnavailableException(IOException cause) {
        super(cause.getMessage(), cause);
    }
}
