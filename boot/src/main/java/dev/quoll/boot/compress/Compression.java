package dev.quoll.boot.compress;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.LZMAInputStream;
import org.tukaani.xz.SingleXZInputStream;

/** The compressions that Linux offers for its payload (init/Kconfig, "Kernel compression mode"), told apart by their magic. */
public enum Compression {
    /** RFC 1952. */
    GZIP("gzip"),
    /** One .xz stream, with the BCJ filter for x86. */
    XZ("xz"),
    /** The LZMA_Alone format of LZMA Utils. */
    LZMA("lzma"),
    /** bzip2 streams. */
    BZIP2("bzip2"),
    /** The legacy LZ4 frame. */
    LZ4("lz4"),
    /** The lzop file format. */
    LZO("lzo"),
    /** RFC 8878. */
    ZSTD("zstd");

    /** Enough for the 128 MiB dictionaries of the strongest presets, in KiB, and far from the heap's end. */
    private static final int XZ_MEMORY_LIMIT_KIB = 256 << 10;

    private final String words;

    Compression(String words) {
        this.words = words;
    }

    /** Recognises a stream by its first bytes; empty when they are none that Linux uses. */
    public static Optional<Compression> recognise(byte[] bytes, int from, int count) {
        ByteSource in = new ByteSource(bytes, from, count);
        if (count < 8) {
            return Optional.empty();
        }
        long first;
        try {
            first = in.u64();
        } catch (IOException e) {
            throw new AssertionError("eight bytes hold eight", e);
        }
        int word = (int) first;
        Compression found;
        if ((first & 0xffffff) == 0x088b1f) {
            found = GZIP;
        } else if ((first & 0xffffffffffffL) == 0x005a587a37fdL) {
            found = XZ;
        } else if ((word & 0xffffff) == 0x685a42) {
            found = BZIP2;
        } else if (word == Lz4Legacy.MAGIC) {
            found = LZ4;
        } else if (first == Lzop.MAGIC_FIRST_8_LE) {
            found = LZO;
        } else if (word == Zstd.MAGIC) {
            found = ZSTD;
        } else if ((word & 0xffffff) == 0x00005d) {
            found = LZMA; // properties lc=3 lp=0 pb=2 and the low half of a dictionary size: what lzma(1) writes
        } else {
            return Optional.empty();
        }
        return Optional.of(found);
    }

    /**
     * Unpacks {@code count} bytes at {@code from}.
     *
     * @param limit most bytes that the result may have
     * @throws IOException when the stream is corrupt, truncated or holds more; the message is a clause without a subject
     *     of its own ("it ends ...")
     */
    public byte[] decode(byte[] bytes, int from, int count, int limit) throws IOException {
        ByteSource in = new ByteSource(bytes, from, count);
        try {
            return switch (this) {
                case GZIP -> drain(new GZIPInputStream(stream(bytes, from, count), 1 << 16), limit);
                case XZ -> drain(new SingleXZInputStream(stream(bytes, from, count), XZ_MEMORY_LIMIT_KIB), limit);
                case LZMA -> drain(new LZMAInputStream(stream(bytes, from, count), XZ_MEMORY_LIMIT_KIB), limit);
                case BZIP2 -> Bzip2.decode(in, limit);
                case LZ4 -> Lz4Legacy.decode(in, limit);
                case LZO -> Lzop.decode(in, limit);
                case ZSTD -> Zstd.decode(in, limit);
            };
        } catch (ArithmeticException e) {
            throw new IOException("a length in it is beyond all bounds", e);
        }
    }

    private static InputStream stream(byte[] bytes, int from, int count) {
        return new ByteArrayInputStream(bytes, from, count);
    }

    private static byte[] drain(InputStream stream, int limit) throws IOException {
        try (stream) {
            OutputWindow out = new OutputWindow(limit);
            byte[] chunk = new byte[1 << 16];
            for (int got = stream.read(chunk); got >= 0; got = stream.read(chunk)) {
                out.literals(chunk, 0, got);
            }
            return out.toByteArray();
        }
    }

    /** The format's usual name. */
    @Override
    public String toString() {
        return words;
    }
}
