package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** Moves of whole registers: VMOVAPS, VMOVDQU, VLDDQU, VMOVNTDQ and their kind. */
final class VexMove extends VexOp implements FallThrough {
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean ALIGNED = OpTemplate.flag(MethodHandles.lookup(), 2);
    /** To memory; then the length is {@link #YMM}. */
    private static final boolean STORE = OpTemplate.flag(MethodHandles.lookup(), 3);

    VexMove() {}

    private VexMove(Instruction instruction, BlockContext context) {
        super(instruction, context);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new VexMove(instruction, context);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long va = sourceAddress(cpu, FORM);
        if (ALIGNED && (va & LENGTH - 1) != 0) {
            throw cpu.generalProtection(this, 0);
        }
        if (STORE) {
            storeYmm(cpu, va, source);
            return;
        }
        long host = sourceHost(cpu, FORM, va);
        long r0 = source(cpu, FORM, va, host, 0);
        long r1 = source(cpu, FORM, va, host, 1);
        if (LENGTH == YMM) {
            long r2 = source(cpu, FORM, va, host, 2);
            setYmm(cpu, r0, r1, r2, source(cpu, FORM, va, host, 3));
        } else {
            setXmm(cpu, r0, r1);
        }
    }
}
