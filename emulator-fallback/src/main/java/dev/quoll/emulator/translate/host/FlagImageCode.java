package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.LazyFlags;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Flags;

/** Code for PUSHF and CLI, with which kernels begin and end short stretches without interrupts. */
final class FlagImageCode {
    private static final int STATE = HostRegister.STATE;
    private static final int SP = HostRegister.STACK;
    private static final int T0 = HostRegister.T0;
    private static final int T1 = HostRegister.T1;
    private static final int T2 = HostRegister.T2;
    private static final int OVERFLOW_BIT = Integer.numberOfTrailingZeros(Flags.OF);

    private final CodeInProgress work;
    private final MemoryCode memoryCode;
    private final HostAssembler out;
    private final FlagCode flags;

    FlagImageCode(CodeInProgress work, MemoryCode memoryCode) {
        this.work = work;
        this.memoryCode = memoryCode;
        this.out = work.out;
        this.flags = work.flags;
    }

    /** CLI. Where the privilege level might forbid it, it is the interpreter's. */
    void clearInterrupts() {
        flags.clobber();
        HostAssembler.Label slow = work.interpretAside();
        out.rm(4, 0x83, 7, STATE, StateLayout.PRIVILEGE); // cmp
        out.u8(0);
        out.jump(HostAssembler.NOT_EQUAL, slow);
        out.rm(4, 0x81, 4, STATE, StateLayout.FLAGS_REST); // and
        out.u32(~Flags.IF);
    }

    /** PUSHF. Arithmetic flags that the interpreter has left in a form of its own are for it to compute. */
    void push() {
        flags.settle();
        flags.overwrite(HostRegister.RSP);
        boolean known = flags.nativeForm();
        flags.clobber();
        HostAssembler.Label slow = work.interpretAside();
        if (!known) {
            out.rm(4, 0x83, 7, STATE, StateLayout.FLAGS_KIND); // cmp
            out.u8(LazyFlags.NATIVE);
            out.jump(HostAssembler.NOT_EQUAL, slow);
        }
        out.lea(T0, SP, -8);
        memoryCode.translate(8, true, slow);
        // What LAHF gave is in the second byte, OF in bit 0.
        out.load(4, T1, STATE, StateLayout.FLAGS_A);
        out.move(4, T2, T1);
        out.rr(4, 0xc1, 5, T1); // shr
        out.u8(8);
        out.arithmetic(4, 4, T1, Flags.STATUS & 0xff);
        out.arithmetic(4, 4, T2, 1);
        out.rr(4, 0xc1, 4, T2); // shl
        out.u8(OVERFLOW_BIT);
        out.rr(4, 0x09, T2, T1); // or
        out.rm(8, 0x0b, T1, STATE, StateLayout.FLAGS_REST); // or
        out.arithmetic(8, 4, T1, ~(Flags.VM | Flags.RF));
        out.store(8, T0, 0, T1);
        out.lea(SP, SP, -8);
    }
}
