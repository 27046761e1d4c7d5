package dev.quoll.emulator.translate.bytecode;

import dev.quoll.emulator.core.LazyFlags;
import dev.quoll.emulator.core.StateLayout;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;

/** The lazy flags in local variables, and what is known of their form while translating. */
final class FlagLocals {
    /** What the variables hold at this place. */
    enum Form {
        UNKNOWN(-1),
        ADD(LazyFlags.ADD),
        /** The operands can be compared. */
        COMPARE(LazyFlags.SUB),
        /** Whether a borrow went into it is not known: {@link LazyFlags#BORROW} serves both. */
        SUB(LazyFlags.BORROW),
        LOGIC(LazyFlags.LOGIC),
        RESULT(LazyFlags.RESULT),
        EXPLICIT(LazyFlags.EXPLICIT);

        final int kind;

        Form(int kind) {
            this.kind = kind;
        }
    }

    private final CodeBuilder code;
    private Form form = Form.UNKNOWN;
    /** They may differ from the state block at this place. */
    private boolean dirty;

    FlagLocals(CodeBuilder code) {
        this.code = code;
    }

    void load() {
        code.aload(Slots.CPU).loadConstant(StateLayout.FLAGS_KIND).invokevirtual(Types.CPU, "get32", Types.method("II"));
        code.istore(Slots.KIND);
        slot(StateLayout.FLAGS_RESULT, Slots.RESULT);
        slot(StateLayout.FLAGS_A, Slots.A);
        slot(StateLayout.FLAGS_B, Slots.B);
        form = Form.UNKNOWN;
        dirty = false;
    }

    private void slot(int offset, int local) {
        code.aload(Slots.CPU).loadConstant(offset).invokevirtual(Types.CPU, "get64", Types.method("IJ")).lstore(local);
    }

    void storeAll() {
        code.aload(Slots.CPU);
        pushAll();
        code.invokevirtual(Types.CPU, "putFlags", Types.method("IJJJV"));
    }

    /** Before an op runs. */
    void store() {
        if (dirty) {
            storeAll();
            dirty = false;
        }
    }

    void beginPiece() {
        form = Form.UNKNOWN;
        dirty = true;
    }

    /** The variables for the form have been written. */
    void set(Form now) {
        if (form.kind != now.kind) {
            code.loadConstant(now.kind).istore(Slots.KIND);
        }
        form = now;
        dirty = true;
    }

    /** Code of several forms joins. */
    void join() {
        form = Form.UNKNOWN;
        dirty = true;
    }

    Form form() {
        return form;
    }

    private void pushAll() {
        code.iload(Slots.KIND).lload(Slots.RESULT).lload(Slots.A).lload(Slots.B);
    }

    /** Pushes all six as RFLAGS bits, a long. */
    void pushAllSix() {
        pushAll();
        code.invokestatic(Types.FORMULAS, "all", Types.method("IJJJJ"));
    }

    /** Pushes CF, an int of 0 or 1. */
    void pushCarry() {
        switch (form) {
            case LOGIC -> code.iconst_0();
            case RESULT, EXPLICIT -> code.lload(Slots.A).l2i().iconst_1().iand();
            default -> {
                pushAll();
                code.invokestatic(Types.FORMULAS, "carry", Types.method("IJJJI"));
            }
        }
    }

    // Condition codes without their lowest bit, which negates (SDM vol. 2, table B-10).
    private static final int OVERFLOW = 0;
    private static final int CARRY = 1;
    private static final int ZERO = 2;
    private static final int CARRY_OR_ZERO = 3;
    private static final int SIGN = 4;
    private static final int PARITY = 5;
    private static final int LESS = 6;
    private static final int LESS_OR_EQUAL = 7;

    /** Goes to the label when a condition holds. */
    void branchIf(int condition, Label target) {
        boolean negated = (condition & 1) != 0;
        int test = condition >> 1;
        boolean fromResult = form != Form.UNKNOWN && form != Form.EXPLICIT;
        if (form == Form.COMPARE && (test == LESS || test == LESS_OR_EQUAL)) {
            code.lload(Slots.A).lload(Slots.B).lcmp();
            branchBySign(test == LESS_OR_EQUAL, negated, target);
        } else if (form == Form.COMPARE && (test == CARRY || test == CARRY_OR_ZERO)) {
            code.lload(Slots.A).lload(Slots.B).invokestatic(Types.LONG, "compareUnsigned", Types.method("JJI"));
            branchBySign(test == CARRY_OR_ZERO, negated, target);
        } else if (fromResult && test == ZERO || form == Form.LOGIC && test == CARRY_OR_ZERO) {
            result();
            branchIf(negated, code::ifne, code::ifeq, target);
        } else if (fromResult && test == SIGN || form == Form.LOGIC && (test == LESS || test == LESS_OR_EQUAL)) {
            result();
            branchBySign(test == LESS_OR_EQUAL, negated, target);
        } else if (fromResult && test == PARITY) {
            code.lload(Slots.RESULT).invokestatic(Types.FORMULAS, "even", Types.method("JZ"));
            branchIf(negated, code::ifeq, code::ifne, target);
        } else if (form == Form.LOGIC && (test == OVERFLOW || test == CARRY)) {
            if (negated) {
                code.goto_(target);
            }
        } else if (test == CARRY) {
            pushCarry();
            branchIf(negated, code::ifeq, code::ifne, target);
        } else {
            pushAll();
            code.loadConstant(condition).invokestatic(Types.FORMULAS, "condition", Types.method("IJJJIZ"));
            code.ifne(target);
        }
    }

    private void result() {
        code.lload(Slots.RESULT).lconst_0().lcmp();
    }

    /** By a comparison's outcome on the stack: below zero, or not above it. */
    private void branchBySign(boolean orEqual, boolean negated, Label target) {
        if (orEqual) {
            branchIf(negated, code::ifgt, code::ifle, target);
        } else {
            branchIf(negated, code::ifge, code::iflt, target);
        }
    }

    private interface Branch {
        CodeBuilder to(Label target);
    }

    private static void branchIf(boolean negated, Branch otherwise, Branch whenSo, Label target) {
        (negated ? otherwise : whenSo).to(target);
    }
}
