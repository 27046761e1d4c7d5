package dev.quoll.emulator.translate.bytecode;

import dev.quoll.emulator.core.LazyFlags;
import dev.quoll.emulator.isa.Flags;

/**
 * What translated methods ask of lazy flags in local variables: the formulas of {@link LazyFlags}, on values instead of the state block,
 * so that the JVM's compilers see through them. {@code a}, {@code b} and {@code result} are sign-extended. Public for the methods only.
 */
public final class FlagFormulas {
    private static final int OVERFLOW_BIT = 11;

    private FlagFormulas() {}

    /** CF as 0 or 1. */
    public static int carry(int kind, long result, long a, long b) {
        return switch (kind) {
            case LazyFlags.ADD -> (int) ((a & b | (a | b) & ~result) >>> 63);
            case LazyFlags.SUB, LazyFlags.BORROW -> (int) ((~a & b | (~a | b) & result) >>> 63);
            case LazyFlags.LOGIC -> 0;
            default -> (int) a & Flags.CF;
        };
    }

    /** OF as 0 or 1. */
    private static int overflow(int kind, long result, long a, long b) {
        return switch (kind) {
            case LazyFlags.ADD -> (int) (((a ^ result) & (b ^ result)) >>> 63);
            case LazyFlags.SUB, LazyFlags.BORROW -> (int) (((a ^ b) & (a ^ result)) >>> 63);
            case LazyFlags.LOGIC -> 0;
            default -> (int) a >>> OVERFLOW_BIT & 1;
        };
    }

    private static boolean zero(int kind, long result, long a) {
        return kind == LazyFlags.EXPLICIT ? (a & Flags.ZF) != 0 : result == 0;
    }

    private static boolean sign(int kind, long result, long a) {
        return kind == LazyFlags.EXPLICIT ? (a & Flags.SF) != 0 : result < 0;
    }

    /** PF of a result. */
    public static boolean even(long result) {
        return (Integer.bitCount((int) result & 0xff) & 1) == 0;
    }

    private static int adjust(int kind, long result, long a, long b) {
        return switch (kind) {
            case LazyFlags.ADD, LazyFlags.SUB, LazyFlags.BORROW -> (int) (a ^ b ^ result) & Flags.AF;
            case LazyFlags.LOGIC -> 0;
            default -> (int) a & Flags.AF;
        };
    }

    /** A condition code (SDM vol. 2, table B-10). */
    public static boolean condition(int kind, long result, long a, long b, int code) {
        boolean less = sign(kind, result, a) ^ overflow(kind, result, a, b) != 0;
        boolean holds = switch (code >> 1) {
            case 0 -> overflow(kind, result, a, b) != 0;
            case 1 -> carry(kind, result, a, b) != 0;
            case 2 -> zero(kind, result, a);
            case 3 -> zero(kind, result, a) || carry(kind, result, a, b) != 0;
            case 4 -> sign(kind, result, a);
            case 5 -> kind == LazyFlags.EXPLICIT ? (a & Flags.PF) != 0 : even(result);
            case 6 -> less;
            default -> less || zero(kind, result, a);
        };
        return holds ^ (code & 1) != 0;
    }

    /** All six as RFLAGS bits. */
    public static long all(int kind, long result, long a, long b) {
        if (kind == LazyFlags.EXPLICIT) {
            return a;
        }
        return carry(kind, result, a, b)
                | (even(result) ? Flags.PF : 0)
                | adjust(kind, result, a, b)
                | (result == 0 ? Flags.ZF : 0)
                | (result < 0 ? Flags.SF : 0)
                | overflow(kind, result, a, b) << OVERFLOW_BIT;
    }

    // CF, OF and AF of results that go with LazyFlags.RESULT.

    /** INC: CF stays. @param lowest the smallest signed value of the operand's size */
    public static long incremented(long result, long lowest, int carry) {
        return carry | (result == lowest ? Flags.OF : 0) | ((result & 15) == 0 ? Flags.AF : 0);
    }

    /** DEC of a value. */
    public static long decremented(long value, long lowest, int carry) {
        return carry | (value == lowest ? Flags.OF : 0) | ((value & 15) == 0 ? Flags.AF : 0);
    }

    // Shifts leave AF undefined; AMD processors set it. OF is that of a shift by one.

    /** SHL of a sign-extended value by 1 or more. */
    public static long shiftedLeft(long value, int count, int bits) {
        long carry = count <= bits ? value >>> bits - count & 1 : 0;
        long top = value << count >>> bits - 1 & 1;
        return carry | (top ^ carry) << OVERFLOW_BIT | Flags.AF;
    }

    /** SHR of a zero-extended value by 1 or more. */
    public static long shiftedRight(long value, int count, int bits) {
        long carry = count <= bits ? value >>> count - 1 & 1 : 0;
        long result = value >>> count;
        return carry | ((result >>> bits - 1 ^ result >>> bits - 2) & 1) << OVERFLOW_BIT | Flags.AF;
    }

    /** SAR of a sign-extended value by 1 or more. */
    public static long shiftedArithmetically(long value, int count) {
        return value >> count - 1 & 1 | Flags.AF;
    }

    // All six, for LazyFlags.EXPLICIT.

    /** ROL or ROR: changes CF and OF alone. @param carry whether CF is the result's bit 0 (ROL), else its top */
    public static long rotated(long flags, long result, int bits, boolean left) {
        long top = result >>> bits - 1 & 1;
        long carry = left ? result & 1 : top;
        long overflow = top ^ (left ? carry : result >>> bits - 2 & 1);
        return withCarryOverflow(flags, carry, overflow);
    }

    private static long withCarryOverflow(long flags, long carry, long overflow) {
        return flags & ~(long) (Flags.CF | Flags.OF) | carry | overflow << OVERFLOW_BIT;
    }

    /** MUL and IMUL: CF and OF alike. The manuals leave the others undefined, AMD's processors keep them. */
    public static long multiplied(long flags, boolean overflow) {
        return withCarryOverflow(flags, overflow ? 1 : 0, overflow ? 1 : 0);
    }

    /** BT and its kin change CF alone. */
    public static long bitTested(long flags, long value, long index) {
        return flags & ~(long) Flags.CF | value >>> index & 1;
    }
}
