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

/** VCVTPS2PH: four or eight singles to halves, in a register or memory. */
final class ToHalfOp extends VexOp implements FallThrough {
    /** Bytes of the source. */
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 0);
    /** Of the target. */
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 1);

    private final int immediate;

    ToHalfOp() {
        immediate = 0;
    }

    private ToHalfOp(Instruction instruction, BlockContext context) {
        super(instruction, context);
        immediate = immediate(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new ToHalfOp(instruction, context);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long va = sourceAddress(cpu, FORM);
        if (FORM != REGISTER) {
            // A fault of memory must leave MXCSR alone.
            cpu.checkCanonical(this, va, LENGTH / 2);
            cpu.checkAlignment(this, va, LENGTH / 2);
            cpu.probeWrite(this, va, LENGTH / 2);
        }
        Mxcsr mxcsr = cpu.beginSimd();
        long low = quadruple(first(cpu, 0), first(cpu, 1), mxcsr);
        long high = LENGTH == YMM ? quadruple(first(cpu, 2), first(cpu, 3), mxcsr) : 0;
        cpu.endSimd(this);
        if (FORM == REGISTER) {
            setXmm(cpu, low, high);
        } else if (LENGTH == YMM) {
            storeXmm(cpu, va, low, high);
        } else {
            cpu.store64(this, va, low);
        }
    }

    private long quadruple(long a, long b, Mxcsr mxcsr) {
        return half(a, mxcsr) | half(a >>> 32, mxcsr) << 16 | half(b, mxcsr) << 32 | half(b >>> 32, mxcsr) << 48;
    }

    private long half(long single, Mxcsr mxcsr) {
        return HalfConvert.singleToHalf((int) single, immediate, mxcsr);
    }
}
