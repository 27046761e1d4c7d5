package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.HalfConvert;
import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** VCVTPH2PS: four or eight halves to singles. */
final class FromHalfOp extends VexOp implements FallThrough {
    /** Bytes of the target. */
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 1);

    FromHalfOp() {}

    private FromHalfOp(Instruction instruction, BlockContext context) {
        super(instruction, context);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new FromHalfOp(instruction, context);
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
        long a = source(cpu, FORM, va, host, 0);
        long b = LENGTH == YMM ? source(cpu, FORM, va, host, 1) : 0;
        Mxcsr mxcsr = cpu.beginSimd();
        long r0 = pair(a, mxcsr);
        long r1 = pair(a >>> 32, mxcsr);
        if (LENGTH == YMM) {
            long r2 = pair(b, mxcsr);
            long r3 = pair(b >>> 32, mxcsr);
            cpu.endSimd(this);
            setYmm(cpu, r0, r1, r2, r3);
        } else {
            cpu.endSimd(this);
            setXmm(cpu, r0, r1);
        }
    }

    private static long pair(long halves, Mxcsr mxcsr) {
        int low = HalfConvert.halfToSingle((int) halves, mxcsr);
        return low & 0xffff_ffffL | (long) HalfConvert.halfToSingle((int) halves >>> 16, mxcsr) << 32;
    }
}
