package dev.quoll.emulator.isa;

/// Decodes instructions for a processor with a given set of features.
///
/// Not safe for use by several threads at once: each vCPU has its own.
public final class Decoder {
    /// The longest instruction in bytes.
    public static final int MAX_LENGTH = 15;

    private final long features;

    /// Creates a decoder for a processor with these features.
    ///
    /// @param features [CpuFeature#mask] bits; rows of an absent feature are invalid or decode as their older meaning
    public Decoder(long features) {
        this.features = features | CpuFeature.BASE.mask();
    }

    /// Decodes the instruction at `code[offset]`.
    ///
    /// @param limit end of the valid bytes in `code`; 15 bytes are always enough
    public Decoded decode(byte[] code, int offset, int limit, CodeSize mode) {
        throw new UnsupportedOperationException("features " + features);
    }
}
