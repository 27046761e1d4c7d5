package dev.quoll.emulator.translate.bytecode;

/** Local variables of a translated method. */
final class Slots {
    static final int CPU = 1;
    static final int REGION = 2;
    /** Number of the entry; free behind it. */
    static final int ENTRY = 3;
    /** Guest register n: two slots each. */
    private static final int GPR = 4;

    // Lazy flags, see LazyFlags.
    static final int KIND = GPR + 32;
    static final int RESULT = KIND + 1;
    static final int A = RESULT + 2;
    static final int B = A + 2;

    /** RIP of the page's first byte. */
    static final int RIP_BASE = B + 2;
    /** Instructions of blocks entered that have not been counted. */
    static final int COUNTED = RIP_BASE + 2;
    /** Number of the exit. */
    static final int EXIT = COUNTED + 2;

    // Scratch, within one instruction.

    /** Host address. */
    static final int HOST = EXIT + 1;
    /** What has been read from memory. */
    static final int LOADED = HOST + 2;

    static final int FIRST = LOADED + 2;
    static final int SECOND = FIRST + 2;

    private Slots() {}

    static int gpr(int number) {
        return GPR + 2 * number;
    }
}
