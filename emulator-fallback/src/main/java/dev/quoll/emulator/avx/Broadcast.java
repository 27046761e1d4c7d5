package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** VBROADCASTx and VPBROADCASTx: the low element of the source in every place of the target. */
final class Broadcast extends VexOp implements FallThrough {
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 2);

    Broadcast() {}

    private Broadcast(Instruction instruction, BlockContext context) {
        super(instruction, context);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new Broadcast(instruction, context);
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
        long low = replicate(source(cpu, FORM, va, host, 0));
        long high = SIZE == XMM ? source(cpu, FORM, va, host, 1) : low;
        if (LENGTH == YMM) {
            setYmm(cpu, low, high, low, high);
        } else {
            setXmm(cpu, low, high);
        }
    }

    private static long replicate(long value) {
        return switch (SIZE) {
            case 1 -> (value & 0xff) * 0x0101_0101_0101_0101L;
            case 2 -> (value & 0xffff) * 0x0001_0001_0001_0001L;
            case 4 -> (value & 0xffff_ffffL) * 0x0000_0001_0000_0001L;
            default -> value;
        };
    }
}
