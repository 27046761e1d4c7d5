package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Operand;

/** Code for PUSH, POP and LEAVE. */
final class StackCode {
    private static final int STATE = HostRegister.STATE;
    private static final int SP = HostRegister.STACK;
    private static final int T0 = HostRegister.T0;
    private static final int T1 = HostRegister.T1;

    private final CodeInProgress work;
    private final MemoryCode memoryCode;
    private final HostAssembler out;
    private final FlagCode flags;

    StackCode(CodeInProgress work, MemoryCode memoryCode) {
        this.work = work;
        this.memoryCode = memoryCode;
        this.out = work.out;
        this.flags = work.flags;
    }

    void push() {
        flags.overwrite(4);
        if (work.instruction.operand(0) instanceof Operand.Memory memory) {
            memoryCode.access(memory, false);
            out.load(8, T0, T0, 0);
            out.store(8, STATE, StateLayout.SCRATCH, T0);
            memoryCode.stack(-8, true);
            out.load(8, T1, STATE, StateLayout.SCRATCH);
            out.store(8, T0, 0, T1);
        } else {
            memoryCode.stack(-8, true);
            if (work.instruction.operand(0) instanceof Operand.Register register) {
                out.store(8, T0, 0, work.inHost(register.number(), T1));
            } else {
                out.storeImmediate(8, T0, 0, (int) ((Operand.Immediate) work.instruction.operand(0)).value());
            }
        }
        out.lea(SP, SP, -8);
    }

    void pop() {
        int guest = ((Operand.Register) work.instruction.operand(0)).number();
        flags.overwrite(guest);
        flags.overwrite(4);
        memoryCode.stack(0, false);
        int host = HostRegister.of(guest);
        if (host == HostRegister.NONE) {
            out.load(8, T0, T0, 0);
            out.store(8, STATE, StateLayout.gpr(guest), T0);
        } else {
            out.load(8, host, T0, 0);
        }
        out.lea(SP, SP, 8);
    }

    void leaveFrame() {
        flags.overwrite(4);
        flags.overwrite(5);
        flags.clobber();
        HostAssembler.Label slow = work.interpretAside();
        out.move(8, T0, HostRegister.RBP);
        memoryCode.translate(8, false, slow);
        out.lea(SP, HostRegister.RBP, 8);
        out.load(8, HostRegister.RBP, T0, 0);
    }
}
