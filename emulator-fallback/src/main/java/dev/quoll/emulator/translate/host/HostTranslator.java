package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.BlockCode;
import dev.quoll.emulator.core.StateLayout;
import java.util.Optional;

/** Translates for x86-64 hosts. One per vCPU. */
public final class HostTranslator implements BlockCode {
    /** Going in and out costs as much as interpreting ten instructions. */
    private static final int LEAST_BEFORE_EXIT = 4;

    private static final int[] SAVED = {
        HostRegister.RBX, HostRegister.RBP, HostRegister.R12, HostRegister.R13, HostRegister.R14, HostRegister.STATE
    };

    private final HostAssembler out = new HostAssembler();
    private final RegisterWindows windows = new RegisterWindows(out);

    private final int leastBeforeExit;

    private HostTranslator(int leastBeforeExit) {
        this.leastBeforeExit = leastBeforeExit;
    }

    /** A translator. */
    public static HostTranslator create() {
        return create(LEAST_BEFORE_EXIT);
    }

    /**
     * A translator with another idea of what pays.
     *
     * @param leastBeforeExit a block that leaves for the interpreter before its end is translated when so many instructions come
     *     first, at least 1
     * @throws IllegalStateException when there is an {@link #obstacle}
     */
    public static HostTranslator create(int leastBeforeExit) {
        obstacle().ifPresent(why -> {
            throw new IllegalStateException(why);
        });
        return new HostTranslator(leastBeforeExit);
    }

    /** Why nothing can be translated here, as the end of a sentence; empty when it can. */
    public static Optional<String> obstacle() {
        return HostProcessor.THIS.obstacle();
    }

    @Override
    public Frame frame(int staleExit) {
        out.reset();
        for (int register : SAVED) {
            push(register);
        }
        out.move(8, HostRegister.STATE, HostRegister.RDI);
        for (int guest = 0; guest < 16; guest++) {
            int host = HostRegister.of(guest);
            if (host != HostRegister.NONE) {
                out.load(8, host, HostRegister.STATE, StateLayout.gpr(guest));
            }
        }
        out.jumpIndirect(HostRegister.STATE, StateLayout.ENTRY);
        int stale = out.position();
        out.store(8, HostRegister.STATE, StateLayout.STALE_CELL, HostRegister.T1);
        out.storeImmediate(4, HostRegister.STATE, StateLayout.EXIT, staleExit);
        int leave = out.position();
        windows.leave();
        for (int guest = 0; guest < 16; guest++) {
            int host = HostRegister.of(guest);
            if (host != HostRegister.NONE) {
                out.store(8, HostRegister.STATE, StateLayout.gpr(guest), host);
            }
        }
        for (int i = SAVED.length - 1; i >= 0; i--) {
            pop(SAVED[i]);
        }
        out.u8(0xc3);
        windows.routines(leave);
        return new Frame(out.bytes(), 0, leave, stale);
    }

    private void push(int register) {
        out.rex(4, 0, 0, register, 0);
        out.u8(0x50 | register & 7);
    }

    private void pop(int register) {
        out.rex(4, 0, 0, register, 0);
        out.u8(0x58 | register & 7);
    }

    @Override
    public Made translate(Source source, Exits exits, long address, long leave, long jumps) {
        return new BlockTranslation(new CodeInProgress(out, source, exits, address, leave), windows, jumps, leastBeforeExit).make();
    }
}
