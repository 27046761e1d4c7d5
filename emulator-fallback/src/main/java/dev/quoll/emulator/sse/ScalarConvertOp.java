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

/** Scalar conversions between XMM and general registers and between the precisions. */
final class ScalarConvertOp extends XmmOp {
    static final int INT_TO_SINGLE = 0;
    static final int LONG_TO_SINGLE = 1;
    static final int DOUBLE_TO_SINGLE = 2;
    static final int INT_TO_DOUBLE = 3;
    static final int LONG_TO_DOUBLE = 4;
    static final int SINGLE_TO_DOUBLE = 5;
    static final int SINGLE_TO_INT = 6;
    static final int SINGLE_TO_INT_TRUNCATED = 7;
    static final int DOUBLE_TO_INT = 8;
    static final int DOUBLE_TO_INT_TRUNCATED = 9;
    static final int SINGLE_TO_LONG = 10;
    static final int SINGLE_TO_LONG_TRUNCATED = 11;
    static final int DOUBLE_TO_LONG = 12;
    static final int DOUBLE_TO_LONG_TRUNCATED = 13;

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
        long va = sourceAddress(cpu, FORM);
        long value = sourceLow(cpu, FORM, va, -1);
        Mxcsr mxcsr = cpu.beginSimd();
        long result = convert(value, mxcsr);
        cpu.endSimd(this);
        if (OPERATION <= DOUBLE_TO_SINGLE) {
            cpu.put32(target, (int) result);
        } else if (OPERATION >= SINGLE_TO_INT && OPERATION <= DOUBLE_TO_INT_TRUNCATED) {
            cpu.set32(target, (int) result);
        } else {
            cpu.set64(target, result);
        }
        return next.run(cpu);
    }

    private static long convert(long value, Mxcsr mxcsr) {
        return switch (OPERATION) {
            case INT_TO_SINGLE -> SseConvert.intToSingle((int) value, mxcsr);
            case LONG_TO_SINGLE -> SseConvert.longToSingle(value, mxcsr);
            case DOUBLE_TO_SINGLE -> SseConvert.doubleToSingle(value, mxcsr);
            case INT_TO_DOUBLE -> SseConvert.intToDouble((int) value);
            case LONG_TO_DOUBLE -> SseConvert.longToDouble(value, mxcsr);
            case SINGLE_TO_DOUBLE -> SseConvert.singleToDouble((int) value, mxcsr);
            case SINGLE_TO_INT -> SseConvert.singleToInt((int) value, mxcsr);
            case SINGLE_TO_INT_TRUNCATED -> SseConvert.singleToIntTruncated((int) value, mxcsr);
            case DOUBLE_TO_INT -> SseConvert.doubleToInt(value, mxcsr);
            case DOUBLE_TO_INT_TRUNCATED -> SseConvert.doubleToIntTruncated(value, mxcsr);
            case SINGLE_TO_LONG -> SseConvert.singleToLong((int) value, mxcsr);
            case SINGLE_TO_LONG_TRUNCATED -> SseConvert.singleToLongTruncated((int) value, mxcsr);
            case DOUBLE_TO_LONG -> SseConvert.doubleToLong(value, mxcsr);
            default -> SseConvert.doubleToLongTruncated(value, mxcsr);
        };
    }
}
