package dev.quoll.emulator.fpu;

/** CMPPS/CMPSD predicates and COMIS/UCOMIS on raw bits (SDM vol. 2, CMPPD table 3-1, COMISD, UCOMISD). */
public final class SseCompare {
    /** EFLAGS bits as COMIS and UCOMIS set them; OF, SF and AF are cleared. */
    public static final int CARRY = 1;

    public static final int PARITY = 1 << 2;
    public static final int ZERO = 1 << 6;
    public static final int UNORDERED = ZERO | PARITY | CARRY;

    private static final int LESS = -1;
    private static final int EQUAL = 0;
    private static final int GREATER = 1;
    private static final int NOT_ORDERED = 2;

    private SseCompare() {}

    /**
     * CMPSS and an element of CMPPS.
     *
     * @param predicate EQ, LT, LE, UNORD, NEQ, NLT, NLE, ORD for 0 to 7; bit 3 makes each of them the other way true for
     *     unordered numbers, bit 4 has the other ones signal quiet NaNs (SDM vol. 2, table 3-1)
     * @return all ones or zero
     */
    public static int compare32(int a, int b, int predicate, Mxcsr mxcsr) {
        return holds(relate32(a, b, signals(predicate), mxcsr), predicate) ? -1 : 0;
    }

    /** CMPSD and an element of CMPPD; see {@link #compare32}. */
    public static long compare64(long a, long b, int predicate, Mxcsr mxcsr) {
        return holds(relate64(a, b, signals(predicate), mxcsr), predicate) ? -1L : 0L;
    }

    /** COMISS: the EFLAGS bits; a quiet NaN is invalid too. */
    public static int comi32(int a, int b, Mxcsr mxcsr) {
        return flags(relate32(a, b, true, mxcsr));
    }

    /** COMISD: the EFLAGS bits; a quiet NaN is invalid too. */
    public static int comi64(long a, long b, Mxcsr mxcsr) {
        return flags(relate64(a, b, true, mxcsr));
    }

    /** UCOMISS: the EFLAGS bits; only a signaling NaN is invalid. */
    public static int ucomi32(int a, int b, Mxcsr mxcsr) {
        return flags(relate32(a, b, false, mxcsr));
    }

    /** UCOMISD: the EFLAGS bits; only a signaling NaN is invalid. */
    public static int ucomi64(long a, long b, Mxcsr mxcsr) {
        return flags(relate64(a, b, false, mxcsr));
    }

    /** LT, LE, NLT and NLE signal on quiet NaNs, with bit 4 the others. */
    private static boolean signals(int predicate) {
        return ((predicate & 3) == 1 || (predicate & 3) == 2) ^ (predicate & 16) != 0;
    }

    private static boolean holds(int relation, int predicate) {
        boolean positive =
                switch (predicate & 11) {
                    case 0 -> relation == EQUAL;
                    case 1 -> relation == LESS;
                    case 2 -> relation <= EQUAL;
                    case 3 -> relation == NOT_ORDERED;
                    case 8 -> relation == EQUAL || relation == NOT_ORDERED;
                    case 9 -> relation == LESS || relation == NOT_ORDERED;
                    case 10 -> relation <= EQUAL || relation == NOT_ORDERED;
                    default -> false;
                };
        return positive ^ (predicate & 4) != 0;
    }

    private static int flags(int relation) {
        return switch (relation) {
            case LESS -> CARRY;
            case EQUAL -> ZERO;
            case NOT_ORDERED -> UNORDERED;
            default -> 0;
        };
    }

    private static int relate32(int a, int b, boolean signalQuiet, Mxcsr m) {
        if (SseFloat.ordinary(a) && SseFloat.ordinary(b)) {
            return order(Float.intBitsToFloat(a), Float.intBitsToFloat(b));
        }
        return relate(BinaryFormat.SINGLE, SseFloat.wide(a), SseFloat.wide(b), signalQuiet, m);
    }

    private static int relate64(long a, long b, boolean signalQuiet, Mxcsr m) {
        if (SseFloat.ordinary(a) && SseFloat.ordinary(b)) {
            return order(Double.longBitsToDouble(a), Double.longBitsToDouble(b));
        }
        return relate(BinaryFormat.DOUBLE, a, b, signalQuiet, m);
    }

    private static int order(double a, double b) {
        return a < b ? LESS : a == b ? EQUAL : GREATER;
    }

    private static int relate(BinaryFormat f, long a, long b, boolean signalQuiet, Mxcsr m) {
        if (m.denormalsAreZero()) {
            a = f.flush(a);
            b = f.flush(b);
        }
        if (f.isNaN(a) || f.isNaN(b)) {
            if (signalQuiet || f.isSignaling(a) || f.isSignaling(b)) {
                m.raise(FpException.INVALID);
            }
            return NOT_ORDERED;
        }
        SseArithmetic.raiseDenormals(f, a, b, m);
        return SseArithmetic.compareOrdered(f, a, b);
    }
}
