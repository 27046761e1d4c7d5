package dev.quoll.emulator.sse;

import dev.quoll.emulator.fpu.Aes;
import dev.quoll.emulator.fpu.CarrylessMultiply;

/** The AES instructions and PCLMULQDQ on 16 bytes, by number; a is the instruction's first source, b its second. */
public final class CipherOperation {
    public static final int ENCRYPT = 0;
    public static final int ENCRYPT_LAST = 1;
    public static final int DECRYPT = 2;
    public static final int DECRYPT_LAST = 3;
    public static final int INVERSE_MIX_COLUMNS = 4;
    public static final int KEY_GENERATION_ASSIST = 5;
    public static final int CARRYLESS_MULTIPLY = 6;

    private CipherOperation() {}

    /** Low half of the result. */
    public static long low(int operation, long al, long ah, long bl, long bh, int immediate) {
        return operation == CARRYLESS_MULTIPLY
                ? CarrylessMultiply.low(factor(al, ah, immediate), factor(bl, bh, immediate >> 4))
                : half(operation, al, ah, bl, immediate);
    }

    /** High half of the result. */
    public static long high(int operation, long al, long ah, long bl, long bh, int immediate) {
        return operation == CARRYLESS_MULTIPLY
                ? CarrylessMultiply.high(factor(al, ah, immediate), factor(bl, bh, immediate >> 4))
                : half(operation, ah, al, bh, immediate);
    }

    private static long factor(long low, long high, int choice) {
        return (choice & 1) == 0 ? low : high;
    }

    /** The half of the result where {@code own} lies. */
    private static long half(int operation, long own, long other, long source, int immediate) {
        return switch (operation) {
            case ENCRYPT -> Aes.encrypt(own, other, source);
            case ENCRYPT_LAST -> Aes.encryptLast(own, other, source);
            case DECRYPT -> Aes.decrypt(own, other, source);
            case DECRYPT_LAST -> Aes.decryptLast(own, other, source);
            case INVERSE_MIX_COLUMNS -> Aes.inverseMixColumns(source);
            case KEY_GENERATION_ASSIST -> Aes.keyGenerationAssist(source, immediate);
            default -> throw new IllegalArgumentException("no cipher operation " + operation);
        };
    }
}
