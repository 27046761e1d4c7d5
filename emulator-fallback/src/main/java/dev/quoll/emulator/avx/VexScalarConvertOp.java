package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.sse.ScalarConversion;
import java.lang.invoke.MethodHandles;

/** A {@link ScalarConversion} to an element of a vector register; the rest of 16 bytes comes from the first source. */
final class VexScalarConvertOp extends VexOp implements FallThrough {
    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 1);

    VexScalarConvertOp() {}

    private VexScalarConvertOp(Instruction instruction, BlockContext context) {
        super(instruction, context);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new VexScalarConvertOp(instruction, context);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long value = source(cpu, FORM, sourceAddress(cpu, FORM), -1, 0);
        Mxcsr mxcsr = cpu.beginSimd();
        long result = ScalarConversion.convert(OPERATION, value, mxcsr);
        cpu.endSimd(this);
        if (OPERATION <= ScalarConversion.DOUBLE_TO_SINGLE) {
            result = first(cpu, 0) & ~0xffff_ffffL | result & 0xffff_ffffL;
        }
        setXmm(cpu, result, first(cpu, 1));
    }
}
