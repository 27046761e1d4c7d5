package dev.quoll.boot.compress;

import dev.quoll.devices.block.ZstdDecoder;
import java.io.IOException;

/** Lends the decoder to disk images. */
public final class ZstdClusters implements ZstdDecoder {
    /** For the service loader. */
    public ZstdClusters() {}

    @Override
    public byte[] decodeFrame(byte[] packed, int limit) throws IOException {
        try {
            return Zstd.decodeFrame(new ByteSource(packed, 0, packed.length), limit);
        } catch (ArithmeticException e) {
            throw new IOException("a length in it is beyond all bounds", e);
        }
    }
}
