package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** VEXTRACTF128 and VEXTRACTI128: one of the 128 bits to a register or memory. */
final class LaneExtract extends VexOp implements FallThrough {
    private static final boolean STORE = OpTemplate.flag(MethodHandles.lookup(), 0);

    /** Slot of the 16 bytes. */
    private final int from;

    LaneExtract() {
        from = 0;
    }

    private LaneExtract(Instruction instruction, BlockContext context) {
        super(instruction, context);
        from = first + ((immediate(instruction) & 1) != 0 ? 16 : 0);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new LaneExtract(instruction, context);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long low = cpu.get64(from);
        long high = cpu.get64(from + 8);
        if (STORE) {
            storeXmm(cpu, address(cpu), low, high);
        } else {
            setXmm(cpu, low, high);
        }
    }
}
