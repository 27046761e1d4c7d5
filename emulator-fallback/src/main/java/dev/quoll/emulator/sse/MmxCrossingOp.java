package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.MmxRegisters;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.fpu.SseConvert;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** Moves and conversions between XMM and MMX registers. */
final class MmxCrossingOp extends XmmOp implements FallThrough {
    static final int TO_XMM = 0;
    static final int TO_MMX = 1;
    static final int INTS_TO_SINGLES = 2;
    static final int INTS_TO_DOUBLES = 3;
    static final int SINGLES_TO_INTS = 4;
    static final int SINGLES_TO_INTS_TRUNCATED = 5;
    static final int DOUBLES_TO_INTS = 6;
    static final int DOUBLES_TO_INTS_TRUNCATED = 7;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 1);
    /**
     * From memory to XMM no MMX register takes part, and the x87 state stays as it is: on CVTPI2PD the manuals say so, on
     * CVTPI2PS AMD's processors do it too.
     */
    private static final boolean TRANSITION =
            OPERATION != INTS_TO_DOUBLES && OPERATION != INTS_TO_SINGLES || FORM == REGISTER;

    MmxCrossingOp() {}

    private MmxCrossingOp(Instruction instruction) {
        super(instruction);
    }

    private MmxCrossingOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new MmxCrossingOp(instruction) : new MmxCrossingOp(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        if (TRANSITION) {
            MmxRegisters.checkPending(cpu, this);
        }
        long va = sourceAddress(cpu, FORM);
        long host = sourceHost(cpu, FORM, va);
        long low = sourceLow(cpu, FORM, va, host);
        long high = OPERATION >= DOUBLES_TO_INTS ? sourceHigh(cpu, FORM, va, host) : 0;
        if (TRANSITION) {
            // Before an exception of the conversion, as on AMD's processors.
            MmxRegisters.enter(cpu);
        }
        Mxcsr mxcsr = cpu.beginSimd();
        long result = convert(low, high, mxcsr);
        cpu.endSimd(this);
        switch (OPERATION) {
            case TO_XMM -> setTarget(cpu, result, 0);
            case INTS_TO_SINGLES -> cpu.set64(target, result);
            case INTS_TO_DOUBLES -> setTarget(cpu, result, SseConvert.intToDouble((int) (low >>> 32)));
            default -> MmxRegisters.set(cpu, target, result);
        }
    }

    private static long convert(long low, long high, Mxcsr mxcsr) {
        return switch (OPERATION) {
            case INTS_TO_SINGLES -> PairConversion.intsToSingles(low, mxcsr);
            case INTS_TO_DOUBLES -> SseConvert.intToDouble((int) low);
            case SINGLES_TO_INTS, SINGLES_TO_INTS_TRUNCATED ->
                PairConversion.singlesToInts(low, OPERATION == SINGLES_TO_INTS_TRUNCATED, mxcsr);
            case DOUBLES_TO_INTS, DOUBLES_TO_INTS_TRUNCATED ->
                PairConversion.doublesToInts(low, high, OPERATION == DOUBLES_TO_INTS_TRUNCATED, mxcsr);
            default -> low;
        };
    }
}
