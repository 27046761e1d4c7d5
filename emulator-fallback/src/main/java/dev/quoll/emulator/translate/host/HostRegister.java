package dev.quoll.emulator.translate.host;

/**
 * Which host register stands for which guest register while translated code runs. Eleven guest registers are in registers of the host,
 * most under their own number so that implicit operands (CL, RDX:RAX, ...) need no move; the others stay in the state block.
 */
final class HostRegister {
    static final int RAX = 0;
    static final int RCX = 1;
    static final int RDX = 2;
    static final int RBX = 3;
    static final int RSP = 4;
    static final int RBP = 5;
    static final int RSI = 6;
    static final int RDI = 7;
    /** Guest RSP: the host's own is the JVM's stack. */
    static final int STACK = 8;
    /** Scratch. The address of a memory operand is in the first. */
    static final int T0 = 9;

    static final int T1 = 10;
    static final int T2 = 11;
    static final int R12 = 12;
    static final int R13 = 13;
    static final int R14 = 14;
    /** The state block. */
    static final int STATE = 15;

    /** What {@link #of} gives for a guest register that has no host register. */
    static final int NONE = -1;

    private static final int[] BY_GUEST = {
        RAX, RCX, RDX, RBX, STACK, RBP, RSI, RDI, NONE, NONE, NONE, NONE, R12, R13, R14, NONE
    };

    private HostRegister() {}

    /** The host register of a guest register, or {@link #NONE}. */
    static int of(int guest) {
        return BY_GUEST[guest];
    }

    /** Whether a guest register keeps its number, as an implicit operand must. */
    static boolean same(int guest) {
        return BY_GUEST[guest] == guest;
    }
}
