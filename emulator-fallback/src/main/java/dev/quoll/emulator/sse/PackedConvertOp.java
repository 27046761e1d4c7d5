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

/** A {@link PackedConversion} between XMM operands. */
final class PackedConvertOp extends XmmOp implements FallThrough {
    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 1);

    PackedConvertOp() {}

    private PackedConvertOp(Instruction instruction) {
        super(instruction);
    }

    private PackedConvertOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new PackedConvertOp(instruction) : new PackedConvertOp(instruction, context, memory);
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
        long l = sourceLow(cpu, FORM, va, host);
        long h = sourceHigh(cpu, FORM, va, host);
        Mxcsr mxcsr = cpu.beginSimd();
        long low = low(l, h, mxcsr);
        long high = high(l, h, mxcsr);
        cpu.endSimd(this);
        setTarget(cpu, low, high);
    }

    private static long low(long l, long h, Mxcsr mxcsr) {
        if (PackedConversion.widens(OPERATION)) {
            return PackedConversion.widened(OPERATION, l, mxcsr);
        }
        return PackedConversion.narrows(OPERATION)
                ? PackedConversion.narrowed(OPERATION, l, h, mxcsr)
                : PackedConversion.pair(OPERATION, l, mxcsr);
    }

    private static long high(long l, long h, Mxcsr mxcsr) {
        if (PackedConversion.widens(OPERATION)) {
            return PackedConversion.widened(OPERATION, l >>> 32, mxcsr);
        }
        return PackedConversion.narrows(OPERATION) ? 0 : PackedConversion.pair(OPERATION, h, mxcsr);
    }
}
