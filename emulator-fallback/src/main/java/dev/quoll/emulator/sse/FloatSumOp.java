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

/** A {@link FloatSum} on XMM registers. */
final class FloatSumOp extends XmmOp implements FallThrough {
    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final boolean DOUBLES = OpTemplate.flag(MethodHandles.lookup(), 1);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 2);

    private final int immediate;

    FloatSumOp() {
        immediate = 0;
    }

    private FloatSumOp(Instruction instruction) {
        super(instruction);
        immediate = immediate(instruction);
    }

    private FloatSumOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
        immediate = immediate(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new FloatSumOp(instruction) : new FloatSumOp(instruction, context, memory);
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
        long bl = sourceLow(cpu, FORM, va, host);
        long bh = sourceHigh(cpu, FORM, va, host);
        long al = cpu.get64(target);
        long ah = cpu.get64(target + 8);
        Mxcsr mxcsr = cpu.beginSimd();
        long dot = FloatSum.dotProduct(OPERATION, DOUBLES, al, ah, bl, bh, immediate, mxcsr);
        long low = FloatSum.low(OPERATION, DOUBLES, al, ah, bl, dot, immediate, mxcsr);
        long high = FloatSum.high(OPERATION, DOUBLES, ah, bl, bh, dot, immediate, mxcsr);
        cpu.endSimd(this);
        setTarget(cpu, low, high);
    }
}
