package dev.quoll.emulator.translate.host;

/**
 * How the arithmetic flags of the last instruction that set them can be had again from general registers that still hold its operands.
 *
 * @param kind what it did
 * @param size of its operands in bytes
 * @param first guest register: the result of ADD, SUB and LOGIC, the first operand of COMPARE and TEST
 * @param second guest register of the second operand, or -1 for the immediate
 * @param immediate the second operand, sign-extended
 */
record FlagRecipe(Kind kind, int size, int first, int second, long immediate) {
    enum Kind {
        /** first = a + second. */
        ADD,
        /** first = a - second. */
        SUB,
        /** first - second. */
        COMPARE,
        /** first is the result. */
        LOGIC,
        /** first AND second. */
        TEST
    }

    /** Whether it needs this guest register. */
    boolean uses(int guest) {
        return first == guest || second == guest;
    }
}
