package dev.quoll.cli;

import java.util.function.IntPredicate;

/**
 * The keys for Quoll itself among those for the guest: Ctrl-A, then a letter, as in QEMU's {@code -nographic}. Called on
 * the input thread only; actions run there.
 */
final class EscapeKeys implements IntPredicate {
    /** What the keys do. */
    interface Actions {
        void leave();

        void help();

        void sendBreak();

        void reset();

        void togglePause();

        void statistics();

        void toggleLive();
    }

    static final int ESCAPE = 1;
    static final String HELP =
            """
            Ctrl-A h       this help
            Ctrl-A x       leave: ends the machine at once
            Ctrl-A b       send a break (Linux: magic SysRq)
            Ctrl-A r       reset the machine
            Ctrl-A p       pause, and go on
            Ctrl-A s       figures of the machine
            Ctrl-A l       a line a second on how fast the guest runs, or no more
            Ctrl-A Ctrl-A  send Ctrl-A to the guest
            """;

    private final Actions actions;
    private boolean escaped;

    EscapeKeys(Actions actions) {
        this.actions = actions;
    }

    /** Sees one byte of input; true when it was for Quoll. */
    @Override
    public boolean test(int octet) {
        if (!escaped) {
            escaped = octet == ESCAPE;
            return escaped;
        }
        escaped = false;
        switch (octet) {
            case ESCAPE -> {
                return false;
            }
            case 'x' -> actions.leave();
            case 'b' -> actions.sendBreak();
            case 'r' -> actions.reset();
            case 'p' -> actions.togglePause();
            case 's' -> actions.statistics();
            case 'l' -> actions.toggleLive();
            default -> actions.help();
        }
        return true;
    }
}
