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

/** A {@link ScalarConversion} between XMM and general registers or memory. */
final class ScalarConvertOp extends XmmOp implements FallThrough {
    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 1);

    ScalarConvertOp() {}

    private ScalarConvertOp(Instruction instruction) {
        super(instruction);
    }

    private ScalarConvertOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new ScalarConvertOp(instruction) : new ScalarConvertOp(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long va = sourceAddress(cpu, FORM);
        long value = sourceLow(cpu, FORM, va, -1);
        Mxcsr mxcsr = cpu.beginSimd();
        long result = ScalarConversion.convert(OPERATION, value, mxcsr);
        cpu.endSimd(this);
        if (OPERATION <= ScalarConversion.DOUBLE_TO_SINGLE) {
            cpu.put32(target, (int) result);
        } else if (OPERATION >= ScalarConversion.SINGLE_TO_INT && OPERATION <= ScalarConversion.DOUBLE_TO_INT_TRUNCATED) {
            cpu.set32(target, (int) result);
        } else {
            cpu.set64(target, result);
        }
    }
}
