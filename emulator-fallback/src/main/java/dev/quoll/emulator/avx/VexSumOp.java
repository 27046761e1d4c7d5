package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.sse.FloatSum;
import java.lang.invoke.MethodHandles;

/** A {@link FloatSum} on each 128 bits by themselves. */
final class VexSumOp extends VexOp implements FallThrough {
    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final boolean DOUBLES = OpTemplate.flag(MethodHandles.lookup(), 1);
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 2);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 3);

    private final int immediate;

    VexSumOp() {
        immediate = 0;
    }

    private VexSumOp(Instruction instruction, BlockContext context) {
        super(instruction, context);
        immediate = immediate(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new VexSumOp(instruction, context);
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
        long b1 = source(cpu, FORM, va, host, 1);
        long b2 = LENGTH == YMM ? source(cpu, FORM, va, host, 2) : 0;
        long b3 = LENGTH == YMM ? source(cpu, FORM, va, host, 3) : 0;
        Mxcsr mxcsr = cpu.beginSimd();
        if (OPERATION == FloatSum.DOT_PRODUCT && LENGTH == YMM) {
            dotProducts(cpu, b0, b1, b2, b3, mxcsr);
            return;
        }
        long dot = dot(cpu, 0, b0, b1, mxcsr);
        long r0 = low(cpu, 0, b0, dot, mxcsr);
        long r1 = high(cpu, 0, b0, b1, dot, mxcsr);
        if (LENGTH == YMM) {
            long r2 = low(cpu, 2, b2, 0, mxcsr);
            long r3 = high(cpu, 2, b2, b3, 0, mxcsr);
            cpu.endSimd(this);
            setYmm(cpu, r0, r1, r2, r3);
        } else {
            cpu.endSimd(this);
            setXmm(cpu, r0, r1);
        }
    }

    /** VDPPS on 256 bits: each step is one of both halves, so that an exception in one stops the other. */
    private void dotProducts(Cpu cpu, long b0, long b1, long b2, long b3, Mxcsr mxcsr) {
        long p0 = FloatSum.products(first(cpu, 0), b0, immediate >> 4, mxcsr);
        long p1 = FloatSum.products(first(cpu, 1), b1, immediate >> 6, mxcsr);
        long p2 = FloatSum.products(first(cpu, 2), b2, immediate >> 4, mxcsr);
        long p3 = FloatSum.products(first(cpu, 3), b3, immediate >> 6, mxcsr);
        long low = 0;
        long high = 0;
        if (mxcsr.endStep()) {
            long lowSums = FloatSum.sums(p0, p1, mxcsr);
            long highSums = FloatSum.sums(p2, p3, mxcsr);
            if (mxcsr.endStep()) {
                low = FloatSum.total(lowSums, mxcsr);
                high = FloatSum.total(highSums, mxcsr);
            }
        }
        cpu.endSimd(this);
        setYmm(
                cpu,
                low(cpu, 0, b0, low, mxcsr),
                high(cpu, 0, b0, b1, low, mxcsr),
                low(cpu, 2, b2, high, mxcsr),
                high(cpu, 2, b2, b3, high, mxcsr));
    }

    private long dot(Cpu cpu, int index, long bl, long bh, Mxcsr mxcsr) {
        return FloatSum.dotProduct(
                OPERATION, DOUBLES, first(cpu, index), first(cpu, index + 1), bl, bh, immediate, mxcsr);
    }

    private long low(Cpu cpu, int index, long bl, long dot, Mxcsr mxcsr) {
        return FloatSum.low(
                OPERATION, DOUBLES, first(cpu, index), first(cpu, index + 1), bl, dot, immediate, mxcsr);
    }

    private long high(Cpu cpu, int index, long bl, long bh, long dot, Mxcsr mxcsr) {
        return FloatSum.high(OPERATION, DOUBLES, first(cpu, index + 1), bl, bh, dot, immediate, mxcsr);
    }
}
