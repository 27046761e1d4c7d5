package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.CpuFeature;

/**
 * Brings the guest's vector registers and MXCSR into the host's, each under its own number, and back.
 *
 * <p>It is open only while the guest's MXCSR masks every exception, so that no vector instruction can fault on the host.
 */
final class VectorWindow {
    /** What is in the host's registers: values of {@link StateLayout#VECTORS_IN_HOST}. */
    static final int CLOSED = 0;

    static final int XMM = 1;
    static final int YMM = 2;

    /** MXCSR bits that have to be as in {@link #MASKED}: the masks of the exceptions, and those that must be 0. */
    static final int MASKS = 0xffff1f80;

    static final int MASKED = 0x1f80;

    private static final int STATE = HostRegister.STATE;
    private static final int REGISTERS = 16;
    private static final int HIGH_HALF = 16;
    // LDMXCSR and STMXCSR are 0F AE with these in ModRM.reg.
    private static final int LDMXCSR = 2;
    private static final int STMXCSR = 3;
    private static final int CONTROL = 0x0fae;
    private static final int MOVUPS_LOAD = 0x0f10;
    private static final int MOVUPS_STORE = 0x0f11;
    private static final int VEX_256 = 4;
    private static final int VEX_66 = 1;

    private final HostAssembler out;
    private final boolean wide = HostProcessor.THIS.has(CpuFeature.AVX);
    /** Distances of the routines that open it from the frame's common exit. */
    private int openXmm;

    private int openYmm;

    VectorWindow(HostAssembler out) {
        this.out = out;
    }

    // In the frame.

    /** Closes it if it is open. */
    void close() {
        HostAssembler.Label closed = new HostAssembler.Label();
        HostAssembler.Label stored = new HostAssembler.Label();
        compareLevel(CLOSED);
        out.jump(HostAssembler.EQUAL, closed);
        if (wide) {
            HostAssembler.Label narrow = new HostAssembler.Label();
            compareLevel(YMM);
            out.jump(HostAssembler.NOT_EQUAL, narrow);
            moveAll(YMM, MOVUPS_STORE);
            // VZEROUPPER: the JVM's code has no YMM in use.
            out.vex(0, 0, 0, GuestEncoding.TWO_BYTE, 0);
            out.u8(0x77);
            out.jump(stored);
            out.place(narrow);
        }
        moveAll(XMM, MOVUPS_STORE);
        out.place(stored);
        out.rm(4, CONTROL, STMXCSR, STATE, StateLayout.MXCSR);
        loadControl(out, StateLayout.HOST_MXCSR);
        setLevel(CLOSED);
        out.place(closed);
    }

    /** The routines that open it. @param leave position of the common exit */
    void openings(int leave) {
        openXmm = out.position() - leave;
        open(XMM);
        if (wide) {
            openYmm = out.position() - leave;
            open(YMM);
        }
    }

    /** Returns with ZF set, or with ZF clear when the guest's MXCSR forbids it. Overwrites T1. */
    private void open(int level) {
        HostAssembler.Label refused = new HostAssembler.Label();
        HostAssembler.Label widen = new HostAssembler.Label();
        if (level == YMM) {
            compareLevel(XMM);
            out.jump(HostAssembler.EQUAL, widen);
        }
        out.load(4, HostRegister.T1, STATE, StateLayout.MXCSR);
        out.arithmetic(4, 4, HostRegister.T1, MASKS);
        out.arithmetic(4, 7, HostRegister.T1, MASKED);
        out.jump(HostAssembler.NOT_EQUAL, refused);
        out.rm(4, CONTROL, STMXCSR, STATE, StateLayout.HOST_MXCSR);
        loadControl(out, StateLayout.MXCSR);
        moveAll(level, MOVUPS_LOAD);
        setLevel(level);
        out.place(refused);
        out.u8(0xc3);
        if (level == YMM) {
            out.place(widen);
            for (int i = 0; i < REGISTERS; i++) {
                // VINSERTF128 of the upper half.
                out.vex(i, STATE, i, GuestEncoding.MAP_0F3A, VEX_256 | VEX_66);
                out.u8(0x18);
                out.modrmMemory(i, STATE, StateLayout.xmm(i) + HIGH_HALF);
                out.u8(1);
            }
            setLevel(level);
            out.u8(0xc3);
        }
    }

    private void moveAll(int level, int opcode) {
        for (int i = 0; i < REGISTERS; i++) {
            if (level == YMM) {
                out.vex(i, STATE, 0, GuestEncoding.TWO_BYTE, VEX_256);
                out.u8(opcode);
                out.modrmMemory(i, STATE, StateLayout.xmm(i));
            } else {
                out.rm(4, opcode, i, STATE, StateLayout.xmm(i));
            }
        }
    }

    /** LDMXCSR from the state block. */
    static void loadControl(HostAssembler out, int slot) {
        out.rm(4, CONTROL, LDMXCSR, STATE, slot);
    }

    private void compareLevel(int level) {
        out.rm(1, 0x80, 7, STATE, StateLayout.VECTORS_IN_HOST);
        out.u8(level);
    }

    private void setLevel(int level) {
        out.storeByte(STATE, StateLayout.VECTORS_IN_HOST, level);
    }

    // In a block.

    /** As {@link RegisterWindows#require}. */
    void require(int level, CodeInProgress work, int interpreted) {
        HostAssembler.Label closed = new HostAssembler.Label();
        HostAssembler.Label opened = new HostAssembler.Label();
        compareLevel(level == YMM ? YMM : CLOSED);
        out.jump(level == YMM ? HostAssembler.NOT_EQUAL : HostAssembler.EQUAL, closed);
        out.place(opened);
        work.aside(() -> {
            out.place(closed);
            work.callOrInterpret(level == YMM ? openYmm : openXmm, interpreted);
            out.jump(opened);
        });
    }
}
