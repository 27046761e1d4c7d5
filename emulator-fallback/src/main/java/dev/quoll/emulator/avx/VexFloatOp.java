package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.sse.FloatOperation;
import java.lang.invoke.MethodHandles;

/** A {@link FloatOperation} on scalar or packed operands. A scalar result takes the rest of 16 bytes from the first source. */
final class VexFloatOp extends VexOp implements FallThrough {
    // What is computed on.
    static final int SINGLE = 0;
    static final int DOUBLE = 1;
    static final int SINGLES = 2;
    static final int DOUBLES = 3;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int ELEMENTS = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 2);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 3);

    private final int immediate;

    VexFloatOp() {
        immediate = 0;
    }

    private VexFloatOp(Instruction instruction, BlockContext context) {
        super(instruction, context);
        immediate = immediate(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new VexFloatOp(instruction, context);
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
        long b0 = source(cpu, FORM, va, host, 0);
        if (ELEMENTS == SINGLE || ELEMENTS == DOUBLE) {
            scalar(cpu, b0);
        } else if (LENGTH == XMM) {
            packed(cpu, b0, source(cpu, FORM, va, host, 1));
        } else {
            long b1 = source(cpu, FORM, va, host, 1);
            long b2 = source(cpu, FORM, va, host, 2);
            packed(cpu, b0, b1, b2, source(cpu, FORM, va, host, 3));
        }
    }

    private void scalar(Cpu cpu, long b) {
        long a = first(cpu, 0);
        long high = first(cpu, 1);
        Mxcsr mxcsr = cpu.beginSimd();
        long result;
        if (ELEMENTS == SINGLE) {
            int low = FloatOperation.onSingle(OPERATION, (int) a, (int) b, immediate, mxcsr);
            result = a & ~0xffff_ffffL | low & 0xffff_ffffL;
        } else {
            result = FloatOperation.onDouble(OPERATION, a, b, immediate, mxcsr);
        }
        cpu.endSimd(this);
        setXmm(cpu, result, high);
    }

    private void packed(Cpu cpu, long b0, long b1) {
        Mxcsr mxcsr = cpu.beginSimd();
        long r0 = apply(first(cpu, 0), b0, mxcsr);
        long r1 = apply(first(cpu, 1), b1, mxcsr);
        cpu.endSimd(this);
        setXmm(cpu, r0, r1);
    }

    private void packed(Cpu cpu, long b0, long b1, long b2, long b3) {
        Mxcsr mxcsr = cpu.beginSimd();
        long r0 = apply(first(cpu, 0), b0, mxcsr);
        long r1 = apply(first(cpu, 1), b1, mxcsr);
        long r2 = apply(first(cpu, 2), b2, mxcsr);
        long r3 = apply(first(cpu, 3), b3, mxcsr);
        cpu.endSimd(this);
        setYmm(cpu, r0, r1, r2, r3);
    }

    private long apply(long a, long b, Mxcsr mxcsr) {
        return ELEMENTS == SINGLES
                ? FloatOperation.onSingles(OPERATION, a, b, immediate, mxcsr)
                : FloatOperation.onDouble(OPERATION, a, b, immediate, mxcsr);
    }
}
