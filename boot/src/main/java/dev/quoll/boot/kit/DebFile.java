package dev.quoll.boot.kit;

import dev.quoll.boot.compress.Compression;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.XZInputStream;

/** A Debian package: an ar archive of a version, control data and the files, the latter two as packed tar archives (deb(5)). */
final class DebFile {
    private static final byte[] MAGIC = "!<arch>\n".getBytes(StandardCharsets.US_ASCII);
    private static final int HEADER_SIZE = 60;
    private static final int MAX_IN_MEMORY = 1 << 30;

    private DebFile() {}

    /** Unpacks the package's files as one tar archive. */
    static void extractData(Path deb, Path tar) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(deb), 1 << 16)) {
            if (!Arrays.equals(in.readNBytes(MAGIC.length), MAGIC)) {
                throw new IOException("it is not a Debian package");
            }
            while (true) {
                byte[] header = in.readNBytes(HEADER_SIZE);
                if (header.length < HEADER_SIZE) {
                    throw new EOFException("the package has no data.tar");
                }
                String name = new String(header, 0, 16, StandardCharsets.US_ASCII).strip();
                long size = size(header);
                if (name.startsWith("data.tar")) {
                    try (InputStream data = unpacked(name, in, size)) {
                        Files.copy(data, tar);
                    }
                    return;
                }
                in.skipNBytes(size + (size & 1)); // members begin at even offsets
            }
        }
    }

    private static long size(byte[] header) throws IOException {
        String digits = new String(header, 48, 10, StandardCharsets.US_ASCII).strip();
        if (!digits.matches("[0-9]{1,10}")) {
            throw new IOException("the package has a member of impossible size");
        }
        return Long.parseLong(digits);
    }

    private static InputStream unpacked(String name, InputStream in, long size) throws IOException {
        // The data member comes last, and its formats end by themselves, so nothing need stop at the member's end.
        return switch (name.replaceAll("/$", "")) {
            case "data.tar.xz" -> new XZInputStream(in);
            case "data.tar.gz" -> new GZIPInputStream(in, 1 << 16);
            case "data.tar" -> in;
            case "data.tar.zst" -> {
                byte[] packed = in.readNBytes((int) Math.min(size, MAX_IN_MEMORY));
                yield new ByteArrayInputStream(Compression.ZSTD.decode(packed, 0, packed.length, MAX_IN_MEMORY));
            }
            default -> throw new IOException("the package's files are packed in an unknown way: " + name);
        };
    }
}
