package dev.quoll.emulator.fpu;

/** The CRC32 instruction: the Castagnoli polynomial, reflected, without inversion before or after (SDM vol. 2, CRC32). */
public final class Crc32c {
    private static final int REFLECTED_POLYNOMIAL = 0x82F6_3B78;

    /** Entry [n << 8 | b]: the effect of byte b followed by n zero bytes. */
    private static final int[] TABLE = new int[8 << 8];

    static {
        for (int i = 0; i < 256; i++) {
            int crc = i;
            for (int bit = 0; bit < 8; bit++) {
                crc = crc >>> 1 ^ ((crc & 1) != 0 ? REFLECTED_POLYNOMIAL : 0);
            }
            TABLE[i] = crc;
        }
        for (int i = 256; i < TABLE.length; i++) {
            int before = TABLE[i - 256];
            TABLE[i] = before >>> 8 ^ TABLE[before & 0xFF];
        }
    }

    private Crc32c() {}

    public static int update8(int crc, int value) {
        return crc >>> 8 ^ TABLE[(crc ^ value) & 0xFF];
    }

    public static int update16(int crc, int value) {
        int x = crc ^ value & 0xFFFF;
        return crc >>> 16 ^ TABLE[1 << 8 | x & 0xFF] ^ TABLE[x >>> 8 & 0xFF];
    }

    public static int update32(int crc, int value) {
        int x = crc ^ value;
        return TABLE[3 << 8 | x & 0xFF] ^ TABLE[2 << 8 | x >>> 8 & 0xFF] ^ TABLE[1 << 8 | x >>> 16 & 0xFF] ^ TABLE[x >>> 24];
    }

    public static int update64(int crc, long value) {
        int x = crc ^ (int) value;
        int y = (int) (value >>> 32);
        return TABLE[7 << 8 | x & 0xFF]
                ^ TABLE[6 << 8 | x >>> 8 & 0xFF]
                ^ TABLE[5 << 8 | x >>> 16 & 0xFF]
                ^ TABLE[4 << 8 | x >>> 24]
                ^ TABLE[3 << 8 | y & 0xFF]
                ^ TABLE[2 << 8 | y >>> 8 & 0xFF]
                ^ TABLE[1 << 8 | y >>> 16 & 0xFF]
                ^ TABLE[y >>> 24];
    }
}
