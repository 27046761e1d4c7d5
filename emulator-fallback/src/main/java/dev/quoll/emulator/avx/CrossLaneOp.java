package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** Permutations of 256 bits that cross from one 128 bits to the other. */
final class CrossLaneOp extends VexOp implements FallThrough {
    /** VINSERTF128, VINSERTI128. */
    static final int INSERT = 0;
    /** VPERM2F128, VPERM2I128. */
    static final int PERMUTE_TWO = 1;
    /** VPERMQ, VPERMPD. */
    static final int PERMUTE_QWORDS = 2;
    /** VPERMD, VPERMPS: by the doublewords of the first source. */
    static final int PERMUTE_DWORDS = 3;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 1);

    private final int control;

    CrossLaneOp() {
        control = 0;
    }

    private CrossLaneOp(Instruction instruction, BlockContext context) {
        super(instruction, context);
        control = immediate(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new CrossLaneOp(instruction, context);
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
        if (OPERATION == INSERT) {
            insert(cpu, b0, b1);
            return;
        }
        long b2 = source(cpu, FORM, va, host, 2);
        long b3 = source(cpu, FORM, va, host, 3);
        switch (OPERATION) {
            case PERMUTE_TWO -> permuteTwo(cpu, b0, b1, b2, b3);
            case PERMUTE_QWORDS ->
                setYmm(
                        cpu,
                        pick(b0, b1, b2, b3, control),
                        pick(b0, b1, b2, b3, control >> 2),
                        pick(b0, b1, b2, b3, control >> 4),
                        pick(b0, b1, b2, b3, control >> 6));
            default ->
                setYmm(
                        cpu,
                        dwords(b0, b1, b2, b3, first(cpu, 0)),
                        dwords(b0, b1, b2, b3, first(cpu, 1)),
                        dwords(b0, b1, b2, b3, first(cpu, 2)),
                        dwords(b0, b1, b2, b3, first(cpu, 3)));
        }
    }

    private void insert(Cpu cpu, long low, long high) {
        if ((control & 1) == 0) {
            setYmm(cpu, low, high, first(cpu, 2), first(cpu, 3));
        } else {
            setYmm(cpu, first(cpu, 0), first(cpu, 1), low, high);
        }
    }

    private void permuteTwo(Cpu cpu, long b0, long b1, long b2, long b3) {
        long a0 = first(cpu, 0);
        long a1 = first(cpu, 1);
        long a2 = first(cpu, 2);
        long a3 = first(cpu, 3);
        // Bits 3 and 7 clear instead of choosing.
        long lower = -(~control >> 3 & 1L);
        long upper = -(~control >> 7 & 1L);
        setYmm(
                cpu,
                pick(a0, a2, b0, b2, control) & lower,
                pick(a1, a3, b1, b3, control) & lower,
                pick(a0, a2, b0, b2, control >> 4) & upper,
                pick(a1, a3, b1, b3, control >> 4) & upper);
    }

    private static long pick(long q0, long q1, long q2, long q3, int choice) {
        return switch (choice & 3) {
            case 0 -> q0;
            case 1 -> q1;
            case 2 -> q2;
            default -> q3;
        };
    }

    private static long dwords(long b0, long b1, long b2, long b3, long choices) {
        return dword(b0, b1, b2, b3, (int) choices) | dword(b0, b1, b2, b3, (int) (choices >>> 32)) << 32;
    }

    private static long dword(long b0, long b1, long b2, long b3, int choice) {
        return pick(b0, b1, b2, b3, choice >> 1) >>> ((choice & 1) << 5) & 0xffff_ffffL;
    }
}
