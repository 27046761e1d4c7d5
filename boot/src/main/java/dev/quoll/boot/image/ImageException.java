package dev.quoll.boot.image;

import java.io.IOException;

/** A kernel, module or initial ramdisk that cannot be booted. The message is one sentence for the user, naming the fault. */
public final class ImageException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param sentence one whole sentence */
    public ImageException(String sentence) {
        super(sentence);
    }

    /** @param sentence one whole sentence */
    public ImageException(String sentence, Throwable cause) {
        super(sentence, cause);
    }
}
