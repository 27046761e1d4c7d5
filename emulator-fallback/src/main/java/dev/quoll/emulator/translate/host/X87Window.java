package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.StateLayout;

/**
 * Brings the guest's x87 and MMX registers, control, status and tag word into the host's, and back. The state block keeps the registers by
 * their physical numbers: eight pushes fill them, then FLDENV sets TOP and the tags (SDM vol. 1, 8.1).
 *
 * <p>It is open only while the guest's control word masks every exception and none is pending: no instruction can fault then. The
 * pointers to the last instruction and operand are never the host's: see {@link X87Code}.
 */
final class X87Window {
    /** Control word bits that have to be ones. */
    static final int MASKS = 0x3f;

    /** ES of the status word: an exception waits for the next instruction, whatever the masks say by now. */
    private static final int PENDING = 1 << 7;

    private static final int STATE = HostRegister.STATE;
    private static final int T0 = HostRegister.T0;
    private static final int T1 = HostRegister.T1;
    private static final int REGISTERS = 8;
    private static final int REGISTER_BYTES = 16;
    private static final int ENVIRONMENT = StateLayout.X87_ENVIRONMENT;
    // The 32-bit environment has its words four bytes apart, as the state block has.
    private static final int STATUS = StateLayout.X87_STATUS - StateLayout.X87_CONTROL;
    private static final int TAG = StateLayout.X87_TAG - StateLayout.X87_CONTROL;
    // Opcodes and what stands in ModRM.reg.
    private static final int CONTROL = 0xd9;
    private static final int FLDENV = 4;
    private static final int FLDCW = 5;
    private static final int FNSTENV = 6;
    private static final int FNSTCW = 7;
    private static final int EXTENDED = 0xdb;
    private static final int FLD = 5;
    private static final int FSTP = 7;

    private final HostAssembler out;
    /** Distance of the routine that opens it from the frame's common exit. */
    private int open;

    X87Window(HostAssembler out) {
        this.out = out;
    }

    // In the frame.

    /** Closes it if it is open. */
    void close() {
        HostAssembler.Label closed = new HostAssembler.Label();
        compareOpen();
        out.jump(HostAssembler.EQUAL, closed);
        out.rm(4, CONTROL, FNSTENV, STATE, ENVIRONMENT);
        for (int word : new int[] {0, STATUS, TAG}) {
            out.rm(4, 0x0fb7, T0, STATE, ENVIRONMENT + word); // movzx
            out.store(4, STATE, StateLayout.X87_CONTROL + word, T0);
        }
        // The host's own control word, TOP 0, and every register to be had.
        out.load(4, T0, STATE, StateLayout.HOST_X87_CONTROL);
        out.store(4, STATE, ENVIRONMENT, T0);
        out.storeImmediate(4, STATE, ENVIRONMENT + STATUS, 0);
        out.storeImmediate(4, STATE, ENVIRONMENT + TAG, 0);
        out.rm(4, CONTROL, FLDENV, STATE, ENVIRONMENT);
        for (int i = 0; i < REGISTERS; i++) {
            out.rm(4, EXTENDED, FSTP, STATE, StateLayout.X87 + REGISTER_BYTES * i);
        }
        out.storeByte(STATE, StateLayout.X87_IN_HOST, 0);
        out.place(closed);
    }

    /** The routine that opens it: returns with ZF set, or with ZF clear when the guest's control word forbids it. Overwrites T1. */
    void opening(int leave) {
        HostAssembler.Label refused = new HostAssembler.Label();
        open = out.position() - leave;
        out.load(4, T1, STATE, StateLayout.X87_CONTROL);
        out.arithmetic(4, 4, T1, MASKS);
        out.arithmetic(4, 7, T1, MASKS);
        out.jump(HostAssembler.NOT_EQUAL, refused);
        out.rm(1, 0xf6, 0, STATE, StateLayout.X87_STATUS); // test
        out.u8(PENDING);
        out.jump(HostAssembler.NOT_EQUAL, refused);
        out.rm(4, CONTROL, FNSTCW, STATE, StateLayout.HOST_X87_CONTROL);
        out.u8(0xdb); // fninit
        out.u8(0xe3);
        for (int i = REGISTERS - 1; i >= 0; i--) {
            out.rm(4, EXTENDED, FLD, STATE, StateLayout.X87 + REGISTER_BYTES * i);
        }
        out.rm(4, CONTROL, FLDENV, STATE, StateLayout.X87_CONTROL);
        out.storeByte(STATE, StateLayout.X87_IN_HOST, 1);
        out.place(refused);
        out.u8(0xc3);
    }

    private void compareOpen() {
        out.rm(1, 0x80, 7, STATE, StateLayout.X87_IN_HOST);
        out.u8(0);
    }

    // In a block.

    /** As {@link RegisterWindows#require}. */
    void require(CodeInProgress work, int interpreted) {
        HostAssembler.Label closed = new HostAssembler.Label();
        HostAssembler.Label opened = new HostAssembler.Label();
        compareOpen();
        out.jump(HostAssembler.EQUAL, closed);
        out.place(opened);
        work.aside(() -> {
            out.place(closed);
            work.callOrInterpret(open, interpreted);
            out.jump(opened);
        });
    }

    /** FLDCW from the state block. */
    static void loadControl(HostAssembler out, int slot) {
        out.rm(4, CONTROL, FLDCW, STATE, slot);
    }
}
