package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.BlockCode;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Operand;

/** Code for branches: links to blocks of the page, and the jump cache for everything else. */
final class BranchCode {
    private static final int PAGE = 4096;
    private static final int STATE = HostRegister.STATE;
    private static final int SP = HostRegister.STACK;
    private static final int T0 = HostRegister.T0;
    private static final int T1 = HostRegister.T1;
    private static final int T2 = HostRegister.T2;

    private final CodeInProgress work;
    private final MemoryCode memoryCode;
    private final FlagPolicy flagPolicy;
    private final HostAssembler.Label entered;
    private final long jumps;
    private final HostAssembler out;
    private final FlagCode flags;
    private final BlockCode.Exits exits;

    /**
     * @param entered where the block is entered from translated code
     * @param jumps address of the jump cache
     */
    BranchCode(CodeInProgress work, MemoryCode memoryCode, FlagPolicy flagPolicy, HostAssembler.Label entered, long jumps) {
        this.work = work;
        this.memoryCode = memoryCode;
        this.flagPolicy = flagPolicy;
        this.entered = entered;
        this.jumps = jumps;
        this.out = work.out;
        this.flags = work.flags;
        this.exits = work.exits;
    }

    /** Goes on behind the block, which ends without a branch. */
    void fallThrough() {
        flags.settle();
        int end = work.source.end();
        if (end < PAGE) {
            branch(end);
        } else {
            go(work.source.count() - 1, end);
        }
    }

    /** To a block of this page; flags are settled. */
    private void branch(int target) {
        if (target == work.source.starts()[0]) {
            out.jump(entered);
            return;
        }
        long link = exits.link(target);
        out.moveImmediate(T1, link);
        out.load(8, T1, T1, 0);
        out.jumpIndirect(T1, 0);
        work.aside(() -> {
            exits.place(link, out.position());
            work.exit(exits.exitOf(link));
        });
    }

    /** To a place in another page, given by its offset in this one; flags are settled. */
    private void go(int at, int target) {
        HostAssembler.Label miss = new HostAssembler.Label();
        out.load(8, T0, STATE, StateLayout.RIP_BASE);
        out.lea(T0, T0, target);
        lookUp(miss);
        jumpToFound();
        work.aside(() -> {
            out.place(miss);
            work.exit(exits.go(at, target));
        });
    }

    /** Finds the RIP in T0 in the jump cache; the entry's address is in T1 then. Flags are lost. */
    private void lookUp(HostAssembler.Label miss) {
        out.move(8, T1, T0);
        out.rr(8, 0xc1, 5, T1); // shr
        out.u8(12);
        out.rr(8, 0x31, T0, T1); // xor
        out.arithmetic(4, 4, T1, NativeJumps.ENTRIES - 1);
        out.rr(8, 0xc1, 4, T1); // shl
        out.u8(NativeJumps.ENTRY_SHIFT);
        out.moveImmediate(T2, jumps);
        out.rr(8, 0x01, T2, T1);
        out.rm(8, 0x39, T0, T1, NativeJumps.RIP);
        out.jump(HostAssembler.NOT_EQUAL, miss);
        out.load(8, T2, STATE, StateLayout.JUMP_KEY);
        out.rm(8, 0x39, T2, T1, NativeJumps.KEY);
        out.jump(HostAssembler.NOT_EQUAL, miss);
    }

    /** Goes to the block whose jump cache entry is in T1 and whose RIP is in T0. */
    private void jumpToFound() {
        out.arithmetic(8, 4, T0, -PAGE);
        out.store(8, STATE, StateLayout.RIP_BASE, T0);
        out.load(8, T1, T1, NativeJumps.CELL);
        out.jumpIndirect(T1, 0);
    }

    private int target(Operand operand) {
        return work.next() + (int) ((Operand.Relative) operand).displacement();
    }

    private void to(int target) {
        if (target >= 0 && target < PAGE) {
            branch(target);
        } else {
            go(work.index, target);
        }
    }

    void conditional() {
        flagPolicy.toHost(work.instruction.condition());
        flagPolicy.afterBranch();
        HostAssembler.Label taken = new HostAssembler.Label();
        flags.settle();
        out.jump(work.instruction.condition(), taken);
        to(work.next());
        int at = work.index;
        work.aside(() -> {
            work.begin(at);
            out.place(taken);
            to(target(work.instruction.operand(0)));
        });
    }

    void jump() {
        flags.settle();
        switch (work.instruction.operand(0)) {
            case Operand.Relative relative -> to(target(relative));
            case Operand.Memory memory -> {
                HostAssembler.Label slow = work.interpretAside();
                memoryCode.linear(memory);
                memoryCode.translate(8, false, slow);
                out.load(8, T0, T0, 0);
                lookUp(slow);
                jumpToFound();
            }
            default -> {
                HostAssembler.Label slow = work.interpretAside();
                registerTarget();
                lookUp(slow);
                jumpToFound();
            }
        }
    }

    private void registerTarget() {
        int guest = ((Operand.Register) work.instruction.operand(0)).number();
        int host = work.inHost(guest, T0);
        if (host != T0) {
            out.move(8, T0, host);
        }
    }

    /** Looks the target up first: what the cache lacks the interpreter does from the start, nothing pushed yet. */
    void call() {
        flags.settle();
        HostAssembler.Label slow = work.interpretAside();
        int near = -1;
        switch (work.instruction.operand(0)) {
            case Operand.Relative relative -> {
                near = target(relative);
                if (near < 0 || near >= PAGE) {
                    out.load(8, T0, STATE, StateLayout.RIP_BASE);
                    out.lea(T0, T0, near);
                    near = -1;
                }
            }
            case Operand.Memory memory -> {
                memoryCode.linear(memory);
                memoryCode.translate(8, false, slow);
                out.load(8, T0, T0, 0);
            }
            default -> registerTarget();
        }
        if (near < 0) {
            lookUp(slow);
            out.arithmetic(8, 4, T0, -PAGE);
            out.load(8, T1, T1, NativeJumps.CELL);
            out.store(8, STATE, StateLayout.SCRATCH, T0);
            out.store(8, STATE, StateLayout.SCRATCH + 8, T1);
        }
        out.lea(T0, SP, -8);
        memoryCode.translate(8, true, slow);
        out.load(8, T1, STATE, StateLayout.RIP_BASE);
        out.lea(T1, T1, work.next());
        out.store(8, T0, 0, T1);
        out.lea(SP, SP, -8);
        if (near >= 0) {
            branch(near);
        } else {
            out.load(8, T0, STATE, StateLayout.SCRATCH);
            out.store(8, STATE, StateLayout.RIP_BASE, T0);
            out.load(8, T1, STATE, StateLayout.SCRATCH + 8);
            out.jumpIndirect(T1, 0);
        }
    }

    void ret() {
        flags.settle();
        HostAssembler.Label slow = work.interpretAside();
        out.lea(T0, SP, 0);
        memoryCode.translate(8, false, slow);
        out.load(8, T0, T0, 0);
        lookUp(slow);
        int extra = work.instruction.operandCount() == 0 ? 0 : (int) ((Operand.Immediate) work.instruction.operand(0)).value();
        out.lea(SP, SP, 8 + extra);
        jumpToFound();
    }
}
