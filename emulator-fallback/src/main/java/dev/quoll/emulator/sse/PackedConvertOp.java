package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.fpu.SseConvert;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** Packed conversions between XMM operands. */
final class PackedConvertOp extends XmmOp {
    static final int SINGLES_TO_DOUBLES = 0;
    static final int DOUBLES_TO_SINGLES = 1;
    static final int INTS_TO_SINGLES = 2;
    static final int SINGLES_TO_INTS = 3;
    static final int SINGLES_TO_INTS_TRUNCATED = 4;
    static final int DOUBLES_TO_INTS = 5;
    static final int DOUBLES_TO_INTS_TRUNCATED = 6;
    static final int INTS_TO_DOUBLES = 7;

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
        long va = sourceAddress(cpu, FORM);
        long host = sourceHost(cpu, FORM, va);
        long l = sourceLow(cpu, FORM, va, host);
        long h = sourceHigh(cpu, FORM, va, host);
        Mxcsr mxcsr = cpu.beginSimd();
        long low = low(l, h, mxcsr);
        long high = high(l, h, mxcsr);
        cpu.endSimd(this);
        setTarget(cpu, low, high);
        return next.run(cpu);
    }

    private static long low(long l, long h, Mxcsr mxcsr) {
        return switch (OPERATION) {
            case SINGLES_TO_DOUBLES -> SseConvert.singleToDouble((int) l, mxcsr);
            case DOUBLES_TO_SINGLES -> PairConversion.doublesToSingles(l, h, mxcsr);
            case INTS_TO_SINGLES -> PairConversion.intsToSingles(l, mxcsr);
            case SINGLES_TO_INTS, SINGLES_TO_INTS_TRUNCATED ->
                PairConversion.singlesToInts(l, OPERATION == SINGLES_TO_INTS_TRUNCATED, mxcsr);
            case DOUBLES_TO_INTS, DOUBLES_TO_INTS_TRUNCATED ->
                PairConversion.doublesToInts(l, h, OPERATION == DOUBLES_TO_INTS_TRUNCATED, mxcsr);
            default -> SseConvert.intToDouble((int) l);
        };
    }

    private static long high(long l, long h, Mxcsr mxcsr) {
        return switch (OPERATION) {
            case SINGLES_TO_DOUBLES -> SseConvert.singleToDouble((int) (l >>> 32), mxcsr);
            case INTS_TO_SINGLES -> PairConversion.intsToSingles(h, mxcsr);
            case SINGLES_TO_INTS, SINGLES_TO_INTS_TRUNCATED ->
                PairConversion.singlesToInts(h, OPERATION == SINGLES_TO_INTS_TRUNCATED, mxcsr);
            case INTS_TO_DOUBLES -> SseConvert.intToDouble((int) (l >>> 32));
            default -> 0;
        };
    }
}
