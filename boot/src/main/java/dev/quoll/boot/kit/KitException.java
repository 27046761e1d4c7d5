package dev.quoll.boot.kit;

import java.io.IOException;

/** The kernel or the initial ramdisk could not be fetched. The message is for the user and says what to do instead. */
public final class KitException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param sentence one whole sentence */
    public KitException(String sentence) {
        super(sentence);
    }

    /** @param sentence one whole sentence */
    public KitException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
