package dev.quoll.emulator.translate.bytecode;

import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.Segment;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;

/** Addresses of memory operands, and accesses through the soft TLB. What it lacks goes to the interpreter, before anything is changed. */
final class MemoryAccess {
    private final CodeBuilder code;
    private final RegisterLocals registers;

    MemoryAccess(CodeBuilder code, RegisterLocals registers) {
        this.code = code;
        this.registers = registers;
    }

    /** Pushes an operand's offset. @param behind offset in the page behind the instruction */
    void offset(Operand.Memory memory, int behind) {
        long displacement = memory.displacement();
        boolean something = true;
        if (memory.base() == Operand.Memory.RIP) {
            code.lload(Slots.RIP_BASE);
            displacement += behind;
        } else if (memory.base() != Operand.Memory.NONE) {
            registers.read(memory.base());
        } else {
            something = false;
        }
        if (memory.index() != Operand.Memory.NONE) {
            registers.read(memory.index());
            if (memory.scaleShift() != 0) {
                code.loadConstant(memory.scaleShift()).lshl();
            }
            if (something) {
                code.ladd();
            }
            something = true;
        }
        if (!something) {
            code.loadConstant(displacement);
        } else if (displacement != 0) {
            code.loadConstant(displacement).ladd();
        }
    }

    private void linear(Operand.Memory memory, int behind) {
        offset(memory, behind);
        if (memory.segment() == Segment.FS || memory.segment() == Segment.GS) {
            code.aload(Slots.CPU).loadConstant(memory.segment().ordinal());
            code.invokevirtual(Types.CPU, "segmentBase", Types.method("IJ")).ladd();
        }
    }

    /** The host address of an operand into {@link Slots#HOST}. */
    void find(Operand.Memory memory, int behind, boolean write, Label slow) {
        code.aload(Slots.CPU);
        linear(memory, behind);
        found(memory.size(), write, slow);
    }

    /** The host address of eight bytes on the stack, at a register plus a distance. */
    void findStack(int register, int distance, boolean write, Label slow) {
        code.aload(Slots.CPU);
        registers.read(register);
        if (distance != 0) {
            code.loadConstant((long) distance).ladd();
        }
        found(8, write, slow);
    }

    private void found(int size, boolean write, Label slow) {
        code.loadConstant(size).invokevirtual(Types.CPU, write ? "writable" : "readable", Types.method("JIJ"));
        code.lstore(Slots.HOST);
        code.lload(Slots.HOST).lconst_0().lcmp().iflt(slow);
    }

    /** Pushes what is there, sign-extended. */
    void load(int size) {
        code.aload(Slots.CPU).lload(Slots.HOST).loadConstant(size).invokevirtual(Types.CPU, "loadAt", Types.method("JIJ"));
    }

    /** Writes a value there that a piece of code pushes. */
    void store(int size, Runnable value) {
        code.aload(Slots.CPU).lload(Slots.HOST).loadConstant(size);
        value.run();
        code.invokevirtual(Types.CPU, "storeAt", Types.method("JIJV"));
    }
}
