package dev.quoll.emulator;

import java.nio.ByteBuffer;
import java.security.SecureRandom;

/** Numbers for RDRAND and RDSEED from the host's cryptographic generator, fetched in batches. One vCPU thread. */
final class Entropy {
    private final SecureRandom source = new SecureRandom();
    private final ByteBuffer batch = ByteBuffer.allocate(512).limit(0);

    /** 64 unpredictable bits. */
    long next() {
        if (!batch.hasRemaining()) {
            source.nextBytes(batch.array());
            batch.clear();
        }
        return batch.getLong();
    }
}
