package dev.quoll.emulator.sse;

import static dev.quoll.emulator.fpu.PackedInteger.packSignedDwords;
import static dev.quoll.emulator.fpu.PackedInteger.packSignedWords;
import static dev.quoll.emulator.fpu.PackedInteger.packUnsignedDwords;
import static dev.quoll.emulator.fpu.PackedInteger.packUnsignedWords;

import dev.quoll.emulator.fpu.PackedPermute;

/**
 * Operations on 16 bytes whose halves depend on each other, by number; with a constant number they fold. In the names, a is
 * the instruction's target, b its source.
 */
public final class Permutation {
    public static final int UNPACK_LOW_BYTES = 0;
    public static final int UNPACK_LOW_WORDS = 1;
    public static final int UNPACK_LOW_DWORDS = 2;
    public static final int UNPACK_LOW_QWORDS = 3;
    public static final int UNPACK_HIGH_BYTES = 4;
    public static final int UNPACK_HIGH_WORDS = 5;
    public static final int UNPACK_HIGH_DWORDS = 6;
    public static final int UNPACK_HIGH_QWORDS = 7;
    public static final int PACK_SIGNED_WORDS = 8;
    public static final int PACK_UNSIGNED_WORDS = 9;
    public static final int PACK_SIGNED_DWORDS = 10;
    public static final int PACK_UNSIGNED_DWORDS = 11;
    public static final int SHUFFLE_DWORDS = 12;
    public static final int SHUFFLE_LOW_WORDS = 13;
    public static final int SHUFFLE_HIGH_WORDS = 14;
    public static final int SHUFFLE_BYTES = 15;
    public static final int SHUFFLE_SINGLES = 16;
    public static final int SHUFFLE_DOUBLES = 17;
    public static final int ALIGN_RIGHT = 18;
    public static final int SHIFT_BYTES_LEFT = 19;
    public static final int SHIFT_BYTES_RIGHT = 20;
    public static final int DUPLICATE_DOUBLE = 21;
    public static final int DUPLICATE_EVEN_SINGLES = 22;
    public static final int DUPLICATE_ODD_SINGLES = 23;
    public static final int BLEND_SINGLES = 24;
    public static final int BLEND_DOUBLES = 25;
    public static final int BLEND_WORDS = 26;
    public static final int MINIMUM_POSITION = 27;
    public static final int MULTIPLE_SUMS = 28;
    public static final int INSERT_SINGLE = 29;
    /** INSERTPS from memory, which holds just the one element. */
    public static final int INSERT_LOADED_SINGLE = 30;

    private Permutation() {}

    /** Low half of the result. */
    public static long low(int operation, long al, long ah, long bl, long bh, int control) {
        return switch (operation) {
            case UNPACK_LOW_BYTES -> Interleave.bytes(al, bl);
            case UNPACK_LOW_WORDS -> Interleave.words(al, bl);
            case UNPACK_LOW_DWORDS -> Interleave.dwords(al, bl);
            case UNPACK_LOW_QWORDS -> al;
            case UNPACK_HIGH_BYTES -> Interleave.bytes(ah, bh);
            case UNPACK_HIGH_WORDS -> Interleave.words(ah, bh);
            case UNPACK_HIGH_DWORDS -> Interleave.dwords(ah, bh);
            case UNPACK_HIGH_QWORDS -> ah;
            case PACK_SIGNED_WORDS -> packSignedWords(al, ah);
            case PACK_UNSIGNED_WORDS -> packUnsignedWords(al, ah);
            case PACK_SIGNED_DWORDS -> packSignedDwords(al, ah);
            case PACK_UNSIGNED_DWORDS -> packUnsignedDwords(al, ah);
            case SHUFFLE_DWORDS -> Interleave.shuffleDwords(bl, bh, control);
            case SHUFFLE_LOW_WORDS -> Interleave.shuffleWords(bl, control);
            case SHUFFLE_HIGH_WORDS -> bl;
            case SHUFFLE_BYTES -> PackedPermute.shuffleBytes(al, ah, bl);
            default -> lowRare(operation, al, ah, bl, bh, control);
        };
    }

    /** High half of the result. */
    public static long high(int operation, long al, long ah, long bl, long bh, int control) {
        return switch (operation) {
            case UNPACK_LOW_BYTES -> Interleave.bytes(al >>> 32, bl >>> 32);
            case UNPACK_LOW_WORDS -> Interleave.words(al >>> 32, bl >>> 32);
            case UNPACK_LOW_DWORDS -> Interleave.dwords(al >>> 32, bl >>> 32);
            case UNPACK_LOW_QWORDS -> bl;
            case UNPACK_HIGH_BYTES -> Interleave.bytes(ah >>> 32, bh >>> 32);
            case UNPACK_HIGH_WORDS -> Interleave.words(ah >>> 32, bh >>> 32);
            case UNPACK_HIGH_DWORDS -> Interleave.dwords(ah >>> 32, bh >>> 32);
            case UNPACK_HIGH_QWORDS -> bh;
            case PACK_SIGNED_WORDS -> packSignedWords(bl, bh);
            case PACK_UNSIGNED_WORDS -> packUnsignedWords(bl, bh);
            case PACK_SIGNED_DWORDS -> packSignedDwords(bl, bh);
            case PACK_UNSIGNED_DWORDS -> packUnsignedDwords(bl, bh);
            case SHUFFLE_DWORDS -> Interleave.shuffleDwords(bl, bh, control >> 4);
            case SHUFFLE_LOW_WORDS -> bh;
            case SHUFFLE_HIGH_WORDS -> Interleave.shuffleWords(bh, control);
            case SHUFFLE_BYTES -> PackedPermute.shuffleBytes(al, ah, bh);
            default -> highRare(operation, al, ah, bl, bh, control);
        };
    }

    private static long lowRare(int operation, long al, long ah, long bl, long bh, int control) {
        return switch (operation) {
            case SHUFFLE_SINGLES -> Interleave.shuffleDwords(al, ah, control);
            case SHUFFLE_DOUBLES -> (control & 1) == 0 ? al : ah;
            case ALIGN_RIGHT -> PackedPermute.alignLow(bl, bh, al, ah, control);
            case SHIFT_BYTES_LEFT -> PackedPermute.alignLow(0, 0, al, ah, 16 - Math.min(control, 16));
            case SHIFT_BYTES_RIGHT -> PackedPermute.alignLow(al, ah, 0, 0, control);
            case DUPLICATE_DOUBLE -> bl;
            case DUPLICATE_EVEN_SINGLES -> Interleave.dwords(bl, bl);
            case DUPLICATE_ODD_SINGLES -> Interleave.dwords(bl >>> 32, bl >>> 32);
            case BLEND_SINGLES -> select(dwordMask(control), bl, al);
            case BLEND_DOUBLES -> (control & 1) == 0 ? al : bl;
            case BLEND_WORDS -> select(wordMask(control), bl, al);
            case MINIMUM_POSITION -> PackedPermute.minimumPosition(bl, bh);
            case MULTIPLE_SUMS -> PackedPermute.multipleSumsLow(al, ah, bl, bh, control);
            case INSERT_SINGLE -> insert(al, Interleave.dword(bl, bh, control >> 6), control >> 4 & 3, control);
            case INSERT_LOADED_SINGLE -> insert(al, bl, control >> 4 & 3, control);
            default -> throw new IllegalArgumentException("no permutation " + operation);
        };
    }

    private static long highRare(int operation, long al, long ah, long bl, long bh, int control) {
        return switch (operation) {
            case SHUFFLE_SINGLES -> Interleave.shuffleDwords(bl, bh, control >> 4);
            case SHUFFLE_DOUBLES -> (control & 2) == 0 ? bl : bh;
            case ALIGN_RIGHT -> PackedPermute.alignHigh(bl, bh, al, ah, control);
            case SHIFT_BYTES_LEFT -> PackedPermute.alignHigh(0, 0, al, ah, 16 - Math.min(control, 16));
            case SHIFT_BYTES_RIGHT -> PackedPermute.alignHigh(al, ah, 0, 0, control);
            case DUPLICATE_DOUBLE -> bl;
            case DUPLICATE_EVEN_SINGLES -> Interleave.dwords(bh, bh);
            case DUPLICATE_ODD_SINGLES -> Interleave.dwords(bh >>> 32, bh >>> 32);
            case BLEND_SINGLES -> select(dwordMask(control >> 2), bh, ah);
            case BLEND_DOUBLES -> (control & 2) == 0 ? ah : bh;
            case BLEND_WORDS -> select(wordMask(control >> 4), bh, ah);
            case MINIMUM_POSITION -> 0;
            case MULTIPLE_SUMS -> PackedPermute.multipleSumsHigh(al, ah, bl, bh, control);
            case INSERT_SINGLE ->
                insert(ah, Interleave.dword(bl, bh, control >> 6), (control >> 4 & 3) - 2, control >> 2);
            case INSERT_LOADED_SINGLE -> insert(ah, bl, (control >> 4 & 3) - 2, control >> 2);
            default -> throw new IllegalArgumentException("no permutation " + operation);
        };
    }

    /** INSERTPS of one half: {@code index} is the place if it is 0 or 1; two bits of {@code zero} clear elements. */
    private static long insert(long half, long element, int index, int zero) {
        long result = switch (index) {
            case 0 -> half & ~0xffff_ffffL | element & 0xffff_ffffL;
            case 1 -> half & 0xffff_ffffL | element << 32;
            default -> half;
        };
        return result & ~dwordMask(zero);
    }

    private static long dwordMask(int bits) {
        return -(bits & 1L) & 0xffff_ffffL | -(bits >> 1 & 1L) << 32;
    }

    private static long wordMask(int bits) {
        return -(bits & 1L) & 0xffffL
                | (-(bits >> 1 & 1L) & 0xffffL) << 16
                | (-(bits >> 2 & 1L) & 0xffffL) << 32
                | -(bits >> 3 & 1L) << 48;
    }

    public static long select(long mask, long a, long b) {
        return a & mask | b & ~mask;
    }
}
