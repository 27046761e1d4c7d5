package dev.quoll.emulator.translate.bytecode;

import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.translate.bytecode.FlagLocals.Form;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;

/** Bytecode of the instructions that go on behind themselves; what {@link Inline} lists, without branches. */
final class InstructionCode {
    private static final int RAX = 0;
    private static final int RCX = 1;
    private static final int RDX = 2;
    private static final int RSP = 4;
    private static final int RBP = 5;

    private final CodeBuilder code;
    private final RegisterLocals registers;
    private final FlagLocals flags;
    private final MemoryAccess memory;

    // The instruction being written.
    private Instruction instruction;
    private int behind;
    /** Where the interpreter does it instead. */
    private Label slow;
    /** Status flags that something may see behind it. */
    private int live;

    InstructionCode(CodeBuilder code, RegisterLocals registers, FlagLocals flags, MemoryAccess memory) {
        this.code = code;
        this.registers = registers;
        this.flags = flags;
        this.memory = memory;
    }

    /**
     * Writes one.
     *
     * @param end offset in the page behind it
     * @param interpret where the interpreter does it, as long as nothing has been changed
     * @param liveFlags status flags that may be seen behind it
     */
    void write(Instruction next, int end, Label interpret, int liveFlags) {
        instruction = next;
        behind = end;
        slow = interpret;
        live = liveFlags;
        switch (instruction.mnemonic()) {
            case ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, TEST -> binary();
            case INC, DEC, NEG, NOT -> unary();
            case MOV, MOVSX, MOVSXD -> move();
            case MOVZX -> moveZeroExtended();
            case LEA -> {
                memory.offset(instruction.memory(), behind);
                registers.write(register(0));
            }
            case SHL, SHR, SAR -> shift();
            case ROL, ROR -> rotate();
            case SHLX, SHRX, SARX -> shiftWithoutFlags();
            case RORX -> {
                load(1);
                push(1);
                turn(size(0), -count(2));
                registers.write(register(0));
            }
            case ANDN -> {
                load(2);
                logic(() -> {
                    push(1);
                    code.loadConstant(-1L).lxor();
                    push(2);
                    code.land();
                });
                registers.write(register(0));
            }
            case IMUL -> multiplySigned();
            case MUL -> multiplyUnsigned();
            case MULX -> multiplyWithoutFlags();
            case CMOVCC -> moveIf();
            case SETCC -> setIf();
            case BT -> testBit();
            case BSWAP -> reverse();
            case XCHG -> exchange();
            case CDQE -> extendWithin(4, RAX, 8);
            case CWDE -> extendWithin(2, RAX, 4);
            case CQO -> spreadSign(8);
            case CDQ -> spreadSign(4);
            case PUSH -> push();
            case POP -> pop();
            case LEAVE -> leave();
            default -> throw new IllegalStateException("no bytecode for " + instruction.mnemonic());
        }
    }

    // Operands.

    private Operand.Register register(int index) {
        return (Operand.Register) instruction.operand(index);
    }

    private boolean inMemory(int index) {
        return instruction.operand(index) instanceof Operand.Memory;
    }

    private int size(int index) {
        return switch (instruction.operand(index)) {
            case Operand.Register register -> register.size();
            case Operand.Memory operand -> operand.size();
            case Operand.Immediate immediate -> immediate.size();
            default -> 8;
        };
    }

    /** Masked count of a shift by a constant. */
    private int count(int index) {
        return (int) ((Operand.Immediate) instruction.operand(index)).value() & (size(0) == 8 ? 63 : 31);
    }

    /** Reads an operand that is in memory into {@link Slots#LOADED}; nothing for others. Comes before anything is changed. */
    private void load(int index) {
        access(index, false);
    }

    private void access(int index, boolean write) {
        if (instruction.operand(index) instanceof Operand.Memory operand) {
            memory.find(operand, behind, write, slow);
            memory.load(operand.size());
            code.lstore(Slots.LOADED);
        }
    }

    /** Pushes an operand, sign-extended from its size; memory has been read. */
    private void push(int index) {
        switch (instruction.operand(index)) {
            case Operand.Register register -> registers.read(register);
            case Operand.Memory _ -> code.lload(Slots.LOADED);
            case Operand.Immediate(long value, int _) -> code.loadConstant(extended(value, size(0)));
            default -> throw new IllegalStateException("no value in " + instruction.operand(index));
        }
    }

    private static long extended(long value, int size) {
        int unused = 64 - 8 * size;
        return value << unused >> unused;
    }

    /** Writes the first operand, whose host address has been found where it is memory. */
    private void writeFirst(Runnable value) {
        if (inMemory(0)) {
            memory.store(size(0), value);
        } else {
            value.run();
            registers.write(register(0));
        }
    }

    private boolean flagsLive() {
        return (live & (instruction.row().flagsWritten() | instruction.row().flagsUndefined())) != 0;
    }

    // Arithmetic.

    private void binary() {
        Mnemonic operation = instruction.mnemonic();
        boolean writes = operation != Mnemonic.CMP && operation != Mnemonic.TEST;
        access(0, writes);
        load(1);
        switch (operation) {
            case AND, TEST -> logic(() -> operands(code::land));
            case OR -> logic(() -> operands(code::lor));
            case XOR -> logic(() -> operands(code::lxor));
            case ADD, ADC -> sum(operation == Mnemonic.ADC, true);
            default -> sum(operation == Mnemonic.SBB, false);
        }
        if (writes) {
            writeFirst(() -> code.lload(flagsLive() ? Slots.RESULT : Slots.FIRST));
        }
    }

    private void operands(Runnable operation) {
        push(0);
        push(1);
        operation.run();
    }

    /** Leaves a logical result in {@link Slots#RESULT} or, without flags, in {@link Slots#FIRST}; ANDN leaves it on the stack. */
    private void logic(Runnable result) {
        boolean onStack = instruction.mnemonic() == Mnemonic.ANDN;
        result.run();
        if (onStack) {
            code.dup2();
        }
        if (flagsLive()) {
            code.lstore(Slots.RESULT);
            flags.set(Form.LOGIC);
        } else {
            code.lstore(Slots.FIRST);
        }
    }

    /** A sum or difference, with or without the carry, in {@link Slots#RESULT} or {@link Slots#FIRST}. */
    private void sum(boolean withCarry, boolean add) {
        if (withCarry) {
            flags.pushCarry();
            code.i2l().lstore(Slots.SECOND);
        }
        if (!flagsLive()) {
            operands(add ? code::ladd : code::lsub);
            carryIn(withCarry, add);
            code.lstore(Slots.FIRST);
            return;
        }
        push(0);
        code.lstore(Slots.A);
        push(1);
        code.lstore(Slots.B);
        code.lload(Slots.A).lload(Slots.B);
        (add ? (Runnable) code::ladd : (Runnable) code::lsub).run();
        carryIn(withCarry, add);
        registers.extend(size(0));
        code.lstore(Slots.RESULT);
        flags.set(add ? Form.ADD : withCarry ? Form.SUB : Form.COMPARE);
    }

    private void carryIn(boolean withCarry, boolean add) {
        if (withCarry) {
            code.lload(Slots.SECOND);
            (add ? (Runnable) code::ladd : (Runnable) code::lsub).run();
        }
    }

    private void unary() {
        access(0, true);
        Mnemonic operation = instruction.mnemonic();
        if (operation == Mnemonic.NOT) {
            push(0);
            code.loadConstant(-1L).lxor().lstore(Slots.FIRST);
            writeFirst(() -> code.lload(Slots.FIRST));
            return;
        }
        boolean counts = operation != Mnemonic.NEG;
        boolean flagsLive = flagsLive();
        if (flagsLive && counts) {
            if ((live & Flags.CF) != 0) {
                flags.pushCarry();
            } else {
                code.iconst_0();
            }
            code.i2l().lstore(Slots.SECOND);
        }
        if (counts) {
            push(0);
            code.dup2().lstore(Slots.FIRST);
            code.loadConstant(operation == Mnemonic.INC ? 1L : -1L).ladd();
        } else {
            push(0);
            code.dup2().lstore(Slots.FIRST);
            code.lneg();
        }
        registers.extend(size(0));
        if (!flagsLive) {
            code.lstore(Slots.FIRST);
            writeFirst(() -> code.lload(Slots.FIRST));
            return;
        }
        code.lstore(Slots.RESULT);
        if (counts) {
            boolean increment = operation == Mnemonic.INC;
            code.lload(increment ? Slots.RESULT : Slots.FIRST).loadConstant(Long.MIN_VALUE >> 64 - 8 * size(0)).lload(Slots.SECOND).l2i();
            code.invokestatic(Types.FORMULAS, increment ? "incremented" : "decremented", Types.method("JJIJ"));
            code.lstore(Slots.A);
            flags.set(Form.RESULT);
        } else {
            code.lconst_0().lstore(Slots.A).lload(Slots.FIRST).lstore(Slots.B);
            flags.set(Form.COMPARE);
        }
        writeFirst(() -> code.lload(Slots.RESULT));
    }

    // Moves.

    private void move() {
        if (inMemory(0)) {
            memory.find(instruction.memory(), behind, true, slow);
        } else {
            load(1);
        }
        writeFirst(() -> push(1));
    }

    private void moveZeroExtended() {
        load(1);
        push(1);
        registers.zeroExtend(size(1));
        registers.write(register(0));
    }

    private void moveIf() {
        load(1);
        Label not = code.newLabel();
        // A 32-bit destination's upper half is cleared in either case.
        push(0);
        code.lstore(Slots.FIRST);
        flags.branchIf(instruction.condition() ^ 1, not);
        push(1);
        code.lstore(Slots.FIRST);
        code.labelBinding(not);
        code.lload(Slots.FIRST);
        registers.write(register(0));
    }

    private void setIf() {
        if (inMemory(0)) {
            memory.find(instruction.memory(), behind, true, slow);
        }
        Label not = code.newLabel();
        code.lconst_0().lstore(Slots.FIRST);
        flags.branchIf(instruction.condition() ^ 1, not);
        code.lconst_1().lstore(Slots.FIRST);
        code.labelBinding(not);
        writeFirst(() -> code.lload(Slots.FIRST));
    }

    private void exchange() {
        push(0);
        code.lstore(Slots.FIRST);
        push(1);
        code.lstore(Slots.SECOND);
        code.lload(Slots.FIRST);
        registers.write(register(1));
        code.lload(Slots.SECOND);
        registers.write(register(0));
    }

    private void reverse() {
        registers.read(register(0));
        code.invokestatic(Types.LONG, "reverseBytes", Types.method("JJ"));
        if (size(0) == 4) {
            code.loadConstant(32).lushr();
        }
        registers.write(register(0));
    }

    private void extendWithin(int from, int number, int to) {
        registers.read(number);
        registers.extend(from);
        registers.zeroExtend(to);
        registers.write(number);
    }

    /** RDX or EDX gets the sign of RAX or EAX. */
    private void spreadSign(int size) {
        registers.read(RAX);
        registers.extend(size);
        code.loadConstant(63).lshr();
        registers.zeroExtend(size);
        registers.write(RDX);
    }

    // Shifts.

    /** The operand as the operation sees it: SHR zero-extended, others sign-extended. */
    private void pushShifted() {
        push(0);
        if (instruction.mnemonic() == Mnemonic.SHR) {
            registers.zeroExtend(size(0));
        }
    }

    private void shift() {
        access(0, true);
        int size = size(0);
        boolean constant = instruction.operand(1) instanceof Operand.Immediate;
        if (constant && count(1) == 0) {
            if (!inMemory(0) && size == 4) {
                // The upper half is cleared even when nothing is shifted.
                push(0);
                registers.write(register(0));
            }
            return;
        }
        pushShifted();
        code.lstore(Slots.FIRST);
        if (constant) {
            code.loadConstant((long) count(1)).lstore(Slots.SECOND);
        } else {
            registers.read(RCX);
            code.loadConstant(size == 8 ? 63L : 31L).land().lstore(Slots.SECOND);
        }
        if (!flagsLive()) {
            writeFirst(this::shifted);
            return;
        }
        writeFirst(() -> {
            shifted();
            registers.extend(size);
            if (constant) {
                code.dup2().lstore(Slots.RESULT);
            } else {
                // The count is in the way of both: the result waits where the loaded value was.
                code.dup2().lstore(Slots.LOADED);
            }
        });
        if (constant) {
            shiftFlags(size);
            flags.set(Form.RESULT);
            return;
        }
        Label none = code.newLabel();
        code.lload(Slots.SECOND).lconst_0().lcmp().ifeq(none);
        code.lload(Slots.LOADED).lstore(Slots.RESULT);
        shiftFlags(size);
        flags.set(Form.RESULT);
        code.labelBinding(none);
        flags.join();
    }

    private void shifted() {
        code.lload(Slots.FIRST).lload(Slots.SECOND).l2i();
        switch (instruction.mnemonic()) {
            case SHL -> code.lshl();
            case SHR -> code.lushr();
            default -> code.lshr();
        }
    }

    private void shiftFlags(int size) {
        code.lload(Slots.FIRST).lload(Slots.SECOND).l2i();
        switch (instruction.mnemonic()) {
            case SHL -> code.loadConstant(8 * size).invokestatic(Types.FORMULAS, "shiftedLeft", Types.method("JIIJ"));
            case SHR -> code.loadConstant(8 * size).invokestatic(Types.FORMULAS, "shiftedRight", Types.method("JIIJ"));
            default -> code.invokestatic(Types.FORMULAS, "shiftedArithmetically", Types.method("JIJ"));
        }
        code.lstore(Slots.A);
    }

    private void shiftWithoutFlags() {
        load(1);
        push(1);
        if (instruction.mnemonic() == Mnemonic.SHRX) {
            registers.zeroExtend(size(0));
        }
        push(2);
        code.loadConstant(size(0) == 8 ? 63L : 31L).land().l2i();
        switch (instruction.mnemonic()) {
            case SHLX -> code.lshl();
            case SHRX -> code.lushr();
            default -> code.lshr();
        }
        registers.write(register(0));
    }

    /** Rotates the value on the stack left, a 4-byte one sign-extended. */
    private void turn(int size, int left) {
        if (size == 8) {
            code.loadConstant(left).invokestatic(Types.LONG, "rotateLeft", Types.method("JIJ"));
        } else {
            code.l2i().loadConstant(left).invokestatic(Types.INTEGER, "rotateLeft", Types.method("III")).i2l();
        }
    }

    private void rotate() {
        access(0, true);
        int size = size(0);
        int count = count(1);
        if (count == 0) {
            if (!inMemory(0)) {
                push(0);
                registers.write(register(0));
            }
            return;
        }
        boolean left = instruction.mnemonic() == Mnemonic.ROL;
        push(0);
        turn(size, left ? count : -count);
        code.lstore(Slots.FIRST);
        writeFirst(() -> code.lload(Slots.FIRST));
        if (flagsLive()) {
            flags.pushAllSix();
            code.lload(Slots.FIRST).loadConstant(8 * size).loadConstant(left ? 1 : 0);
            code.invokestatic(Types.FORMULAS, "rotated", Types.method("JJIZJ")).lstore(Slots.A);
            flags.set(Form.EXPLICIT);
        }
    }

    private void testBit() {
        if (!flagsLive()) {
            return;
        }
        flags.pushAllSix();
        push(0);
        push(1);
        code.loadConstant(8L * size(0) - 1).land();
        code.invokestatic(Types.FORMULAS, "bitTested", Types.method("JJJJ")).lstore(Slots.A);
        flags.set(Form.EXPLICIT);
    }

    // Multiplication.

    private void multiplySigned() {
        int size = size(0);
        if (instruction.operandCount() == 1) {
            load(0);
            code.lload(Slots.gpr(RAX));
            registers.extend(size);
            code.lstore(Slots.FIRST);
            push(0);
            code.lstore(Slots.SECOND);
            wide(size, "multiplyHigh");
            return;
        }
        boolean three = instruction.operandCount() == 3;
        load(1);
        push(three ? 1 : 0);
        code.lstore(Slots.FIRST);
        push(three ? 2 : 1);
        code.lstore(Slots.SECOND);
        if (flagsLive()) {
            flags.pushAllSix();
            fits(size);
            multiplied();
        }
        code.lload(Slots.FIRST).lload(Slots.SECOND).lmul();
        registers.write(register(0));
    }

    /** Pushes whether the product of two signed values is more than an operand holds. */
    private void fits(int size) {
        code.lload(Slots.FIRST).lload(Slots.SECOND).lmul();
        if (size == 8) {
            code.loadConstant(63).lshr();
            code.lload(Slots.FIRST).lload(Slots.SECOND).invokestatic(Types.MATH, "multiplyHigh", Types.method("JJJ"));
        } else {
            code.dup2();
            registers.extend(size);
        }
        differ();
    }

    /** Pushes 1 when two longs on the stack differ, else 0. */
    private void differ() {
        Label same = code.newLabel();
        Label end = code.newLabel();
        code.lcmp().ifeq(same).iconst_1().goto_(end).labelBinding(same).iconst_0().labelBinding(end);
    }

    /** Flags and the question whether the product is too wide are on the stack. */
    private void multiplied() {
        code.invokestatic(Types.FORMULAS, "multiplied", Types.method("JZJ")).lstore(Slots.A);
        flags.set(Form.EXPLICIT);
    }

    private void multiplyUnsigned() {
        int size = size(0);
        load(0);
        registers.read(RAX);
        registers.zeroExtend(size);
        code.lstore(Slots.FIRST);
        push(0);
        registers.zeroExtend(size);
        code.lstore(Slots.SECOND);
        wide(size, "unsignedMultiplyHigh");
    }

    /** A product of two operands into RAX and RDX, or EAX and EDX. */
    private void wide(int size, String high) {
        boolean signed = high.equals("multiplyHigh");
        product(size, high);
        if (flagsLive()) {
            // The upper half is in SECOND, the lower one in FIRST.
            flags.pushAllSix();
            code.lload(Slots.SECOND);
            if (signed) {
                code.lload(Slots.FIRST);
                registers.extend(size);
                code.loadConstant(63).lshr();
            } else {
                code.lconst_0();
            }
            differ();
            multiplied();
        }
        code.lload(Slots.FIRST);
        registers.zeroExtend(size);
        registers.write(RAX);
        code.lload(Slots.SECOND);
        registers.zeroExtend(size);
        registers.write(RDX);
    }

    /** Replaces two factors by the product's halves: the lower in FIRST, the upper in SECOND. */
    private void product(int size, String high) {
        code.lload(Slots.FIRST).lload(Slots.SECOND).lmul();
        if (size == 8) {
            code.lload(Slots.FIRST).lload(Slots.SECOND).invokestatic(Types.MATH, high, Types.method("JJJ"));
            code.lstore(Slots.SECOND);
            code.lstore(Slots.FIRST);
        } else {
            code.dup2().lstore(Slots.FIRST).loadConstant(32);
            if (high.equals("multiplyHigh")) {
                code.lshr();
            } else {
                code.lushr();
            }
            code.lstore(Slots.SECOND);
        }
    }

    private void multiplyWithoutFlags() {
        int size = size(0);
        load(2);
        registers.read(RDX);
        registers.zeroExtend(size);
        code.lstore(Slots.FIRST);
        push(2);
        registers.zeroExtend(size);
        code.lstore(Slots.SECOND);
        product(size, "unsignedMultiplyHigh");
        // The lower half first: with one destination for both, it keeps the upper one.
        code.lload(Slots.FIRST);
        registers.write(register(1));
        code.lload(Slots.SECOND);
        registers.write(register(0));
    }

    // Stack.

    private void push() {
        memory.findStack(RSP, -8, true, slow);
        memory.store(8, () -> {
            if (instruction.operand(0) instanceof Operand.Immediate(long value, int _)) {
                code.loadConstant(value);
            } else {
                push(0);
            }
        });
        moveStack(-8);
    }

    private void pop() {
        memory.findStack(RSP, 0, false, slow);
        memory.load(8);
        registers.write(register(0));
        moveStack(8);
    }

    private void leave() {
        memory.findStack(RBP, 0, false, slow);
        registers.read(RBP);
        registers.write(RSP);
        memory.load(8);
        registers.write(RBP);
        moveStack(8);
    }

    /** Adds to RSP. */
    void moveStack(int bytes) {
        registers.read(RSP);
        code.loadConstant((long) bytes).ladd();
        registers.write(RSP);
    }
}
