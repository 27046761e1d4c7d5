package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.BlockCode;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.Operand;
import java.util.Arrays;

/** One block on its way into host code. */
final class BlockTranslation {
    private static final int STATE = HostRegister.STATE;
    private static final int T0 = HostRegister.T0;
    private static final int T1 = HostRegister.T1;
    private static final int T2 = HostRegister.T2;

    private final CodeInProgress work;
    private final RegisterWindows windows;
    /** What of them the block needs. */
    private int needs = RegisterWindows.NONE;

    private final MemoryCode memoryCode;
    private final FlagPolicy flagPolicy;
    private final StackCode stackCode;
    private final StringCode stringCode;
    private final FlagImageCode flagImageCode;
    private final BranchCode branchCode;
    private final HostAssembler out;
    private final FlagCode flags;
    private final GuestEncoding encoding = new GuestEncoding();
    private final BlockCode.Source source;
    private final BlockCode.Exits exits;
    private final int leastBeforeExit;
    private final HostAssembler.Label[] main;
    private final int[] resume;
    private final boolean[] wantsFlags;
    private final HostAssembler.Label entered = new HostAssembler.Label();

    /**
     * @param windows of the translator
     * @param jumps address of the jump cache
     * @param leastBeforeExit see {@link HostTranslator}
     */
    BlockTranslation(CodeInProgress work, RegisterWindows windows, long jumps, int leastBeforeExit) {
        this.work = work;
        this.windows = windows;
        this.out = work.out;
        this.flags = work.flags;
        this.source = work.source;
        this.exits = work.exits;
        this.leastBeforeExit = leastBeforeExit;
        memoryCode = new MemoryCode(work);
        flagPolicy = new FlagPolicy(work);
        stackCode = new StackCode(work, memoryCode);
        stringCode = new StringCode(work, memoryCode);
        flagImageCode = new FlagImageCode(work, memoryCode);
        branchCode = new BranchCode(work, memoryCode, flagPolicy, entered, jumps);
        main = new HostAssembler.Label[source.count() + 1];
        resume = new int[source.count()];
        wantsFlags = new boolean[source.count()];
    }

    BlockCode.Made make() {
        int count = source.count();
        int translated = 0;
        while (translated < count && Translatable.is(source.instructions()[translated], source.mode())) {
            translated++;
        }
        while (translated < count && translated > 0 && !source.interpreted()[translated]) {
            // The op of a pair stands at its first instruction.
            translated--;
        }
        if (translated < count && translated < leastBeforeExit) {
            return null;
        }
        out.reset();
        Arrays.fill(resume, -1);
        out.place(entered);
        // Events, then the count of instructions; the loop has seen to both when it enters by itself.
        HostAssembler.Label event = new HostAssembler.Label();
        out.rm(4, 0x83, 7, STATE, StateLayout.POLL);
        out.u8(0);
        out.jump(HostAssembler.NOT_EQUAL, event);
        work.aside(() -> {
            out.place(event);
            work.exit(exits.event());
        });
        out.rm(8, 0x83, 0, STATE, StateLayout.ENTERED);
        out.u8(count);
        int fresh = out.position();
        flags.begin();
        openWindows(translated);
        boolean open = true;
        for (int i = 0; i < translated; i++) {
            work.begin(i);
            mark(translated);
            if (work.instruction.row().terminal()) {
                work.settleX87();
            }
            open = one();
        }
        work.settleX87();
        if (translated < count) {
            flags.settle();
            work.exit(exits.interpret(translated));
        } else if (open && source.fallsThrough()) {
            branchCode.fallThrough();
        }
        work.writeAside();
        return new BlockCode.Made(out.bytes(), entered.position(), fresh, resume, wantsFlags);
    }

    private void openWindows(int translated) {
        needs = needs(0, translated);
        if (needs != RegisterWindows.NONE) {
            windows.require(needs, work, nextInterpreted(0));
        }
    }

    /** What the instructions of a part of the block need. */
    private int needs(int from, int to) {
        int all = RegisterWindows.NONE;
        for (int i = from; i < to; i++) {
            all = RegisterWindows.both(all, RegisterWindows.needs(source.instructions()[i]));
        }
        return all;
    }

    /** The first instruction from {@code at} on that the interpreter can do: it has left out those that do nothing. */
    private int nextInterpreted(int at) {
        int next = at;
        while (!source.interpreted()[next]) {
            next++;
        }
        return next;
    }

    /** The place where an instruction begins, and a way back to it from the interpreter. */
    private void mark(int translated) {
        main[work.index] = new HostAssembler.Label();
        out.place(main[work.index]);
        if (work.index == 0) {
            return;
        }
        int at = work.index;
        boolean toHost = flags.inHost();
        wantsFlags[at] = toHost || flags.inState() && flags.nativeForm();
        work.aside(() -> {
            resume[at] = out.position();
            if (needs(at, translated) != RegisterWindows.NONE) {
                // Out of translated code they have been closed.
                windows.require(needs, work, nextInterpreted(at));
            }
            if (toHost) {
                new FlagCode(out).restore();
            }
            out.jump(main[at]);
        });
    }

    /** Writes the running instruction. @return whether the code goes on behind it */
    private boolean one() {
        return switch (work.instruction.mnemonic()) {
            case NOP, PREFETCHNTA, PREFETCHT0, PREFETCHT1, PREFETCHT2, PREFETCHW, PREFETCH -> true;
            case LEA -> {
                loadEffectiveAddress();
                yield true;
            }
            case PUSH -> {
                stackCode.push();
                yield true;
            }
            case POP -> {
                stackCode.pop();
                yield true;
            }
            case LEAVE -> {
                stackCode.leaveFrame();
                yield true;
            }
            case MOVS, STOS -> {
                stringCode.repeated();
                yield true;
            }
            case CLI -> {
                flagImageCode.clearInterrupts();
                yield true;
            }
            case PUSHF -> {
                flagImageCode.push();
                yield true;
            }
            case DIV, IDIV -> {
                divide();
                yield true;
            }
            case JCC -> {
                branchCode.conditional();
                yield false;
            }
            case JMP -> {
                branchCode.jump();
                yield false;
            }
            case CALL -> {
                branchCode.call();
                yield false;
            }
            case RET -> {
                branchCode.ret();
                yield false;
            }
            case FWAIT -> true;
            case FLDCW -> {
                X87Code.loadControl(work, memoryCode);
                yield true;
            }
            case LDMXCSR, VLDMXCSR -> {
                VectorCode.loadControl(work, memoryCode);
                yield true;
            }
            default -> {
                plain();
                yield true;
            }
        };
    }

    private void parse() {
        encoding.parse(
                source.bytes(), source.starts()[work.index], work.instruction.length(), work.instruction.row().hasModrm());
    }

    /** An instruction whose work the host's own does, with other registers. */
    private void plain() {
        Operand.Memory memory = work.instruction.memory();
        boolean byCondition = switch (work.instruction.mnemonic()) {
            case SETCC, CMOVCC -> true;
            default -> false;
        };
        boolean needed = flagPolicy.needed() != 0;
        if (!needed) {
            // Before the access, because what this stores takes all scratch registers.
            flagPolicy.registersChange();
        }
        if (memory != null) {
            memoryCode.access(memory, work.instruction.row().memoryAccess().writes());
        }
        if (needed) {
            flagPolicy.toHost(byCondition ? work.instruction.condition() : -1);
            // The flags are in the host's: saving them leaves the operand's address alone.
            flagPolicy.registersChange();
        }
        parse();
        VectorCode.substitute(work.instruction.mnemonic(), encoding);
        new Rewriting(out, work.instruction, encoding, source.bytes(), memory != null).write();
        flagPolicy.after();
        if (X87Code.leavesPointers(work.instruction)) {
            work.lastX87 = X87Code.last(work);
        }
    }

    private void loadEffectiveAddress() {
        Operand.Register target = (Operand.Register) work.instruction.operand(0);
        Operand.Memory memory = (Operand.Memory) work.instruction.operand(1);
        int guest = target.number();
        flags.overwrite(guest);
        int host = HostRegister.of(guest);
        int to = host == HostRegister.NONE || target.size() == 2 ? T0 : host;
        int displacement = (int) memory.displacement();
        if (memory.base() == Operand.Memory.RIP) {
            out.load(8, to, STATE, StateLayout.RIP_BASE);
            out.lea(to, to, work.next());
            out.lea(to, to, displacement);
        } else {
            int base = memory.base() == Operand.Memory.NONE ? -1 : work.inHost(memory.base(), T1);
            if (memory.index() == Operand.Memory.NONE) {
                if (base < 0) {
                    out.moveImmediate(to, displacement);
                } else {
                    out.lea(to, base, displacement);
                }
            } else {
                out.rmIndexed(8, 0x8d, to, base, work.inHost(memory.index(), T2), memory.scaleShift(), displacement);
            }
        }
        if (target.size() == 4) {
            out.move(4, to, to);
        }
        if (target.size() == 2) {
            if (host == HostRegister.NONE) {
                out.store(2, STATE, StateLayout.gpr(guest), to);
            } else {
                out.move(2, host, to);
            }
        } else if (host == HostRegister.NONE) {
            out.store(8, STATE, StateLayout.gpr(guest), to);
        }
    }

    /** A divisor of zero and a quotient too large are the interpreter's: the host would raise #DE. */
    private void divide() {
        Operand operand = work.instruction.operand(0);
        int size = work.instruction.operandSize();
        flags.overwrite(HostRegister.RAX);
        flags.overwrite(HostRegister.RDX);
        flags.clobber();
        HostAssembler.Label slow = work.interpretAside();
        if (operand instanceof Operand.Memory memory) {
            memoryCode.linear(memory);
            memoryCode.translate(size, false, slow);
            out.load(size, T0, T0, 0);
        } else {
            int register = work.inHost(((Operand.Register) operand).number(), T0);
            if (register != T0) {
                out.move(size, T0, register);
            }
        }
        if (work.instruction.mnemonic() == Mnemonic.DIV) {
            // The quotient fits when the dividend's upper half is below the divisor.
            out.rr(size, 0x3b, HostRegister.RDX, T0);
            out.jump(HostAssembler.ABOVE_OR_EQUAL, slow);
        } else {
            // It fits when the dividend is one sign-extended half and the divisor neither 0 nor -1.
            out.lea(T1, T0, 1);
            out.arithmetic(size, 7, T1, 1);
            out.jump(HostAssembler.BELOW_OR_EQUAL, slow);
            out.move(size, T1, HostRegister.RAX);
            out.rr(size, 0xc1, 7, T1); // sar
            out.u8(8 * size - 1);
            out.rr(size, 0x3b, T1, HostRegister.RDX);
            out.jump(HostAssembler.NOT_EQUAL, slow);
        }
        if (flagPolicy.needed() != 0) {
            flagPolicy.toHost(-1);
        }
        out.rr(size, 0xf7, work.instruction.mnemonic() == Mnemonic.DIV ? 6 : 7, T0);
        flagPolicy.after();
    }
}
