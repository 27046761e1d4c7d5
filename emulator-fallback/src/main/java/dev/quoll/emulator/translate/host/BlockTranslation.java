package dev.quoll.emulator.translate.host;

import dev.quoll.emulator.core.BlockCode;
import dev.quoll.emulator.core.FlagLiveness;
import dev.quoll.emulator.core.LazyFlags;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.OperandKind;
import dev.quoll.emulator.isa.RegisterClass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** One block on its way into host code. */
final class BlockTranslation {
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

    /** Processors leave some of the flags alone that the manuals call undefined after these. */
    private static final Set<Mnemonic> KEEP_UNDEFINED = EnumSet.of(
            Mnemonic.BSF, Mnemonic.BSR, Mnemonic.BT, Mnemonic.BTC, Mnemonic.BTR, Mnemonic.BTS, Mnemonic.DIV, Mnemonic.IDIV, Mnemonic.IMUL,
            Mnemonic.LZCNT, Mnemonic.MUL, Mnemonic.TZCNT);

    private final HostAssembler out;
    private final FlagCode flags;
    private final GuestEncoding encoding = new GuestEncoding();
    private final BlockCode.Source source;
    private final BlockCode.Exits exits;
    private final long address;
    private final long leave;
    private final long jumps;
    private final int leastBeforeExit;
    private final int[] liveAfter;
    private final HostAssembler.Label[] main;
    private final int[] resume;
    private final boolean[] wantsFlags;
    private final List<Runnable> aside = new ArrayList<>();
    private final HostAssembler.Label entered = new HostAssembler.Label();

    private int index;
    private Instruction instruction;

    /** @param leastBeforeExit see {@link HostTranslator} */
    BlockTranslation(
            HostAssembler out,
            BlockCode.Source source,
            BlockCode.Exits exits,
            long address,
            long leave,
            long jumps,
            int leastBeforeExit) {
        this.out = out;
        this.flags = new FlagCode(out);
        this.source = source;
        this.exits = exits;
        this.address = address;
        this.leave = leave;
        this.jumps = jumps;
        this.leastBeforeExit = leastBeforeExit;
        liveAfter = new int[source.count()];
        main = new HostAssembler.Label[source.count() + 1];
        resume = new int[source.count()];
        wantsFlags = new boolean[source.count()];
    }

    BlockCode.Made make() {
        int count = source.count();
        int translated = 0;
        while (translated < count && Translatable.is(source.instructions()[translated])) {
            translated++;
        }
        while (translated < count && translated > 0 && !source.interpreted()[translated]) {
            // The op of a pair stands at its first instruction.
            translated--;
        }
        if (translated < count && translated < leastBeforeExit) {
            return null;
        }
        liveness();
        out.reset();
        Arrays.fill(resume, -1);
        out.place(entered);
        // Events, then the count of instructions; the loop has seen to both when it enters by itself.
        HostAssembler.Label event = new HostAssembler.Label();
        out.rm(4, 0x83, 7, STATE, StateLayout.POLL);
        out.u8(0);
        out.jump(HostAssembler.NOT_EQUAL, event);
        aside.add(() -> {
            out.place(event);
            exit(exits.event());
        });
        out.rm(8, 0x83, 0, STATE, StateLayout.ENTERED);
        out.u8(count);
        int fresh = out.position();
        flags.begin();
        boolean open = true;
        for (index = 0; index < translated; index++) {
            instruction = source.instructions()[index];
            mark();
            open = one();
        }
        if (translated < count) {
            flags.settle();
            exit(exits.interpret(translated));
        } else if (open && source.fallsThrough()) {
            flags.settle();
            if (source.end() < PAGE) {
                branch(source.end());
            } else {
                go(count - 1, source.end());
            }
        }
        // Code aside may add more of it.
        for (int i = 0; i < aside.size(); i++) {
            aside.get(i).run();
        }
        return new BlockCode.Made(out.bytes(), entered.position(), fresh, resume, wantsFlags);
    }

    private void liveness() {
        int live = Flags.STATUS;
        for (int i = source.count() - 1; i >= 0; i--) {
            Instruction each = source.instructions()[i];
            liveAfter[i] = live;
            boolean visible = FlagLiveness.mayFault(each) || !Translatable.is(each);
            live = visible
                    ? Flags.STATUS
                    : (live & ~FlagLiveness.surelyWritten(each.row()) | each.row().flagsRead()) & Flags.STATUS;
        }
    }

    /** The place where an instruction begins, and a way back to it from the interpreter. */
    private void mark() {
        main[index] = new HostAssembler.Label();
        out.place(main[index]);
        if (index == 0) {
            return;
        }
        int at = index;
        boolean toHost = flags.inHost();
        wantsFlags[at] = toHost || flags.inState() && flags.nativeForm();
        aside.add(() -> {
            resume[at] = out.position();
            if (toHost) {
                new FlagCode(out).restore();
            }
            out.jump(main[at]);
        });
    }

    // Leaving.

    private void exit(int number) {
        out.storeImmediate(4, STATE, StateLayout.EXIT, number);
        out.u8(0xe9);
        out.u32((int) (leave - (address + out.position() + 4)));
    }

    /** Aside: the interpreter does the running instruction from its start. */
    private HostAssembler.Label interpretAside() {
        HostAssembler.Label slow = new HostAssembler.Label();
        FlagRecipe pending = flags.pending();
        int at = index;
        aside.add(() -> {
            out.place(slow);
            flags.aside(pending);
            exit(exits.interpret(at));
        });
        return slow;
    }

    /** To a block of this page; flags are settled. */
    private void branch(int target) {
        if (target == source.starts()[0]) {
            out.jump(entered);
            return;
        }
        long link = exits.link(target);
        out.moveImmediate(T1, link);
        out.load(8, T1, T1, 0);
        out.jumpIndirect(T1, 0);
        aside.add(() -> {
            exits.place(link, out.position());
            exit(exits.exitOf(link));
        });
    }

    /** To a place in another page, given by its offset in this one; flags are settled. */
    private void go(int at, int target) {
        HostAssembler.Label miss = new HostAssembler.Label();
        out.load(8, T0, STATE, StateLayout.RIP_BASE);
        out.lea(T0, T0, target);
        lookUp(miss);
        jumpToFound();
        aside.add(() -> {
            out.place(miss);
            exit(exits.go(at, target));
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

    // Flags.

    /** The guest's flags into the host's. T1 and T2 are scratch. @param condition of the instruction, or -1 when it needs more */
    private void flagsToHost(int condition) {
        if (flags.inHost()) {
            return;
        }
        if (flags.recipe() != null) {
            flags.again();
        } else if (flags.nativeForm()) {
            flags.restore();
        } else if (flags.inState()) {
            fromUnknownForm(condition);
        }
    }

    private boolean partial;

    /**
     * Most conditions can be read off result and operands of the last arithmetic instruction, whatever left them in the state block
     * ({@link LazyFlags}): they are sign-extended, which keeps signed and unsigned order. The rest goes through the loop.
     */
    private void fromUnknownForm(int condition) {
        HostAssembler.Label other = new HostAssembler.Label();
        HostAssembler.Label join = new HostAssembler.Label();
        ifFlagsAre(LazyFlags.NATIVE, other);
        flags.restore();
        out.place(join);
        // What comes from result and operands is right for this condition only.
        partial = condition >= 0;
        int at = index;
        aside.add(() -> {
            out.place(other);
            if (condition >= 0) {
                switch (condition >> 1) {
                    case ZERO, SIGN, PARITY -> {
                        HostAssembler.Label explicit = new HostAssembler.Label();
                        out.rm(4, 0x83, 7, STATE, StateLayout.FLAGS_KIND);
                        out.u8(LazyFlags.EXPLICIT);
                        out.jump(HostAssembler.EQUAL, explicit);
                        testResult(join);
                        out.place(explicit);
                    }
                    case CARRY, CARRY_OR_ZERO, LESS, LESS_OR_EQUAL -> {
                        HostAssembler.Label noComparison = new HostAssembler.Label();
                        ifFlagsAre(LazyFlags.SUB, noComparison);
                        out.load(8, T1, STATE, StateLayout.FLAGS_A);
                        out.rm(8, 0x3b, T1, STATE, StateLayout.FLAGS_B);
                        out.jump(join);
                        out.place(noComparison);
                        afterLogic(join);
                    }
                    default -> afterLogic(join);
                }
            }
            exit(exits.normalize(at));
        });
    }

    // Condition codes without their lowest bit, which negates (SDM vol. 2, table B-10).
    private static final int CARRY = 1;
    private static final int ZERO = 2;
    private static final int CARRY_OR_ZERO = 3;
    private static final int SIGN = 4;
    private static final int PARITY = 5;
    private static final int LESS = 6;
    private static final int LESS_OR_EQUAL = 7;

    private void ifFlagsAre(int kind, HostAssembler.Label otherwise) {
        out.rm(4, 0x83, 7, STATE, StateLayout.FLAGS_KIND);
        out.u8(kind);
        out.jump(HostAssembler.NOT_EQUAL, otherwise);
    }

    private void afterLogic(HostAssembler.Label join) {
        HostAssembler.Label no = new HostAssembler.Label();
        ifFlagsAre(LazyFlags.LOGIC, no);
        testResult(join);
        out.place(no);
    }

    private void testResult(HostAssembler.Label join) {
        out.load(8, T1, STATE, StateLayout.FLAGS_RESULT);
        out.rr(8, 0x85, T1, T1);
        out.jump(join);
    }

    /** Status flags that the running instruction needs to find in the host's: those it reads, and those that survive it. */
    private int flagsNeeded() {
        var row = instruction.row();
        int touched = (row.flagsWritten() | row.flagsUndefined()) & Flags.STATUS;
        // With a count of 0 a shift leaves alone even what is undefined otherwise.
        boolean keeps = row.has(Attribute.FLAGS_MAY_STAY) || KEEP_UNDEFINED.contains(instruction.mnemonic());
        int gone = FlagLiveness.surelyWritten(row) | (keeps ? 0 : row.flagsUndefined());
        int survive = touched == 0 ? 0 : liveAfter[index] & ~gone;
        return (row.flagsRead() | survive) & Flags.STATUS;
    }

    /** After the running instruction has been written. */
    private void flagsAfter() {
        var row = instruction.row();
        if (partial) {
            partial = false;
            flags.clobber();
        }
        if (((row.flagsWritten() | row.flagsUndefined()) & Flags.STATUS) == 0) {
            return;
        }
        if (liveAfter[index] == 0) {
            flags.die();
        } else {
            flags.setByHost(recipe());
        }
    }

    private FlagRecipe recipe() {
        FlagRecipe.Kind kind = switch (instruction.mnemonic()) {
            case ADD -> FlagRecipe.Kind.ADD;
            case SUB -> FlagRecipe.Kind.SUB;
            case CMP -> FlagRecipe.Kind.COMPARE;
            case AND, OR, XOR -> FlagRecipe.Kind.LOGIC;
            case TEST -> FlagRecipe.Kind.TEST;
            default -> null;
        };
        if (kind == null || !(instruction.operand(0) instanceof Operand.Register first) || first.cls() != RegisterClass.GPR) {
            return null;
        }
        if (kind == FlagRecipe.Kind.LOGIC) {
            return new FlagRecipe(kind, first.size(), first.number(), -1, 0);
        }
        return switch (instruction.operand(1)) {
            case Operand.Register second when second.cls() == RegisterClass.GPR -> {
                boolean same = second.number() == first.number();
                if (same && kind == FlagRecipe.Kind.TEST) {
                    yield new FlagRecipe(FlagRecipe.Kind.LOGIC, first.size(), first.number(), -1, 0);
                }
                boolean lost = same && kind != FlagRecipe.Kind.COMPARE;
                yield lost ? null : new FlagRecipe(kind, first.size(), first.number(), second.number(), 0);
            }
            case Operand.Immediate(long value, int _) ->
                new FlagRecipe(kind, first.size(), first.number(), -1, signExtended(value, first.size()));
            default -> null;
        };
    }

    private static long signExtended(long value, int size) {
        return switch (size) {
            case 1 -> (byte) value;
            case 2 -> (short) value;
            case 4 -> (int) value;
            default -> value;
        };
    }

    /** The running instruction is about to write general registers. */
    private void registersChange() {
        var row = instruction.row();
        boolean touches = ((row.flagsWritten() | row.flagsUndefined()) & Flags.STATUS) != 0;
        if (touches || flags.recipe() == null) {
            // Old flags are gone behind it, or are in the host's flags by now.
            return;
        }
        List<OperandKind> kinds = row.operands();
        for (int i = 0; i < kinds.size(); i++) {
            if (kinds.get(i).access().writes() && instruction.operand(i) instanceof Operand.Register register) {
                flags.overwrite(register.number());
            }
        }
        for (int guest = 0; guest < 16; guest++) {
            if ((row.implicitWrites() >>> guest & 1) != 0) {
                flags.overwrite(guest);
            }
        }
    }

    // Memory.

    /** The linear address of a memory operand into T0. The host's flags have been given up. */
    private void linear(Operand.Memory memory) {
        int displacement = (int) memory.displacement();
        if (memory.base() == Operand.Memory.RIP) {
            out.load(8, T0, STATE, StateLayout.RIP_BASE);
            out.lea(T0, T0, 0);
            out.arithmetic(8, 0, T0, source.starts()[index] + instruction.length());
            out.arithmetic(8, 0, T0, displacement);
        } else {
            int base = memory.base() == Operand.Memory.NONE ? -1 : inHost(memory.base(), T0);
            if (memory.index() == Operand.Memory.NONE) {
                if (base < 0) {
                    out.moveImmediate(T0, displacement);
                } else {
                    out.lea(T0, base, displacement);
                }
            } else {
                out.rmIndexed(8, 0x8d, T0, base, inHost(memory.index(), T1), memory.scaleShift(), displacement);
            }
        }
        switch (memory.segment()) {
            case FS -> out.rm(8, 0x03, T0, STATE, StateLayout.SEGMENT_BASE + 8 * 4);
            case GS -> out.rm(8, 0x03, T0, STATE, StateLayout.SEGMENT_BASE + 8 * 5);
            default -> { }
        }
    }

    /** The host register of a guest register, loaded into the scratch register when it has none. */
    private int inHost(int guest, int scratch) {
        int host = HostRegister.of(guest);
        if (host != HostRegister.NONE) {
            return host;
        }
        out.load(8, scratch, STATE, StateLayout.gpr(guest));
        return scratch;
    }

    /** Turns the linear address in T0 into the host's, through the soft TLB; what it lacks goes to the interpreter. */
    private void translate(int size, boolean write, HostAssembler.Label slow) {
        out.move(8, T1, T0);
        out.rr(8, 0xc1, 5, T1); // shr
        out.u8(INDEX_SHIFT);
        out.arithmetic(4, 4, T1, INDEX_MASK);
        out.rm(8, 0x03, T1, STATE, StateLayout.TLB_BASE);
        out.lea(T2, T0, size - 1);
        out.arithmetic(8, 4, T2, -PAGE);
        out.rm(8, 0x3b, T2, T1, write ? WRITE_TAG : READ_TAG);
        out.jump(HostAssembler.NOT_EQUAL, slow);
        out.rm(8, 0x03, T0, T1, ADDEND);
    }

    /** A memory operand's host address into T0. */
    private void access(Operand.Memory memory, boolean write) {
        flags.clobber();
        HostAssembler.Label slow = interpretAside();
        linear(memory);
        boolean locked = instruction.lock() || instruction.mnemonic() == Mnemonic.XCHG;
        if (locked && memory.size() > 1) {
            // The host could do it over the border of two lines, but may be set up to kill processes that do.
            out.rr(1, 0xf6, 0, T0); // test
            out.u8(memory.size() - 1);
            out.jump(HostAssembler.NOT_EQUAL, slow);
        }
        translate(memory.size(), write, slow);
    }

    // Instructions.

    /** Writes the running instruction. @return whether the code goes on behind it */
    private boolean one() {
        return switch (instruction.mnemonic()) {
            case NOP, PREFETCHNTA, PREFETCHT0, PREFETCHT1, PREFETCHT2, PREFETCHW, PREFETCH -> true;
            case LEA -> {
                loadEffectiveAddress();
                yield true;
            }
            case PUSH -> {
                push();
                yield true;
            }
            case POP -> {
                pop();
                yield true;
            }
            case LEAVE -> {
                leaveFrame();
                yield true;
            }
            case DIV, IDIV -> {
                divide();
                yield true;
            }
            case JCC -> {
                conditional();
                yield false;
            }
            case JMP -> {
                jump();
                yield false;
            }
            case CALL -> {
                call();
                yield false;
            }
            case RET -> {
                ret();
                yield false;
            }
            default -> {
                plain();
                yield true;
            }
        };
    }

    private void parse() {
        encoding.parse(
                source.bytes(), source.starts()[index], instruction.length(), instruction.row().hasModrm());
    }

    /** An instruction whose work the host's own does, with other registers. */
    private void plain() {
        Operand.Memory memory = instruction.memory();
        boolean byCondition = switch (instruction.mnemonic()) {
            case SETCC, CMOVCC -> true;
            default -> false;
        };
        boolean needed = flagsNeeded() != 0;
        if (!needed) {
            // Before the access, because what this stores takes all scratch registers.
            registersChange();
        }
        if (memory != null) {
            access(memory, instruction.row().memoryAccess().writes());
        }
        if (needed) {
            flagsToHost(byCondition ? instruction.condition() : -1);
            // The flags are in the host's: saving them leaves the operand's address alone.
            registersChange();
        }
        parse();
        new Rewriting(out, instruction, encoding, source.bytes(), memory != null).write();
        flagsAfter();
    }

    private void loadEffectiveAddress() {
        Operand.Register target = (Operand.Register) instruction.operand(0);
        Operand.Memory memory = (Operand.Memory) instruction.operand(1);
        int guest = target.number();
        flags.overwrite(guest);
        int host = HostRegister.of(guest);
        int to = host == HostRegister.NONE || target.size() == 2 ? T0 : host;
        int displacement = (int) memory.displacement();
        if (memory.base() == Operand.Memory.RIP) {
            out.load(8, to, STATE, StateLayout.RIP_BASE);
            out.lea(to, to, source.starts()[index] + instruction.length());
            out.lea(to, to, displacement);
        } else {
            int base = memory.base() == Operand.Memory.NONE ? -1 : inHost(memory.base(), T1);
            if (memory.index() == Operand.Memory.NONE) {
                if (base < 0) {
                    out.moveImmediate(to, displacement);
                } else {
                    out.lea(to, base, displacement);
                }
            } else {
                out.rmIndexed(8, 0x8d, to, base, inHost(memory.index(), T2), memory.scaleShift(), displacement);
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

    private static final int SP = HostRegister.STACK;

    /** The host address of a stack access at RSP plus a distance into T0. */
    private void stack(int distance, boolean write) {
        flags.clobber();
        HostAssembler.Label slow = interpretAside();
        out.lea(T0, SP, distance);
        translate(8, write, slow);
    }

    private void push() {
        flags.overwrite(4);
        if (instruction.operand(0) instanceof Operand.Memory memory) {
            access(memory, false);
            out.load(8, T0, T0, 0);
            out.store(8, STATE, StateLayout.SCRATCH, T0);
            stack(-8, true);
            out.load(8, T1, STATE, StateLayout.SCRATCH);
            out.store(8, T0, 0, T1);
        } else {
            stack(-8, true);
            if (instruction.operand(0) instanceof Operand.Register register) {
                out.store(8, T0, 0, inHost(register.number(), T1));
            } else {
                out.storeImmediate(8, T0, 0, (int) ((Operand.Immediate) instruction.operand(0)).value());
            }
        }
        out.lea(SP, SP, -8);
    }

    private void pop() {
        int guest = ((Operand.Register) instruction.operand(0)).number();
        flags.overwrite(guest);
        flags.overwrite(4);
        stack(0, false);
        int host = HostRegister.of(guest);
        if (host == HostRegister.NONE) {
            out.load(8, T0, T0, 0);
            out.store(8, STATE, StateLayout.gpr(guest), T0);
        } else {
            out.load(8, host, T0, 0);
        }
        out.lea(SP, SP, 8);
    }

    private void leaveFrame() {
        flags.overwrite(4);
        flags.overwrite(5);
        flags.clobber();
        HostAssembler.Label slow = interpretAside();
        out.move(8, T0, HostRegister.RBP);
        translate(8, false, slow);
        out.lea(SP, HostRegister.RBP, 8);
        out.load(8, HostRegister.RBP, T0, 0);
    }

    /** A divisor of zero and a quotient too large are the interpreter's: the host would raise #DE. */
    private void divide() {
        Operand operand = instruction.operand(0);
        int size = instruction.operandSize();
        flags.overwrite(HostRegister.RAX);
        flags.overwrite(HostRegister.RDX);
        flags.clobber();
        HostAssembler.Label slow = interpretAside();
        if (operand instanceof Operand.Memory memory) {
            linear(memory);
            translate(size, false, slow);
            out.load(size, T0, T0, 0);
        } else {
            int register = inHost(((Operand.Register) operand).number(), T0);
            if (register != T0) {
                out.move(size, T0, register);
            }
        }
        if (instruction.mnemonic() == Mnemonic.DIV) {
            // The quotient fits when the dividend's upper half is below the divisor.
            out.rr(size, 0x3b, HostRegister.RDX, T0);
            out.jump(HostAssembler.ABOVE_OR_EQUAL, slow);
        } else {
            // It fits when the dividend is one sign-extended half and the divisor neither 0 nor -1.
            out.lea(T1, T0, 1);
            out.arithmetic(size, 7, T1, 1);
            out.jump(BELOW_OR_EQUAL, slow);
            out.move(size, T1, HostRegister.RAX);
            out.rr(size, 0xc1, 7, T1); // sar
            out.u8(8 * size - 1);
            out.rr(size, 0x3b, T1, HostRegister.RDX);
            out.jump(HostAssembler.NOT_EQUAL, slow);
        }
        if (flagsNeeded() != 0) {
            flagsToHost(-1);
        }
        out.rr(size, 0xf7, instruction.mnemonic() == Mnemonic.DIV ? 6 : 7, T0);
        flagsAfter();
    }

    private static final int BELOW_OR_EQUAL = 6;

    // Branches.

    private int target(Operand operand) {
        return source.starts()[index] + instruction.length() + (int) ((Operand.Relative) operand).displacement();
    }

    private void to(int target) {
        if (target >= 0 && target < PAGE) {
            branch(target);
        } else {
            go(index, target);
        }
    }

    private void conditional() {
        flagsToHost(instruction.condition());
        partial = false;
        HostAssembler.Label taken = new HostAssembler.Label();
        flags.settle();
        out.jump(instruction.condition(), taken);
        to(source.starts()[index] + instruction.length());
        int at = index;
        aside.add(() -> {
            int now = index;
            index = at;
            instruction = source.instructions()[at];
            out.place(taken);
            to(target(source.instructions()[at].operand(0)));
            index = now;
        });
    }

    private void jump() {
        flags.settle();
        switch (instruction.operand(0)) {
            case Operand.Relative relative -> to(target(relative));
            case Operand.Memory memory -> {
                HostAssembler.Label slow = interpretAside();
                linear(memory);
                translate(8, false, slow);
                out.load(8, T0, T0, 0);
                lookUp(slow);
                jumpToFound();
            }
            default -> {
                HostAssembler.Label slow = interpretAside();
                registerTarget();
                lookUp(slow);
                jumpToFound();
            }
        }
    }

    private void registerTarget() {
        int guest = ((Operand.Register) instruction.operand(0)).number();
        int host = inHost(guest, T0);
        if (host != T0) {
            out.move(8, T0, host);
        }
    }

    /** Looks the target up first: what the cache lacks the interpreter does from the start, nothing pushed yet. */
    private void call() {
        flags.settle();
        HostAssembler.Label slow = interpretAside();
        int near = -1;
        switch (instruction.operand(0)) {
            case Operand.Relative relative -> {
                near = target(relative);
                if (near < 0 || near >= PAGE) {
                    out.load(8, T0, STATE, StateLayout.RIP_BASE);
                    out.lea(T0, T0, near);
                    near = -1;
                }
            }
            case Operand.Memory memory -> {
                linear(memory);
                translate(8, false, slow);
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
        translate(8, true, slow);
        out.load(8, T1, STATE, StateLayout.RIP_BASE);
        out.lea(T1, T1, source.starts()[index] + instruction.length());
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

    private void ret() {
        flags.settle();
        HostAssembler.Label slow = interpretAside();
        out.lea(T0, SP, 0);
        translate(8, false, slow);
        out.load(8, T0, T0, 0);
        lookUp(slow);
        int extra = instruction.operandCount() == 0 ? 0 : (int) ((Operand.Immediate) instruction.operand(0)).value();
        out.lea(SP, SP, 8 + extra);
        jumpToFound();
    }
}
