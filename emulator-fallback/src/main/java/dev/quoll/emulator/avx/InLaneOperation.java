package dev.quoll.emulator.avx;

import dev.quoll.emulator.sse.CipherOperation;
import dev.quoll.emulator.sse.HorizontalOperation;
import dev.quoll.emulator.sse.Interleave;
import dev.quoll.emulator.sse.Permutation;

/**
 * Operations that stay within 128 bits, by number: {@link Permutation}s by theirs, then {@link HorizontalOperation}s and
 * {@link CipherOperation}s, then those that came with AVX. In the names, a is the first source, b the second.
 */
final class InLaneOperation {
    static final int HORIZONTAL = 64;
    static final int CIPHER = 80;
    /** VPERMILPS by the doublewords of b. */
    static final int PERMUTE_SINGLES = 96;
    /** VPERMILPD by bit 1 of the quadwords of b. */
    static final int PERMUTE_DOUBLES = 97;
    /** VPERMILPD of b by the immediate. */
    static final int CHOOSE_DOUBLES = 98;

    private InLaneOperation() {}

    /** Low half of the result. */
    static long low(int operation, long al, long ah, long bl, long bh, int control) {
        if (operation < HORIZONTAL) {
            return Permutation.low(operation, al, ah, bl, bh, control);
        }
        if (operation < CIPHER) {
            return HorizontalOperation.apply(operation - HORIZONTAL, al, ah);
        }
        return switch (operation) {
            case PERMUTE_SINGLES -> singles(al, ah, bl);
            case PERMUTE_DOUBLES -> (bl & 2) == 0 ? al : ah;
            case CHOOSE_DOUBLES -> (control & 1) == 0 ? bl : bh;
            default -> CipherOperation.low(operation - CIPHER, al, ah, bl, bh, control);
        };
    }

    /** High half of the result. */
    static long high(int operation, long al, long ah, long bl, long bh, int control) {
        if (operation < HORIZONTAL) {
            return Permutation.high(operation, al, ah, bl, bh, control);
        }
        if (operation < CIPHER) {
            return HorizontalOperation.apply(operation - HORIZONTAL, bl, bh);
        }
        return switch (operation) {
            case PERMUTE_SINGLES -> singles(al, ah, bh);
            case PERMUTE_DOUBLES -> (bh & 2) == 0 ? al : ah;
            case CHOOSE_DOUBLES -> (control & 2) == 0 ? bl : bh;
            default -> CipherOperation.high(operation - CIPHER, al, ah, bl, bh, control);
        };
    }

    private static long singles(long low, long high, long control) {
        return Interleave.dword(low, high, (int) control)
                | Interleave.dword(low, high, (int) (control >>> 32)) << 32;
    }
}
