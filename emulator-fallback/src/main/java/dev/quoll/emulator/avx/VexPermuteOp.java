package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** An {@link InLaneOperation} on each 128 bits by themselves. */
final class VexPermuteOp extends VexOp implements FallThrough {
    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 2);

    private final int control;
    private final int upperControl;

    VexPermuteOp() {
        control = 0;
        upperControl = 0;
    }

    private VexPermuteOp(Instruction instruction, BlockContext context) {
        super(instruction, context);
        control = immediate(instruction);
        upperControl = control >> upperShift(instruction);
    }

    /** Where the bits of the immediate for the upper 128 bits begin; most share those of the lower. */
    private static int upperShift(Instruction instruction) {
        return switch (instruction.mnemonic()) {
            case VSHUFPD, VPERMILPD, VBLENDPD -> 2;
            case VMPSADBW -> 3;
            case VBLENDPS, VPBLENDD -> 4;
            default -> 0;
        };
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new VexPermuteOp(instruction, context);
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
        long b0 = source(cpu, FORM, va, host, 0);
        long b1 = source(cpu, FORM, va, host, 1);
        long a0 = first(cpu, 0);
        long a1 = first(cpu, 1);
        if (LENGTH == YMM) {
            long b2 = source(cpu, FORM, va, host, 2);
            long b3 = source(cpu, FORM, va, host, 3);
            long a2 = first(cpu, 2);
            long a3 = first(cpu, 3);
            setYmm(
                    cpu,
                    InLaneOperation.low(OPERATION, a0, a1, b0, b1, control),
                    InLaneOperation.high(OPERATION, a0, a1, b0, b1, control),
                    InLaneOperation.low(OPERATION, a2, a3, b2, b3, upperControl),
                    InLaneOperation.high(OPERATION, a2, a3, b2, b3, upperControl));
        } else {
            setXmm(
                    cpu,
                    InLaneOperation.low(OPERATION, a0, a1, b0, b1, control),
                    InLaneOperation.high(OPERATION, a0, a1, b0, b1, control));
        }
    }
}
