package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.fpu.SseCompare;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** Comparisons whose result is the arithmetic flags: COMISx, UCOMISx and PTEST. */
final class FlagsOp extends XmmOp implements FallThrough {
    static final int UNORDERED_SINGLE = 0;
    static final int UNORDERED_DOUBLE = 1;
    static final int ORDERED_SINGLE = 2;
    static final int ORDERED_DOUBLE = 3;
    static final int TEST = 4;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 1);

    FlagsOp() {}

    private FlagsOp(Instruction instruction) {
        super(instruction);
    }

    private FlagsOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new FlagsOp(instruction) : new FlagsOp(instruction, context, memory);
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
        long b = sourceLow(cpu, FORM, va, host);
        long a = cpu.get64(target);
        if (OPERATION == TEST) {
            long bh = sourceHigh(cpu, FORM, va, host);
            long ah = cpu.get64(target + 8);
            cpu.setArithmeticFlags(
                    ((a & b | ah & bh) == 0 ? Flags.ZF : 0) | ((~a & b | ~ah & bh) == 0 ? Flags.CF : 0));
        } else {
            Mxcsr mxcsr = cpu.beginSimd();
            int flags = switch (OPERATION) {
                case UNORDERED_SINGLE -> SseCompare.ucomi32((int) a, (int) b, mxcsr);
                case UNORDERED_DOUBLE -> SseCompare.ucomi64(a, b, mxcsr);
                case ORDERED_SINGLE -> SseCompare.comi32((int) a, (int) b, mxcsr);
                default -> SseCompare.comi64(a, b, mxcsr);
            };
            cpu.endSimd(this);
            cpu.setArithmeticFlags(flags);
        }
    }
}
