package dev.quoll.emulator.x87;

import dev.quoll.emulator.fpu.PackedInteger;
import dev.quoll.emulator.fpu.PackedPermute;
import dev.quoll.emulator.sse.Interleave;

/** Operations that rearrange the elements of MMX registers, by number; with a constant number they fold. */
final class MmxOperation {
    static final int UNPACK_LOW_BYTES = 0;
    static final int UNPACK_LOW_WORDS = 1;
    static final int UNPACK_LOW_DWORDS = 2;
    static final int UNPACK_HIGH_BYTES = 3;
    static final int UNPACK_HIGH_WORDS = 4;
    static final int UNPACK_HIGH_DWORDS = 5;
    static final int PACK_SIGNED_WORDS = 6;
    static final int PACK_UNSIGNED_WORDS = 7;
    static final int PACK_SIGNED_DWORDS = 8;
    static final int SHUFFLE_BYTES = 9;
    static final int SHUFFLE_WORDS = 10;
    static final int ALIGN_RIGHT = 11;

    private MmxOperation() {}

    /**
     * The result.
     *
     * @param a the target
     * @param b the source
     * @param control the immediate byte
     */
    static long apply(int operation, long a, long b, int control) {
        return switch (operation) {
            case UNPACK_LOW_BYTES -> Interleave.bytes(a, b);
            case UNPACK_LOW_WORDS -> Interleave.words(a, b);
            case UNPACK_LOW_DWORDS -> Interleave.dwords(a, b);
            case UNPACK_HIGH_BYTES -> Interleave.bytes(a >>> 32, b >>> 32);
            case UNPACK_HIGH_WORDS -> Interleave.words(a >>> 32, b >>> 32);
            case UNPACK_HIGH_DWORDS -> Interleave.dwords(a >>> 32, b >>> 32);
            case PACK_SIGNED_WORDS -> PackedInteger.packSignedWords(a, b);
            case PACK_UNSIGNED_WORDS -> PackedInteger.packUnsignedWords(a, b);
            case PACK_SIGNED_DWORDS -> PackedInteger.packSignedDwords(a, b);
            case SHUFFLE_BYTES -> PackedPermute.shuffleBytes(a, b);
            case SHUFFLE_WORDS -> Interleave.shuffleWords(b, control);
            case ALIGN_RIGHT -> PackedPermute.alignLow(b, a, 0, 0, control);
            default -> throw new IllegalArgumentException("no MMX operation " + operation);
        };
    }
}
