package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** A {@link FloatOperation} on scalar or packed operands. */
final class FloatOp extends XmmOp implements FallThrough {
    // What is computed on.
    static final int SINGLE = 0;
    static final int DOUBLE = 1;
    static final int SINGLES = 2;
    static final int DOUBLES = 3;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int ELEMENTS = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 2);

    private final int immediate;

    FloatOp() {
        immediate = 0;
    }

    private FloatOp(Instruction instruction) {
        super(instruction);
        immediate = immediate(instruction);
    }

    private FloatOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
        immediate = immediate(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new FloatOp(instruction) : new FloatOp(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long va = sourceAddress(cpu, FORM);
        long host = sourceHost(cpu, FORM, va);
        long b = sourceLow(cpu, FORM, va, host);
        if (ELEMENTS == SINGLE) {
            Mxcsr mxcsr = cpu.beginSimd();
            int result = FloatOperation.onSingle(OPERATION, cpu.get32(target), (int) b, immediate, mxcsr);
            cpu.endSimd(this);
            cpu.put32(target, result);
        } else if (ELEMENTS == DOUBLE) {
            Mxcsr mxcsr = cpu.beginSimd();
            long result = FloatOperation.onDouble(OPERATION, cpu.get64(target), b, immediate, mxcsr);
            cpu.endSimd(this);
            cpu.set64(target, result);
        } else {
            packed(cpu, b, sourceHigh(cpu, FORM, va, host));
        }
    }

    private void packed(Cpu cpu, long bl, long bh) {
        long al = cpu.get64(target);
        long ah = cpu.get64(target + 8);
        Mxcsr mxcsr = cpu.beginSimd();
        long low;
        long high;
        if (ELEMENTS == SINGLES) {
            low = FloatOperation.onSingles(OPERATION, al, bl, immediate, mxcsr);
            high = FloatOperation.onSingles(OPERATION, ah, bh, immediate, mxcsr);
        } else {
            low = FloatOperation.onDouble(OPERATION, al, bl, immediate, mxcsr);
            high = FloatOperation.onDouble(OPERATION, ah, bh, immediate, mxcsr);
        }
        cpu.endSimd(this);
        setTarget(cpu, low, high);
    }
}
