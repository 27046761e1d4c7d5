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
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Which flags each instruction of a block needs and leaves, who may see them, and hence where {@link FlagCode} keeps them. */
final class FlagPolicy {
    private static final int STATE = HostRegister.STATE;
    private static final int T1 = HostRegister.T1;

    /** Processors leave some of the flags alone that the manuals call undefined after these. */
    private static final Set<Mnemonic> KEEP_UNDEFINED = EnumSet.of(
            Mnemonic.BSF, Mnemonic.BSR, Mnemonic.BT, Mnemonic.BTC, Mnemonic.BTR, Mnemonic.BTS, Mnemonic.DIV, Mnemonic.IDIV, Mnemonic.IMUL,
            Mnemonic.LZCNT, Mnemonic.MUL, Mnemonic.TZCNT);

    private final CodeInProgress work;
    private final HostAssembler out;
    private final FlagCode flags;
    private final int[] liveAfter;

    FlagPolicy(CodeInProgress work) {
        this.work = work;
        this.out = work.out;
        this.flags = work.flags;
        liveAfter = liveness(work.source);
    }

    /** Status flags that may be looked at behind each instruction of a block. */
    private static int[] liveness(BlockCode.Source source) {
        Instruction[] instructions = source.instructions();
        int[] liveAfter = new int[instructions.length];
        int live = Flags.STATUS;
        for (int i = instructions.length - 1; i >= 0; i--) {
            Instruction each = instructions[i];
            liveAfter[i] = live;
            boolean visible = FlagLiveness.mayFault(each) || !Translatable.is(each, source.mode());
            live = visible
                    ? Flags.STATUS
                    : (live & ~FlagLiveness.surelyWritten(each.row()) | each.row().flagsRead()) & Flags.STATUS;
        }
        return liveAfter;
    }

    /** The guest's flags into the host's. T1 and T2 are scratch. @param condition of the instruction, or -1 when it needs more */
    void toHost(int condition) {
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

    /** What is in the host's flags is right for the running instruction's condition only. */
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
        int at = work.index;
        X87Code.Last last = work.lastX87;
        work.aside(() -> {
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
            if (last != null) {
                X87Code.note(out, last);
            }
            work.exit(work.exits.normalize(at));
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
    int needed() {
        var row = work.instruction.row();
        int touched = (row.flagsWritten() | row.flagsUndefined()) & Flags.STATUS;
        // With a count of 0 a shift leaves alone even what is undefined otherwise.
        boolean keeps = row.has(Attribute.FLAGS_MAY_STAY) || KEEP_UNDEFINED.contains(work.instruction.mnemonic());
        int gone = FlagLiveness.surelyWritten(row) | (keeps ? 0 : row.flagsUndefined());
        int survive = touched == 0 ? 0 : liveAfter[work.index] & ~gone;
        return (row.flagsRead() | survive) & Flags.STATUS;
    }

    /** After the running instruction has been written. */
    void after() {
        var row = work.instruction.row();
        if (partial) {
            partial = false;
            flags.clobber();
        }
        if (((row.flagsWritten() | row.flagsUndefined()) & Flags.STATUS) == 0) {
            return;
        }
        if (liveAfter[work.index] == 0) {
            flags.die();
        } else {
            flags.setByHost(recipe());
        }
    }

    /** After a conditional branch, which ends the block. */
    void afterBranch() {
        partial = false;
    }

    private FlagRecipe recipe() {
        FlagRecipe.Kind kind = switch (work.instruction.mnemonic()) {
            case ADD -> FlagRecipe.Kind.ADD;
            case SUB -> FlagRecipe.Kind.SUB;
            case CMP -> FlagRecipe.Kind.COMPARE;
            case AND, OR, XOR -> FlagRecipe.Kind.LOGIC;
            case TEST -> FlagRecipe.Kind.TEST;
            default -> null;
        };
        if (kind == null || !(work.instruction.operand(0) instanceof Operand.Register first) || first.cls() != RegisterClass.GPR) {
            return null;
        }
        if (kind == FlagRecipe.Kind.LOGIC) {
            return new FlagRecipe(kind, first.size(), first.number(), -1, 0);
        }
        return switch (work.instruction.operand(1)) {
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
    void registersChange() {
        var row = work.instruction.row();
        boolean touches = ((row.flagsWritten() | row.flagsUndefined()) & Flags.STATUS) != 0;
        if (touches || flags.recipe() == null) {
            // Old flags are gone behind it, or are in the host's flags by now.
            return;
        }
        List<OperandKind> kinds = row.operands();
        for (int i = 0; i < kinds.size(); i++) {
            if (kinds.get(i).access().writes()
                    && work.instruction.operand(i) instanceof Operand.Register register
                    && (register.cls() == RegisterClass.GPR || register.cls() == RegisterClass.GPR8_HIGH)) {
                flags.overwrite(register.number());
            }
        }
        for (int guest = 0; guest < 16; guest++) {
            if ((row.implicitWrites() >>> guest & 1) != 0) {
                flags.overwrite(guest);
            }
        }
    }
}
