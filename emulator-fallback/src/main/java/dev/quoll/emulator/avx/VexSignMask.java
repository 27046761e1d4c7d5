package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.sse.LaneOperation;
import java.lang.invoke.MethodHandles;

/** VPMOVMSKB, VMOVMSKPS and VMOVMSKPD of 256 bits: the elements' top bits, gathered into a general register. */
final class VexSignMask extends VexOp implements FallThrough {
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 0);

    VexSignMask() {}

    private VexSignMask(Instruction instruction, BlockContext context) {
        super(instruction, context);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new VexSignMask(instruction, context);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long mask = 0;
        for (int i = 0; i < 4; i++) {
            mask |= signs(cpu.get64(source + 8 * i)) << 8 / SIZE * i;
        }
        cpu.set64(target, mask);
    }

    private static long signs(long quadword) {
        return switch (SIZE) {
            case 1 -> LaneOperation.byteSigns(quadword);
            case 4 -> quadword >>> 31 & 1 | quadword >>> 62 & 2;
            default -> quadword >>> 63;
        };
    }
}
