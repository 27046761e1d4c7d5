package dev.quoll.devices.block;

import java.io.IOException;
import java.util.Optional;
import java.util.ServiceLoader;

/** Zstandard (RFC 8878) for image formats; found by {@link ServiceLoader}, because the decoder is the kernel loaders'. */
public interface ZstdDecoder {
    /**
     * Unpacks the one frame at the start; what follows it is passed over.
     *
     * @param limit most bytes that the result may have
     * @throws IOException when the frame is corrupt, cut off or holds more
     */
    byte[] decodeFrame(byte[] packed, int limit) throws IOException;

    /** The decoder there is, if any. */
    static Optional<ZstdDecoder> find() {
        return ServiceLoader.load(ZstdDecoder.class).findFirst();
    }
}
