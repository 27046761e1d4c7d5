package dev.quoll.emulator.core;

import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;

/** An op class that {@link OpTemplate} specialises. Has a constructor without parameters for its prototype. */
public abstract class TemplateOp extends MemOp {
    /** A prototype, or an op without memory operand. */
    protected TemplateOp() {}

    /** @param write whether the access writes */
    protected TemplateOp(BlockContext context, Operand.Memory operand, boolean write) {
        super(context, operand, write);
    }

    /** As {@link MemOp#MemOp(BlockContext, Operand.Memory, int, boolean)}. */
    protected TemplateOp(BlockContext context, Operand.Memory operand, int span, boolean write) {
        super(context, operand, span, write);
    }

    /** Makes an op of this specialisation: {@code new} of the template class itself. */
    protected abstract TemplateOp create(Instruction instruction, BlockContext context);

    /** State-block slot of a general register operand. */
    public static int slot(Operand operand) {
        Operand.Register register = (Operand.Register) operand;
        int slot = StateLayout.gpr(register.number());
        return register.cls() == RegisterClass.GPR8_HIGH ? slot + 1 : slot;
    }

    /** Bytes of an operand. */
    public static int size(Operand operand) {
        return switch (operand) {
            case Operand.Register register -> register.size();
            case Operand.Memory memory -> memory.size();
            case Operand.Immediate immediate -> immediate.size();
            case Operand.Relative relative -> 0;
            case Operand.FarPointer far -> 0;
        };
    }

    /** A value of 1, 2, 4 or 8 bytes, sign-extended; with a constant size this folds to one move. */
    protected static long extend(long value, int size) {
        return switch (size) {
            case 1 -> (byte) value;
            case 2 -> (short) value;
            case 4 -> (int) value;
            default -> value;
        };
    }

    /** As {@link #extend}, but zero-extended. */
    protected static long unsigned(long value, int size) {
        return switch (size) {
            case 1 -> value & 0xff;
            case 2 -> value & 0xffff;
            case 4 -> value & 0xffffffffL;
            default -> value;
        };
    }

    /** Reads memory, sign-extended. */
    protected final long load(Cpu cpu, long va, int size) {
        return switch (size) {
            case 1 -> (byte) cpu.load8(this, va);
            case 2 -> (short) cpu.load16(this, va);
            case 4 -> cpu.load32(this, va);
            default -> cpu.load64(this, va);
        };
    }

    protected final void store(Cpu cpu, long va, int size, long value) {
        switch (size) {
            case 1 -> cpu.store8(this, va, (int) value);
            case 2 -> cpu.store16(this, va, (int) value);
            case 4 -> cpu.store32(this, va, (int) value);
            default -> cpu.store64(this, va, value);
        }
    }

    /** First half of a read-modify-write, sign-extended. */
    protected final long loadForWrite(Cpu cpu, long va, int size) {
        return switch (size) {
            case 1 -> (byte) cpu.loadForWrite8(this, va);
            case 2 -> (short) cpu.loadForWrite16(this, va);
            case 4 -> cpu.loadForWrite32(this, va);
            default -> cpu.loadForWrite64(this, va);
        };
    }

    /** Second half of a read-modify-write. */
    protected static void storeBack(Cpu cpu, int size, long value) {
        switch (size) {
            case 1 -> cpu.storeBack8((int) value);
            case 2 -> cpu.storeBack16((int) value);
            case 4 -> cpu.storeBack32((int) value);
            default -> cpu.storeBack64(value);
        }
    }
}
