package dev.quoll.emulator.fpu;

/**
 * The AES instructions (SDM vol. 2, AESENC and following; FIPS 197). The state is a 128-bit register as two longs, byte 0 lowest.
 *
 * <p>Each function gives one half of the result. The rounds treat all columns alike, so the half is named by the order of the arguments: with
 * (low, high) it is the low half, with (high, low) the high one.
 */
public final class Aes {
    /** x^8 + x^4 + x^3 + x + 1. */
    private static final int FIELD_POLYNOMIAL = 0x11B;

    private static final byte[] SUBSTITUTE = new byte[256];
    private static final byte[] INVERSE_SUBSTITUTE = new byte[256];
    /** SubBytes and the first column of MixColumns; the other columns are rotations. */
    private static final int[] ENCRYPT = new int[256];
    /** InvSubBytes and the first column of InvMixColumns. */
    private static final int[] DECRYPT = new int[256];
    /** The first column of InvMixColumns alone. */
    private static final int[] INVERSE_MIX = new int[256];

    static {
        int[] logarithm = new int[256];
        int[] power = new int[255];
        for (int i = 0, x = 1; i < 255; i++) {
            power[i] = x;
            logarithm[x] = i;
            x ^= twice(x);
        }
        for (int i = 0; i < 256; i++) {
            int inverse = i == 0 ? 0 : power[(255 - logarithm[i]) % 255];
            int wide = inverse * 0x101;
            int s = (inverse ^ wide >>> 4 ^ wide >>> 5 ^ wide >>> 6 ^ wide >>> 7 ^ 0x63) & 0xFF;
            SUBSTITUTE[i] = (byte) s;
            INVERSE_SUBSTITUTE[s] = (byte) i;
            ENCRYPT[i] = twice(s) | s << 8 | s << 16 | (twice(s) ^ s) << 24;
            int by2 = twice(i);
            int by4 = twice(by2);
            int by8 = twice(by4);
            INVERSE_MIX[i] = by8 ^ by4 ^ by2 | (by8 ^ i) << 8 | (by8 ^ by4 ^ i) << 16 | (by8 ^ by2 ^ i) << 24;
        }
        for (int i = 0; i < 256; i++) {
            DECRYPT[i] = INVERSE_MIX[INVERSE_SUBSTITUTE[i] & 0xFF];
        }
    }

    private Aes() {}

    /** AESENC: the half of the result where {@code own} lies, with the same half of the round key. */
    public static long encrypt(long own, long other, long key) {
        return key ^ join(column(ENCRYPT, own, own >>> 40, other >>> 16, other >>> 56),
                column(ENCRYPT, own >>> 32, other >>> 8, other >>> 48, own >>> 24));
    }

    /** AESENCLAST: the half of the result where {@code own} lies. */
    public static long encryptLast(long own, long other, long key) {
        return key ^ join(bytes(SUBSTITUTE, own, own >>> 40, other >>> 16, other >>> 56),
                bytes(SUBSTITUTE, own >>> 32, other >>> 8, other >>> 48, own >>> 24));
    }

    /** AESDEC: the half of the result where {@code own} lies. */
    public static long decrypt(long own, long other, long key) {
        return key ^ join(column(DECRYPT, own, other >>> 40, other >>> 16, own >>> 56),
                column(DECRYPT, own >>> 32, own >>> 8, other >>> 48, other >>> 24));
    }

    /** AESDECLAST: the half of the result where {@code own} lies. */
    public static long decryptLast(long own, long other, long key) {
        return key ^ join(bytes(INVERSE_SUBSTITUTE, own, other >>> 40, other >>> 16, own >>> 56),
                bytes(INVERSE_SUBSTITUTE, own >>> 32, own >>> 8, other >>> 48, other >>> 24));
    }

    /** AESIMC: InvMixColumns of one half. */
    public static long inverseMixColumns(long half) {
        return join(column(INVERSE_MIX, half, half >>> 8, half >>> 16, half >>> 24),
                column(INVERSE_MIX, half >>> 32, half >>> 40, half >>> 48, half >>> 56));
    }

    /** AESKEYGENASSIST: one half of the result, from the same half of the source. */
    public static long keyGenerationAssist(long half, int roundConstant) {
        int substituted = bytes(SUBSTITUTE, half >>> 32, half >>> 40, half >>> 48, half >>> 56);
        return join(substituted, Integer.rotateRight(substituted, 8) ^ roundConstant & 0xFF);
    }

    private static int column(int[] table, long row0, long row1, long row2, long row3) {
        return table[(int) row0 & 0xFF]
                ^ Integer.rotateLeft(table[(int) row1 & 0xFF], 8)
                ^ Integer.rotateLeft(table[(int) row2 & 0xFF], 16)
                ^ Integer.rotateLeft(table[(int) row3 & 0xFF], 24);
    }

    private static int bytes(byte[] table, long row0, long row1, long row2, long row3) {
        return table[(int) row0 & 0xFF] & 0xFF
                | (table[(int) row1 & 0xFF] & 0xFF) << 8
                | (table[(int) row2 & 0xFF] & 0xFF) << 16
                | table[(int) row3 & 0xFF] << 24;
    }

    private static long join(int low, int high) {
        return low & 0xFFFF_FFFFL | (long) high << 32;
    }

    private static int twice(int x) {
        int doubled = x << 1;
        return doubled > 0xFF ? doubled ^ FIELD_POLYNOMIAL : doubled;
    }
}
