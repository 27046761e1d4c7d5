package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** VPTEST of 256 bits, VTESTPS and VTESTPD: ZF for no common bit, CF for no bit of the second operand alone. */
final class VexTestOp extends VexOp implements FallThrough {
    // Bits that count.
    static final int ALL = 0;
    static final int SIGNS_OF_SINGLES = 1;
    static final int SIGNS_OF_DOUBLES = 2;

    private static final long MASK = switch (OpTemplate.constant(MethodHandles.lookup(), 0)) {
        case SIGNS_OF_SINGLES -> 0x8000_0000_8000_0000L;
        case SIGNS_OF_DOUBLES -> Long.MIN_VALUE;
        default -> -1;
    };
    private static final int LENGTH = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 2);

    VexTestOp() {}

    private VexTestOp(Instruction instruction, BlockContext context) {
        super(instruction, context);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new VexTestOp(instruction, context);
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
        long common = 0;
        long alone = 0;
        for (int i = 0; i < LENGTH / 8; i++) {
            long a = cpu.get64(target + 8 * i);
            long b = source(cpu, FORM, va, host, i) & MASK;
            common |= a & b;
            alone |= ~a & b;
        }
        cpu.setArithmeticFlags((common == 0 ? Flags.ZF : 0) | (alone == 0 ? Flags.CF : 0));
    }
}
