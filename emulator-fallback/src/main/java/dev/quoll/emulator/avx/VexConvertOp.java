package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.sse.PackedConversion;
import java.lang.invoke.MethodHandles;

/** A {@link PackedConversion}. */
final class VexConvertOp extends VexOp implements FallThrough {
    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    /** The longer of source and target. */
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 2);

    VexConvertOp() {}

    private VexConvertOp(Instruction instruction, BlockContext context) {
        super(instruction, context);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new VexConvertOp(instruction, context);
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
        long a0 = source(cpu, FORM, va, host, 0);
        if (PackedConversion.widens(OPERATION)) {
            widen(cpu, a0, LENGTH == YMM ? source(cpu, FORM, va, host, 1) : 0);
            return;
        }
        long a1 = source(cpu, FORM, va, host, 1);
        long a2 = LENGTH == YMM ? source(cpu, FORM, va, host, 2) : 0;
        long a3 = LENGTH == YMM ? source(cpu, FORM, va, host, 3) : 0;
        if (PackedConversion.narrows(OPERATION)) {
            narrow(cpu, a0, a1, a2, a3);
        } else {
            pairs(cpu, a0, a1, a2, a3);
        }
    }

    private void widen(Cpu cpu, long a0, long a1) {
        Mxcsr mxcsr = cpu.beginSimd();
        long r0 = PackedConversion.widened(OPERATION, a0, mxcsr);
        long r1 = PackedConversion.widened(OPERATION, a0 >>> 32, mxcsr);
        if (LENGTH == YMM) {
            long r2 = PackedConversion.widened(OPERATION, a1, mxcsr);
            long r3 = PackedConversion.widened(OPERATION, a1 >>> 32, mxcsr);
            cpu.endSimd(this);
            setYmm(cpu, r0, r1, r2, r3);
        } else {
            cpu.endSimd(this);
            setXmm(cpu, r0, r1);
        }
    }

    private void narrow(Cpu cpu, long a0, long a1, long a2, long a3) {
        Mxcsr mxcsr = cpu.beginSimd();
        long low = PackedConversion.narrowed(OPERATION, a0, a1, mxcsr);
        long high = LENGTH == YMM ? PackedConversion.narrowed(OPERATION, a2, a3, mxcsr) : 0;
        cpu.endSimd(this);
        setXmm(cpu, low, high);
    }

    private void pairs(Cpu cpu, long a0, long a1, long a2, long a3) {
        Mxcsr mxcsr = cpu.beginSimd();
        long r0 = PackedConversion.pair(OPERATION, a0, mxcsr);
        long r1 = PackedConversion.pair(OPERATION, a1, mxcsr);
        if (LENGTH == YMM) {
            long r2 = PackedConversion.pair(OPERATION, a2, mxcsr);
            long r3 = PackedConversion.pair(OPERATION, a3, mxcsr);
            cpu.endSimd(this);
            setYmm(cpu, r0, r1, r2, r3);
        } else {
            cpu.endSimd(this);
            setXmm(cpu, r0, r1);
        }
    }
}
