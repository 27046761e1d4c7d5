package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Flags;
import java.lang.foreign.Arena;

/**
 * RFLAGS with the six arithmetic flags computed on demand.
 *
 * <p>An arithmetic instruction leaves its kind, result and operands, all sign-extended from its operand size to 64 bits.
 * Sign extension makes every formula independent of the size: bit 63 of a carry or overflow expression equals the bit at
 * the operand's own top, and comparing sign-extended operands, signed or unsigned, orders them as the originals.
 */
public abstract class LazyFlags extends RegisterFile {
    /** A holds the flags themselves, as RFLAGS bits. */
    public static final int EXPLICIT = 0;
    /** RESULT = A + B, possibly + carry. */
    public static final int ADD = 1;
    /** RESULT = A - B: comparing A with B gives the conditions. */
    public static final int SUB = 2;
    /** RESULT of a logical operation: CF = OF = AF = 0. */
    public static final int LOGIC = 3;
    /** ZF, SF, PF from RESULT; A holds CF, OF and AF as RFLAGS bits. */
    public static final int RESULT = 4;

    /**
     * While translated code runs, and in it only: A holds what LAHF and SETO leave in AX, OF in bit 0 and SF, ZF, AF, PF and CF in bits
     * 15:8 as RFLAGS has them.
     */
    public static final int NATIVE = 5;

    /** RESULT = A - B - 1. */
    public static final int BORROW = 6;

    static final int ARITHMETIC = Flags.STATUS;

    LazyFlags(Arena arena) {
        super(arena);
        set64(StateLayout.FLAGS_REST, 2);
    }

    /** Sets the lazy form as it is: one of the kinds above, with what that asks for. */
    public final void putFlags(int kind, long result, long a, long b) {
        put32(StateLayout.FLAGS_KIND, kind);
        set64(StateLayout.FLAGS_RESULT, result);
        set64(StateLayout.FLAGS_A, a);
        set64(StateLayout.FLAGS_B, b);
    }

    public final void flagsAdd(long result, long a, long b) {
        put32(StateLayout.FLAGS_KIND, ADD);
        set64(StateLayout.FLAGS_RESULT, result);
        set64(StateLayout.FLAGS_A, a);
        set64(StateLayout.FLAGS_B, b);
    }

    public final void flagsSub(long result, long a, long b) {
        put32(StateLayout.FLAGS_KIND, SUB);
        set64(StateLayout.FLAGS_RESULT, result);
        set64(StateLayout.FLAGS_A, a);
        set64(StateLayout.FLAGS_B, b);
    }

    /** As {@link #flagsSub}, for a difference that a borrow went into. */
    public final void flagsBorrow(long result, long a, long b) {
        flagsSub(result, a, b);
        put32(StateLayout.FLAGS_KIND, BORROW);
    }

    public final void flagsLogic(long result) {
        put32(StateLayout.FLAGS_KIND, LOGIC);
        set64(StateLayout.FLAGS_RESULT, result);
    }

    /** ZF, SF, PF from the sign-extended result; {@code others} holds CF, OF and AF as RFLAGS bits. */
    public final void flagsResult(long result, int others) {
        put32(StateLayout.FLAGS_KIND, RESULT);
        set64(StateLayout.FLAGS_RESULT, result);
        set64(StateLayout.FLAGS_A, others);
    }

    /** Sets or clears CF and OF together and keeps the other flags. */
    public final void flagsCarryOverflow(boolean value) {
        int others = value ? Flags.CF | Flags.OF : 0;
        int kind = get32(StateLayout.FLAGS_KIND);
        if (kind == EXPLICIT || kind == RESULT) {
            others |= get32(StateLayout.FLAGS_A) & ~(Flags.CF | Flags.OF);
        } else {
            others |= adjust() ? Flags.AF : 0;
            put32(StateLayout.FLAGS_KIND, RESULT);
        }
        set64(StateLayout.FLAGS_A, others);
    }

    /** Sets all six arithmetic flags at once; other bits of {@code flags} are ignored. */
    public final void setArithmeticFlags(int flags) {
        put32(StateLayout.FLAGS_KIND, EXPLICIT);
        set64(StateLayout.FLAGS_A, flags & ARITHMETIC);
    }

    /** Gives the flags the form that translated code takes over. */
    final void toNative() {
        if (get32(StateLayout.FLAGS_KIND) != NATIVE) {
            int flags = arithmeticFlags();
            put32(StateLayout.FLAGS_KIND, NATIVE);
            put32(StateLayout.FLAGS_A, (flags & 0xff) << 8 | ((flags & Flags.OF) != 0 ? 1 : 0));
        }
    }

    /** Takes the flags back from translated code. */
    final void fromNative() {
        if (get32(StateLayout.FLAGS_KIND) == NATIVE) {
            int saved = get32(StateLayout.FLAGS_A);
            setArithmeticFlags(saved >>> 8 & 0xff | ((saved & 1) != 0 ? Flags.OF : 0));
        }
    }

    public final boolean carry() {
        return switch (get32(StateLayout.FLAGS_KIND)) {
            case ADD -> {
                long a = get64(StateLayout.FLAGS_A);
                long b = get64(StateLayout.FLAGS_B);
                yield ((a & b) | ((a | b) & ~get64(StateLayout.FLAGS_RESULT))) < 0;
            }
            case SUB, BORROW -> {
                long a = get64(StateLayout.FLAGS_A);
                long b = get64(StateLayout.FLAGS_B);
                yield ((~a & b) | ((~a | b) & get64(StateLayout.FLAGS_RESULT))) < 0;
            }
            case LOGIC -> false;
            default -> (get32(StateLayout.FLAGS_A) & Flags.CF) != 0;
        };
    }

    public final boolean overflow() {
        return switch (get32(StateLayout.FLAGS_KIND)) {
            case ADD -> {
                long result = get64(StateLayout.FLAGS_RESULT);
                yield ((get64(StateLayout.FLAGS_A) ^ result) & (get64(StateLayout.FLAGS_B) ^ result)) < 0;
            }
            case SUB, BORROW -> {
                long a = get64(StateLayout.FLAGS_A);
                yield ((a ^ get64(StateLayout.FLAGS_B)) & (a ^ get64(StateLayout.FLAGS_RESULT))) < 0;
            }
            case LOGIC -> false;
            default -> (get32(StateLayout.FLAGS_A) & Flags.OF) != 0;
        };
    }

    public final boolean zero() {
        return get32(StateLayout.FLAGS_KIND) == EXPLICIT
                ? (get32(StateLayout.FLAGS_A) & Flags.ZF) != 0
                : get64(StateLayout.FLAGS_RESULT) == 0;
    }

    public final boolean sign() {
        return get32(StateLayout.FLAGS_KIND) == EXPLICIT
                ? (get32(StateLayout.FLAGS_A) & Flags.SF) != 0
                : get64(StateLayout.FLAGS_RESULT) < 0;
    }

    public final boolean parity() {
        return get32(StateLayout.FLAGS_KIND) == EXPLICIT
                ? (get32(StateLayout.FLAGS_A) & Flags.PF) != 0
                : (Integer.bitCount(get8(StateLayout.FLAGS_RESULT) & 0xff) & 1) == 0;
    }

    public final boolean adjust() {
        return switch (get32(StateLayout.FLAGS_KIND)) {
            case ADD, SUB, BORROW ->
                ((get32(StateLayout.FLAGS_A) ^ get32(StateLayout.FLAGS_B) ^ get32(StateLayout.FLAGS_RESULT)) & Flags.AF)
                        != 0;
            case LOGIC -> false;
            default -> (get32(StateLayout.FLAGS_A) & Flags.AF) != 0;
        };
    }

    /** The six arithmetic flags as RFLAGS bits. */
    public final int arithmeticFlags() {
        if (get32(StateLayout.FLAGS_KIND) == EXPLICIT) {
            return get32(StateLayout.FLAGS_A);
        }
        return (carry() ? Flags.CF : 0)
                | (parity() ? Flags.PF : 0)
                | (adjust() ? Flags.AF : 0)
                | (zero() ? Flags.ZF : 0)
                | (sign() ? Flags.SF : 0)
                | (overflow() ? Flags.OF : 0);
    }

    /** The whole RFLAGS. */
    public final long rflags() {
        return get64(StateLayout.FLAGS_REST) | arithmeticFlags();
    }

    /** Sets the whole RFLAGS; bit 1 reads as 1. Mode, TLB context and events are the caller's to look after. */
    public final void setRflags(long flags) {
        setArithmeticFlags((int) flags);
        set64(StateLayout.FLAGS_REST, flags & ~(long) ARITHMETIC | 2);
    }

    /** Sets or clears bits of RFLAGS outside the arithmetic flags. */
    public final void setFlag(int bits, boolean value) {
        int rest = get32(StateLayout.FLAGS_REST);
        put32(StateLayout.FLAGS_REST, value ? rest | bits : rest & ~bits);
    }

    /** RFLAGS without the arithmetic flags. */
    public final long systemFlags() {
        return get64(StateLayout.FLAGS_REST);
    }

    /** Whether a bit of RFLAGS outside the arithmetic flags is set. */
    public final boolean flag(int bit) {
        return (get32(StateLayout.FLAGS_REST) & bit) != 0;
    }

    /** Evaluates a condition code of Jcc, SETcc, CMOVcc (SDM vol. 2, appendix B, table B-10). */
    public final boolean condition(int code) {
        boolean holds = switch (code >> 1) {
            case 0 -> overflow();
            case 1 -> carry();
            case 2 -> zero();
            case 3 -> belowOrEqual();
            case 4 -> sign();
            case 5 -> parity();
            case 6 -> less();
            default -> zero() || less();
        };
        return holds ^ (code & 1) != 0;
    }

    private boolean belowOrEqual() {
        if (get32(StateLayout.FLAGS_KIND) == LOGIC) {
            return get64(StateLayout.FLAGS_RESULT) == 0;
        }
        return carry() || zero();
    }

    private boolean less() {
        if (get32(StateLayout.FLAGS_KIND) == LOGIC) {
            return get64(StateLayout.FLAGS_RESULT) < 0;
        }
        return sign() != overflow();
    }
}
