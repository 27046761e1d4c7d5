package dev.quoll.emulator.apic;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** 256 bits in eight words, each changed atomically: the shape of IRR, ISR and TMR. */
final class VectorBitmap {
    private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(int[].class);

    private final int[] words = new int[8];

    /** Sets a bit. @return whether it was clear */
    boolean set(int vector) {
        int bit = 1 << vector;
        return ((int) WORD.getAndBitwiseOr(words, vector >>> 5, bit) & bit) == 0;
    }

    /** Clears a bit. @return whether it was set */
    boolean clear(int vector) {
        int bit = 1 << vector;
        return ((int) WORD.getAndBitwiseAnd(words, vector >>> 5, ~bit) & bit) != 0;
    }

    boolean test(int vector) {
        return (word(vector >>> 5) >>> vector & 1) != 0;
    }

    /** The highest bit set, or -1. */
    int highest() {
        for (int index = 7; index >= 0; index--) {
            int word = word(index);
            if (word != 0) {
                return index << 5 | 31 - Integer.numberOfLeadingZeros(word);
            }
        }
        return -1;
    }

    int word(int index) {
        return (int) WORD.getVolatile(words, index);
    }

    void setWord(int index, int value) {
        WORD.setVolatile(words, index, value);
    }

    void clearAll() {
        for (int index = 0; index < 8; index++) {
            setWord(index, 0);
        }
    }
}
