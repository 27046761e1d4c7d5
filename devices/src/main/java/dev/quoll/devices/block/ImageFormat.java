package dev.quoll.devices.block;

import dev.quoll.devices.block.qcow2.Qcow2Image;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Formats of disk images. */
public enum ImageFormat {
    /** The bytes of the disk, one after the other. */
    RAW,
    /** QEMU's format of clusters and tables, versions 2 and 3. */
    QCOW2;

    /** The name on command lines and in headers of overlays. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The format with a name; empty for names of others. */
    public static Optional<ImageFormat> named(String name) {
        for (ImageFormat format : values()) {
            if (format.toString().equals(name)) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }

    /** The format that a file name promises: qcow2 for {@code .qcow2} and {@code .qcow}, raw for all others. */
    public static ImageFormat ofName(Path path) {
        String name = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
        return name.endsWith(".qcow2") || name.endsWith(".qcow") ? QCOW2 : RAW;
    }

    /**
     * The format of a file about which nothing is said but its name. A raw image whose guest has written a qcow2 header into it must not
     * become one, because a header can name any file of the host as its backing file; so name and content have to agree.
     */
    static ImageFormat guess(HostFile file) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(4);
        file.readOrZero(0, start);
        boolean magic = Qcow2Image.recognises(start.flip());
        ImageFormat promised = ofName(file.path());
        if (magic && promised == RAW) {
            throw new IOException("the image %s begins like qcow2 and is not called so; say its format, qcow2 or raw".formatted(file.path()));
        }
        if (!magic && promised == QCOW2) {
            throw new IOException("the image %s is called qcow2 and does not begin like one; say its format, if it is raw"
                    .formatted(file.path()));
        }
        return promised;
    }
}
