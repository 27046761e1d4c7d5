package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** PMOVMSKB, MOVMSKPS and MOVMSKPD: the elements' top bits, gathered into a general register. */
final class SignMask extends XmmOp implements FallThrough {
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 0);

    SignMask() {}

    private SignMask(Instruction instruction) {
        super(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new SignMask(instruction);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long low = cpu.get64(source);
        long high = cpu.get64(source + 8);
        cpu.set64(target, switch (SIZE) {
            case 1 -> LaneOperation.byteSigns(low) | LaneOperation.byteSigns(high) << 8;
            case 4 -> low >>> 31 & 1 | low >>> 62 & 2 | high >>> 29 & 4 | high >>> 60 & 8;
            default -> low >>> 63 | high >>> 62 & 2;
        });
    }
}
