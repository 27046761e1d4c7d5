package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.Operand;

/** Code for memory operands: the linear address, and the soft TLB's answer to it. */
final class MemoryCode {
    private static final int PAGE = 4096;
    private static final int READ_TAG = 0;
    private static final int WRITE_TAG = 8;
    private static final int ADDEND = 24;
    private static final int INDEX_SHIFT = 12 - StateLayout.TLB_ENTRY_SHIFT;
    private static final int INDEX_MASK = StateLayout.TLB_ENTRIES - 1 << StateLayout.TLB_ENTRY_SHIFT;
    private static final int STATE = HostRegister.STATE;
    private static final int T0 = HostRegister.T0;
    private static final int T1 = HostRegister.T1;
    private static final int T2 = HostRegister.T2;

    private final CodeInProgress work;
    private final HostAssembler out;
    private final FlagCode flags;

    MemoryCode(CodeInProgress work) {
        this.work = work;
        this.out = work.out;
        this.flags = work.flags;
    }

    /** The linear address of a memory operand into T0. The host's flags have been given up. */
    void linear(Operand.Memory memory) {
        int displacement = (int) memory.displacement();
        if (memory.base() == Operand.Memory.RIP) {
            out.load(8, T0, STATE, StateLayout.RIP_BASE);
            out.lea(T0, T0, 0);
            out.arithmetic(8, 0, T0, work.next());
            out.arithmetic(8, 0, T0, displacement);
        } else {
            int base = memory.base() == Operand.Memory.NONE ? -1 : work.inHost(memory.base(), T0);
            if (memory.index() == Operand.Memory.NONE) {
                if (base < 0) {
                    out.moveImmediate(T0, displacement);
                } else {
                    out.lea(T0, base, displacement);
                }
            } else {
                out.rmIndexed(8, 0x8d, T0, base, work.inHost(memory.index(), T1), memory.scaleShift(), displacement);
            }
        }
        switch (memory.segment()) {
            case FS -> out.rm(8, 0x03, T0, STATE, StateLayout.SEGMENT_BASE + 8 * 4);
            case GS -> out.rm(8, 0x03, T0, STATE, StateLayout.SEGMENT_BASE + 8 * 5);
            default -> { }
        }
    }

    /** Turns the linear address in T0 into the host's, through the soft TLB; what it lacks goes to the interpreter. */
    void translate(int size, boolean write, HostAssembler.Label slow) {
        find(size, write, slow);
        out.rm(8, 0x03, T0, T1, ADDEND);
    }

    /** Finds the entry for the linear address in T0; its address is in T1 then. */
    private void find(int size, boolean write, HostAssembler.Label slow) {
        out.move(8, T1, T0);
        out.rr(8, 0xc1, 5, T1); // shr
        out.u8(INDEX_SHIFT);
        out.arithmetic(4, 4, T1, INDEX_MASK);
        out.rm(8, 0x03, T1, STATE, StateLayout.TLB_BASE);
        out.lea(T2, T0, size - 1);
        out.arithmetic(8, 4, T2, -PAGE);
        out.rm(8, 0x3b, T2, T1, write ? WRITE_TAG : READ_TAG);
        out.jump(HostAssembler.NOT_EQUAL, slow);
    }

    /** A memory operand's host address into T0. */
    void access(Operand.Memory memory, boolean write) {
        flags.clobber();
        HostAssembler.Label slow = work.interpretAside();
        linear(memory);
        boolean locked = work.instruction.lock() || work.instruction.mnemonic() == Mnemonic.XCHG;
        // The host could do locked ones over the border of two lines, but may be set up to kill processes that do.
        int mask = locked ? memory.size() - 1 : VectorCode.alignmentMask(work.instruction);
        if (mask > 0) {
            out.rr(1, 0xf6, 0, T0); // test
            out.u8(mask);
            out.jump(HostAssembler.NOT_EQUAL, slow);
        }
        find(memory.size(), write, slow);
        if (X87Code.leavesPointers(work.instruction)) {
            X87Code.keepOffset(work, memory);
        }
        out.rm(8, 0x03, T0, T1, ADDEND);
    }

    /** The host address of a stack access at RSP plus a distance into T0. */
    void stack(int distance, boolean write) {
        flags.clobber();
        HostAssembler.Label slow = work.interpretAside();
        out.lea(T0, HostRegister.STACK, distance);
        translate(8, write, slow);
    }
}
