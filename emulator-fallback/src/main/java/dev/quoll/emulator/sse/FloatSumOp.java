package dev.quoll.emulator.sse;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.fpu.Mxcsr;
import dev.quoll.emulator.fpu.SseFloat;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/** Sums across elements: HADDPx, HSUBPx, ADDSUBPx and the dot products DPPS and DPPD. */
final class FloatSumOp extends XmmOp {
    static final int HORIZONTAL_ADD = 0;
    static final int HORIZONTAL_SUBTRACT = 1;
    static final int ALTERNATE = 2;
    static final int DOT_PRODUCT = 3;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final boolean DOUBLES = OpTemplate.flag(MethodHandles.lookup(), 1);
    private static final int FORM = OpTemplate.constant(MethodHandles.lookup(), 2);

    private final int immediate;

    FloatSumOp() {
        immediate = 0;
    }

    private FloatSumOp(Instruction instruction) {
        super(instruction);
        immediate = immediate(instruction);
    }

    private FloatSumOp(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(instruction, context, memory, false);
        immediate = immediate(instruction);
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new FloatSumOp(instruction) : new FloatSumOp(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        long va = sourceAddress(cpu, FORM);
        long host = sourceHost(cpu, FORM, va);
        long bl = sourceLow(cpu, FORM, va, host);
        long bh = sourceHigh(cpu, FORM, va, host);
        long al = cpu.get64(target);
        long ah = cpu.get64(target + 8);
        Mxcsr mxcsr = cpu.beginSimd();
        long low;
        long high;
        switch (OPERATION) {
            case ALTERNATE -> {
                low = DOUBLES ? SseFloat.sub64(al, bl, mxcsr) : alternate(al, bl, mxcsr);
                high = DOUBLES ? SseFloat.add64(ah, bh, mxcsr) : alternate(ah, bh, mxcsr);
            }
            case DOT_PRODUCT -> {
                long sum = DOUBLES ? dotDoubles(al, ah, bl, bh, mxcsr) : dotSingles(al, ah, bl, bh, mxcsr);
                low = sum & mask(immediate);
                high = sum & mask(DOUBLES ? immediate >> 1 : immediate >> 2);
            }
            default -> {
                low = DOUBLES ? combine64(al, ah, mxcsr) : combinePairs(al, ah, mxcsr);
                high = DOUBLES ? combine64(bl, bh, mxcsr) : combinePairs(bl, bh, mxcsr);
            }
        }
        cpu.endSimd(this);
        setTarget(cpu, low, high);
        return next.run(cpu);
    }

    private static long alternate(long a, long b, Mxcsr mxcsr) {
        int low = SseFloat.sub32((int) a, (int) b, mxcsr);
        return pair(low, SseFloat.add32((int) (a >>> 32), (int) (b >>> 32), mxcsr));
    }

    private static long combine64(long first, long second, Mxcsr mxcsr) {
        return OPERATION == HORIZONTAL_ADD
                ? SseFloat.add64(first, second, mxcsr)
                : SseFloat.sub64(first, second, mxcsr);
    }

    private static long combinePairs(long low, long high, Mxcsr mxcsr) {
        return pair(combine32(low, mxcsr), combine32(high, mxcsr));
    }

    private static int combine32(long half, Mxcsr mxcsr) {
        return OPERATION == HORIZONTAL_ADD
                ? SseFloat.add32((int) half, (int) (half >>> 32), mxcsr)
                : SseFloat.sub32((int) half, (int) (half >>> 32), mxcsr);
    }

    /** The sum of the chosen products in the manual's order (SDM vol. 2, DPPS), in both halves of a long. */
    private long dotSingles(long al, long ah, long bl, long bh, Mxcsr mxcsr) {
        int first = SseFloat.add32(product(al, bl, 4, mxcsr), product(al >>> 32, bl >>> 32, 5, mxcsr), mxcsr);
        int second = SseFloat.add32(product(ah, bh, 6, mxcsr), product(ah >>> 32, bh >>> 32, 7, mxcsr), mxcsr);
        int sum = SseFloat.add32(first, second, mxcsr);
        return pair(sum, sum);
    }

    private int product(long a, long b, int bit, Mxcsr mxcsr) {
        return (immediate >> bit & 1) != 0 ? SseFloat.mul32((int) a, (int) b, mxcsr) : 0;
    }

    private long dotDoubles(long al, long ah, long bl, long bh, Mxcsr mxcsr) {
        long first = (immediate & 1 << 4) != 0 ? SseFloat.mul64(al, bl, mxcsr) : 0;
        long second = (immediate & 1 << 5) != 0 ? SseFloat.mul64(ah, bh, mxcsr) : 0;
        return SseFloat.add64(first, second, mxcsr);
    }

    /** The elements of a half that the immediate's low bits let receive the sum. */
    private static long mask(int bits) {
        return DOUBLES ? -(bits & 1L) : -(bits & 1L) & 0xffff_ffffL | -(bits >> 1 & 1L) << 32;
    }

    private static long pair(int low, int high) {
        return low & 0xffff_ffffL | (long) high << 32;
    }
}
