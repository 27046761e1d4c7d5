package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Instruction;

/**
 * The two windows through which guest registers beyond the general ones are the host's own while translated code runs:
 * {@link VectorWindow} and {@link X87Window}. Each is opened when a block that needs it is entered and stays open, from block to block,
 * until translated code is left: code that needs none pays nothing. Whatever the loop around sees is in the state block.
 */
final class RegisterWindows {
    /** What an instruction needs: the level of the vector window, and this for the x87 window. */
    static final int X87 = 1 << 8;

    static final int NONE = 0;

    private final HostAssembler out;
    private final VectorWindow vectors;
    private final X87Window x87;
    private HostAssembler.Label closing;
    private HostAssembler.Label closed;

    RegisterWindows(HostAssembler out) {
        this.out = out;
        vectors = new VectorWindow(out);
        x87 = new X87Window(out);
    }

    static int needs(Instruction instruction) {
        return VectorCode.level(instruction) | (X87Code.uses(instruction) ? X87 : 0);
    }

    /** What two instructions need together. */
    static int both(int first, int second) {
        return Math.max(first & ~X87, second & ~X87) | (first | second) & X87;
    }

    // In the frame.

    /** At the common exit: closes what is open. Leaves the guest's general registers alone. */
    void leave() {
        closing = new HostAssembler.Label();
        closed = new HostAssembler.Label();
        out.rm(4, 0x83, 7, HostRegister.STATE, StateLayout.OPEN_WINDOWS);
        out.u8(0);
        out.jump(HostAssembler.NOT_EQUAL, closing);
        out.place(closed);
    }

    /** The routines, out of the exit's way. @param leave position of the common exit */
    void routines(int leave) {
        out.place(closing);
        vectors.close();
        x87.close();
        out.jump(closed);
        vectors.openings(leave);
        x87.opening(leave);
    }

    // In a block.

    /**
     * Goes aside to open what is needed unless it is open. Overwrites the host's flags and scratch registers.
     *
     * @param interpreted instruction at which the interpreter goes on when it cannot be opened; flags are in the state block
     */
    void require(int needs, CodeInProgress work, int interpreted) {
        if ((needs & ~X87) != 0) {
            vectors.require(needs & ~X87, work, interpreted);
        }
        if ((needs & X87) != 0) {
            x87.require(work, interpreted);
        }
    }
}
