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
        long dot = dot(cpu, 0, b0, b1, mxcsr);
        long r0 = low(cpu, 0, b0, dot, mxcsr);
        long r1 = high(cpu, 0, b0, b1, dot, mxcsr);
        if (LENGTH == YMM) {
            dot = dot(cpu, 2, b2, b3, mxcsr);
            long r2 = low(cpu, 2, b2, dot, mxcsr);
            long r3 = high(cpu, 2, b2, b3, dot, mxcsr);
            cpu.endSimd(this);
            setYmm(cpu, r0, r1, r2, r3);
        } else {
            cpu.endSimd(this);
            setXmm(cpu, r0, r1);
        }
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
