package dev.quoll.emulator.translate.bytecode;

import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.FlagLiveness;
import dev.quoll.emulator.core.Op;
import dev.quoll.emulator.core.RegionCode;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.Operand;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DynamicConstantDesc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The method of one region: its blocks one after another, the ways between them, and one common way out. */
final class RegionMethod {
    private static final int PAGE = 4096;
    private static final int RSP = 4;

    private final CodeBuilder code;
    private final RegionCode.Source source;
    private final RegionCode.Exits exits;
    /** The class data: ops that the method calls. */
    private final List<Op> called;

    private final RegisterLocals registers;
    private final FlagLocals flags;
    private final MemoryAccess memory;
    private final InstructionCode instructions;

    private final Label out;
    private final Label[] entries;
    private final Map<Integer, Integer> pieceAt = new HashMap<>();
    private final List<Integer> returnSites = new ArrayList<>();
    /** Ways out, written behind everything else. */
    private final List<Runnable> aside = new ArrayList<>();

    private int index;
    private RegionCode.Piece piece;
    /** The block has run ops, which may have changed code or raised an event. */
    private boolean ranOps;

    RegionMethod(CodeBuilder code, RegionCode.Source source, RegionCode.Exits exits, List<Op> called) {
        this.code = code;
        this.source = source;
        this.exits = exits;
        this.called = called;
        registers = new RegisterLocals(code, source);
        flags = new FlagLocals(code);
        memory = new MemoryAccess(code, registers);
        instructions = new InstructionCode(code, registers, flags, memory);
        out = code.newLabel();
        entries = new Label[source.pieces().size()];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = code.newLabel();
            pieceAt.put(source.pieces().get(i).start(), i);
        }
        for (RegionCode.Piece each : source.pieces()) {
            Instruction last = each.instructions()[each.instructions().length - 1];
            if (last.mnemonic() == Mnemonic.CALL && pieceAt.containsKey(each.end())) {
                returnSites.add(each.end());
            }
        }
    }

    void write() {
        registers.load();
        flags.load();
        code.aload(Slots.CPU).loadConstant(StateLayout.RIP_BASE).invokevirtual(Types.CPU, "get64", Types.method("IJ"));
        code.lstore(Slots.RIP_BASE);
        // All variables have a value wherever code joins, for the verifier.
        for (int slot : new int[] {Slots.HOST, Slots.LOADED, Slots.FIRST, Slots.SECOND}) {
            code.lconst_0().lstore(slot);
        }
        code.iconst_0().istore(Slots.EXIT);
        code.lconst_0().lstore(Slots.COUNTED);
        Label[] inner = enter();
        for (index = 0; index < entries.length; index++) {
            piece = source.pieces().get(index);
            code.labelBinding(entries[index]);
            code.lload(Slots.COUNTED).loadConstant((long) piece.instructions().length).ladd().lstore(Slots.COUNTED);
            if (inner[index] != null) {
                // The loop around has counted the block that it enters.
                code.labelBinding(inner[index]);
            }
            writePiece();
        }
        for (int i = 0; i < aside.size(); i++) {
            aside.get(i).run();
        }
        code.labelBinding(out);
        registers.storeAll();
        flags.storeAll();
        tellCount();
        code.iload(Slots.EXIT).ireturn();
    }

    /** Goes to the entry asked for. @return where that is, by piece; null for pieces that are none */
    private Label[] enter() {
        Label[] inner = new Label[entries.length];
        List<SwitchCase> cases = new ArrayList<>();
        for (int entry = 0; entry < source.entries().size(); entry++) {
            int target = source.entries().get(entry);
            if (target < entries.length) {
                inner[target] = code.newLabel();
                cases.add(SwitchCase.of(entry, inner[target]));
            }
        }
        if (cases.size() == 1) {
            code.goto_(inner[0]);
        } else {
            code.iload(Slots.ENTRY).lookupswitch(inner[0], cases);
        }
        return inner;
    }

    private void tellCount() {
        code.aload(Slots.CPU).lload(Slots.COUNTED).invokevirtual(Types.CPU, "entered", Types.method("JV"));
    }

    // Ways out.

    private void exit(int number) {
        code.loadConstant(number).istore(Slots.EXIT).goto_(out);
    }

    /** A label where the interpreter does an instruction and what follows in its block. */
    private Label interpret(int at) {
        Label label = code.newLabel();
        int from = index;
        aside.add(() -> {
            code.labelBinding(label);
            exit(exits.interpret(from, at));
        });
        return label;
    }

    private void goOn(int at, int target) {
        Integer next = pieceAt.get(target);
        if (next == null) {
            exit(target >= 0 && target < PAGE ? exits.to(index, target) : exits.go(index, at, target));
            return;
        }
        if (ranOps) {
            code.aload(Slots.REGION).aload(Slots.CPU);
            code.invokevirtual(Types.REGION, "mustLeave", Types.MUST_LEAVE).ifne(leaving(target));
        } else if (next <= index) {
            code.aload(Slots.CPU).invokevirtual(Types.CPU, "eventPending", Types.method("Z")).ifne(leaving(target));
        }
        code.goto_(entries[next]);
    }

    private Label leaving(int target) {
        Label label = code.newLabel();
        int from = index;
        aside.add(() -> {
            code.labelBinding(label);
            exit(exits.to(from, target));
        });
        return label;
    }

    // Blocks.

    private void writePiece() {
        registers.beginPiece();
        flags.beginPiece();
        ranOps = false;
        int count = piece.instructions().length;
        boolean[] inline = new boolean[count];
        boolean callsOps = false;
        for (int i = 0; i < count; i++) {
            inline[i] = Inline.is(piece.instructions()[i]);
            callsOps |= !inline[i] && piece.ops()[i] != null;
        }
        if (callsOps) {
            code.aload(Slots.REGION).aload(Slots.CPU).loadConstant(index);
            code.invokevirtual(Types.REGION, "enter", Types.ENTER);
        }
        int[] live = liveness(inline);
        for (int i = 0; i < count; i++) {
            Instruction instruction = piece.instructions()[i];
            boolean secondOfPair = i + 1 == count - 1 && !inline[i + 1] && piece.ops()[i + 1] == null;
            if (secondOfPair && piece.ops()[i] != null && !(piece.ops()[i] instanceof FallThrough)) {
                exit(exits.interpret(index, i));
                return;
            }
            if (inline[i]) {
                if (instruction.row().terminal()) {
                    branch(i);
                    return;
                }
                boolean canExit = piece.ops()[i] != null;
                instructions.write(instruction, end(i), canExit ? interpret(i) : out, live[i]);
            } else if (piece.ops()[i] instanceof FallThrough op && !instruction.row().has(Attribute.SHADOW)) {
                call(instruction, op);
            } else if (piece.ops()[i] != null) {
                exit(exits.interpret(index, i));
                return;
            }
        }
        goOn(count - 1, piece.end());
    }

    private int end(int at) {
        return piece.starts()[at] + piece.instructions()[at].length();
    }

    /** Status flags that may be seen behind each instruction. */
    private int[] liveness(boolean[] inline) {
        int[] after = new int[inline.length];
        int live = Flags.STATUS;
        for (int i = inline.length - 1; i >= 0; i--) {
            Instruction each = piece.instructions()[i];
            after[i] = live;
            boolean visible = FlagLiveness.mayFault(each) || !inline[i];
            live = visible
                    ? Flags.STATUS
                    : (live & ~FlagLiveness.surelyWritten(each.row()) | each.row().flagsRead()) & Flags.STATUS;
        }
        return after;
    }

    /** Runs an op on the state block. */
    private void call(Instruction instruction, FallThrough op) {
        registers.store();
        flags.store();
        // It may fault.
        tellCount();
        code.lconst_0().lstore(Slots.COUNTED);
        called.add((Op) op);
        code.loadConstant(
                DynamicConstantDesc.ofNamed(ConstantDescs.BSM_CLASS_DATA_AT, ConstantDescs.DEFAULT_NAME, Types.OP, called.size() - 1));
        code.aload(Slots.CPU).invokeinterface(Types.OP, "execute", Types.EXECUTE);
        registers.reload(instruction);
        if (((instruction.row().flagsWritten() | instruction.row().flagsUndefined()) & Flags.STATUS) != 0) {
            flags.load();
        }
        ranOps = true;
    }

    // Branches.

    private void branch(int at) {
        Instruction instruction = piece.instructions()[at];
        switch (instruction.mnemonic()) {
            case JCC -> {
                Label taken = code.newLabel();
                flags.branchIf(instruction.condition(), taken);
                goOn(at, piece.end());
                code.labelBinding(taken);
                goOn(at, target(at));
            }
            case JMP -> goOn(at, target(at));
            case CALL -> call(at);
            case RET -> ret(at);
            default -> throw new IllegalStateException("no branch: " + instruction.mnemonic());
        }
    }

    private int target(int at) {
        return end(at) + (int) ((Operand.Relative) piece.instructions()[at].operand(0)).displacement();
    }

    private void call(int at) {
        if (!pieceAt.containsKey(target(at))) {
            exit(exits.interpret(index, at));
            return;
        }
        memory.findStack(RSP, -8, true, interpret(at));
        memory.store(8, () -> code.lload(Slots.RIP_BASE).loadConstant((long) piece.end()).ladd());
        instructions.moveStack(-8);
        goOn(at, target(at));
    }

    /** Back to one of the region's calls; to anywhere else by the interpreter. */
    private void ret(int at) {
        Label slow = interpret(at);
        if (returnSites.isEmpty()) {
            code.goto_(slow);
            return;
        }
        memory.findStack(RSP, 0, false, slow);
        memory.load(8);
        code.lload(Slots.RIP_BASE).lsub().lstore(Slots.FIRST);
        code.lload(Slots.FIRST).dup2().l2i().i2l().lcmp().ifne(slow);
        List<SwitchCase> cases = new ArrayList<>();
        returnSites.stream().distinct().sorted().forEach(site -> {
            Label label = code.newLabel();
            cases.add(SwitchCase.of(site, label));
        });
        code.lload(Slots.FIRST).l2i().lookupswitch(slow, cases);
        Instruction instruction = piece.instructions()[at];
        int extra = instruction.operandCount() == 0 ? 0 : (int) ((Operand.Immediate) instruction.operand(0)).value();
        for (SwitchCase each : cases) {
            code.labelBinding(each.target());
            instructions.moveStack(8 + extra);
            goOn(at, each.caseValue());
        }
    }
}
