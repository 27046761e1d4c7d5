package dev.quoll.emulator.avx;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.fpu.SseFused;
import dev.quoll.emulator.isa.Instruction;
import java.lang.invoke.MethodHandles;

/** The fused multiply-adds of FMA3 on scalar or packed operands (SDM vol. 2, VFMADD132PD and following). */
final class FusedOp extends VexOp implements FallThrough {
    // The parts of destination, second and third operand, after the digits in the mnemonics.
    private static final int FORM_132 = 0;
    private static final int FORM_213 = 1;

    // What happens to the signs of product and addend, as bits 3 to 1 of the opcode say it.
    /** VFMADDSUB, of an even opcode: odd elements are added, even ones subtracted. VFMSUBADD is the other way round. */
    static final int ADD_ODD = 3;

    static final int SUBTRACT_ODD = 8;
    private static final int SUBTRACT = 5;
    private static final int NEGATE_ADD = 6;
    private static final int NEGATE_SUBTRACT = 7;

    private static final int ORDER = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int KIND = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean DOUBLES = OpTemplate.flag(MethodHandles.lookup(), 2);
    /** Bytes computed: of one element, or of the vector. */
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 3);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 4);

    private static final boolean NEGATE = KIND == NEGATE_ADD || KIND == NEGATE_SUBTRACT;
    private static final boolean SUBTRACT_AT_EVEN = KIND == SUBTRACT || KIND == NEGATE_SUBTRACT || KIND == ADD_ODD;
    private static final boolean SUBTRACT_AT_ODD = KIND == SUBTRACT || KIND == NEGATE_SUBTRACT || KIND == SUBTRACT_ODD;

    FusedOp() {}

    private FusedOp(Instruction instruction, BlockContext context) {
        super(instruction, context);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        return new FusedOp(instruction, context);
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
        long s0 = source(cpu, FORM, va, host, 0);
        if (SIZE < XMM) {
            scalar(cpu, s0);
        } else if (SIZE == XMM) {
            packed(cpu, s0, source(cpu, FORM, va, host, 1));
        } else {
            long s1 = source(cpu, FORM, va, host, 1);
            long s2 = source(cpu, FORM, va, host, 2);
            packed(cpu, s0, s1, s2, source(cpu, FORM, va, host, 3));
        }
    }

    /** The other elements of the destination's low 16 bytes stay. */
    private void scalar(Cpu cpu, long s) {
        long old = cpu.get64(target);
        long high = cpu.get64(target + 8);
        Mxcsr mxcsr = cpu.beginSimd();
        long result;
        if (DOUBLES) {
            result = onDouble(old, first(cpu, 0), s, SUBTRACT_AT_EVEN, mxcsr);
        } else {
            int low = onSingle((int) old, (int) first(cpu, 0), (int) s, SUBTRACT_AT_EVEN, mxcsr);
            result = old & ~0xffff_ffffL | low & 0xffff_ffffL;
        }
        cpu.endSimd(this);
        setXmm(cpu, result, high);
    }

    private void packed(Cpu cpu, long s0, long s1) {
        Mxcsr mxcsr = cpu.beginSimd();
        long r0 = quadword(cpu, 0, s0, mxcsr);
        long r1 = quadword(cpu, 1, s1, mxcsr);
        cpu.endSimd(this);
        setXmm(cpu, r0, r1);
    }

    private void packed(Cpu cpu, long s0, long s1, long s2, long s3) {
        Mxcsr mxcsr = cpu.beginSimd();
        long r0 = quadword(cpu, 0, s0, mxcsr);
        long r1 = quadword(cpu, 1, s1, mxcsr);
        long r2 = quadword(cpu, 2, s2, mxcsr);
        long r3 = quadword(cpu, 3, s3, mxcsr);
        cpu.endSimd(this);
        setYmm(cpu, r0, r1, r2, r3);
    }

    private long quadword(Cpu cpu, int index, long s, Mxcsr mxcsr) {
        long old = cpu.get64(target + 8 * index);
        long f = first(cpu, index);
        if (DOUBLES) {
            return onDouble(old, f, s, (index & 1) == 0 ? SUBTRACT_AT_EVEN : SUBTRACT_AT_ODD, mxcsr);
        }
        int low = onSingle((int) old, (int) f, (int) s, SUBTRACT_AT_EVEN, mxcsr);
        int high = onSingle((int) (old >>> 32), (int) (f >>> 32), (int) (s >>> 32), SUBTRACT_AT_ODD, mxcsr);
        return low & 0xffff_ffffL | (long) high << 32;
    }

    /** @param d element of the destination, s of the second, t of the third operand */
    private static int onSingle(int d, int s, int t, boolean subtract, Mxcsr mxcsr) {
        return switch (ORDER) {
            case FORM_132 -> SseFused.fused32(d, t, s, NEGATE, subtract, mxcsr);
            case FORM_213 -> SseFused.fused32(s, d, t, NEGATE, subtract, mxcsr);
            default -> SseFused.fused32(s, t, d, NEGATE, subtract, mxcsr);
        };
    }

    private static long onDouble(long d, long s, long t, boolean subtract, Mxcsr mxcsr) {
        return switch (ORDER) {
            case FORM_132 -> SseFused.fused64(d, t, s, NEGATE, subtract, mxcsr);
            case FORM_213 -> SseFused.fused64(s, d, t, NEGATE, subtract, mxcsr);
            default -> SseFused.fused64(s, t, d, NEGATE, subtract, mxcsr);
        };
    }
}
