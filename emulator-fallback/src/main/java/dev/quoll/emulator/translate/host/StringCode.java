package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.Segment;
import dev.quoll.emulator.isa.Repeat;

/**
 * Code for REP STOS and REP MOVS: forward and within one page, the host's own instruction does all of it, in the guest's
 * registers, which are the same ones. The RAM has one host address whatever the guest's pages are, so source and target
 * overlap for the host as they do for the guest. Everything else is the interpreter's.
 */
final class StringCode {
    private static final int PAGE = 4096;
    /** EFLAGS.DF in its second byte. */
    private static final int DIRECTION = 1 << 2;

    private static final int STATE = HostRegister.STATE;
    private static final int T0 = HostRegister.T0;
    private static final int T1 = HostRegister.T1;
    private static final int T2 = HostRegister.T2;

    private final CodeInProgress work;
    private final MemoryCode memoryCode;
    private final HostAssembler out;
    private final FlagCode flags;

    StringCode(CodeInProgress work, MemoryCode memoryCode) {
        this.work = work;
        this.memoryCode = memoryCode;
        this.out = work.out;
        this.flags = work.flags;
    }

    static boolean translatable(Instruction instruction) {
        return instruction.repeatPrefix() == Repeat.REP
                && (instruction.mnemonic() == Mnemonic.STOS
                        || instruction.mnemonic() == Mnemonic.MOVS && sourceSegment(instruction) == Segment.DS);
    }

    private static Segment sourceSegment(Instruction instruction) {
        return ((Operand.Memory) instruction.operand(1)).segment();
    }

    void repeated() {
        int size = ((Operand.Memory) work.instruction.operand(0)).size();
        boolean copies = work.instruction.mnemonic() == Mnemonic.MOVS;
        flags.overwrite(HostRegister.RCX);
        flags.overwrite(HostRegister.RDI);
        if (copies) {
            flags.overwrite(HostRegister.RSI);
        }
        flags.clobber();
        HostAssembler.Label slow = work.interpretAside();
        HostAssembler.Label done = new HostAssembler.Label();
        out.rr(8, 0x85, HostRegister.RCX, HostRegister.RCX);
        out.jump(HostAssembler.EQUAL, done);
        out.rm(1, 0xf6, 0, STATE, StateLayout.FLAGS_REST + 1);
        out.u8(DIRECTION);
        out.jump(HostAssembler.NOT_EQUAL, slow);
        out.arithmetic(8, 7, HostRegister.RCX, PAGE / size);
        out.jump(HostAssembler.ABOVE, slow);
        if (copies) {
            hostAddress(HostRegister.RSI, size, false, slow);
            out.store(8, STATE, StateLayout.SCRATCH, T0);
        }
        hostAddress(HostRegister.RDI, size, true, slow);
        // Nothing can stop it any more. How far the registers get comes out of the host's target address.
        out.move(8, T1, HostRegister.RDI);
        out.move(8, HostRegister.RDI, T0);
        if (copies) {
            out.move(8, T2, HostRegister.RSI);
            out.load(8, HostRegister.RSI, STATE, StateLayout.SCRATCH);
        }
        write(copies ? 0xa4 : 0xaa, size);
        out.rr(8, 0x29, T0, HostRegister.RDI);
        if (copies) {
            out.rmIndexed(8, 0x8d, HostRegister.RSI, T2, HostRegister.RDI, 0, 0);
        }
        out.rr(8, 0x01, T1, HostRegister.RDI);
        out.place(done);
    }

    /** The host address of RCX elements into T0, if they lie in one page. */
    private void hostAddress(int register, int size, boolean write, HostAssembler.Label slow) {
        out.move(4, T0, register);
        out.arithmetic(4, 4, T0, PAGE - 1);
        out.rmIndexed(8, 0x8d, T0, T0, HostRegister.RCX, Integer.numberOfTrailingZeros(size), 0);
        out.arithmetic(4, 7, T0, PAGE);
        out.jump(HostAssembler.ABOVE, slow);
        out.move(8, T0, register);
        memoryCode.translate(1, write, slow);
    }

    /** @param byteForm the opcode of the byte form; the other one is next to it */
    private void write(int byteForm, int size) {
        if (size == 2) {
            out.u8(0x66);
        }
        out.u8(0xf3);
        if (size == 8) {
            out.rex(8, 0, 0, 0, 0);
        }
        out.u8(size == 1 ? byteForm : byteForm + 1);
    }
}
