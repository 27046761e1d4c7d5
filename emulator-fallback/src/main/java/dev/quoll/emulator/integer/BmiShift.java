package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/**
 * The VEX-coded general-purpose instructions of BMI1 and BMI2 with three operands: destination, source (register or
 * memory in the first or second place) and another register or immediate.
 */
final class BmiShift extends TemplateOp implements FallThrough {
    static final int SHLX = 0;
    static final int SHRX = 1;
    static final int SARX = 2;
    static final int RORX = 3;
    static final int ANDN = 4;
    static final int BEXTR = 5;
    static final int BZHI = 6;
    static final int PDEP = 7;
    static final int PEXT = 8;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    /** Which source operand is in memory: 1, 2, or 0 for none. */
    private static final int MEMORY = OpTemplate.constant(MethodHandles.lookup(), 2);

    private static final int BITS = 8 * SIZE;

    private final int target;
    private final int first;
    private final int second;
    private final int immediate;

    BmiShift() {
        target = 0;
        first = 0;
        second = 0;
        immediate = 0;
    }

    private BmiShift(Instruction instruction) {
        target = slot(instruction.operand(0));
        first = slot(instruction.operand(1));
        second = slotOrZero(instruction.operand(2));
        immediate = immediate(instruction);
    }

    private BmiShift(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory, false);
        target = slot(instruction.operand(0));
        first = slotOrZero(instruction.operand(1));
        second = slotOrZero(instruction.operand(2));
        immediate = immediate(instruction);
    }

    private static int slotOrZero(Operand operand) {
        return operand instanceof Operand.Register ? slot(operand) : 0;
    }

    private static int immediate(Instruction instruction) {
        return instruction.operand(2) instanceof Operand.Immediate(long value, int size) ? (int) value : 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new BmiShift(instruction) : new BmiShift(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long a = MEMORY == 1 ? load(cpu, address(cpu), SIZE) : cpu.getSized(first, SIZE);
        long b = OPERATION == RORX
                ? immediate
                : MEMORY == 2 ? load(cpu, address(cpu), SIZE) : cpu.getSized(second, SIZE);
        cpu.setSized(target, SIZE, compute(cpu, a, b));
    }

    private static long compute(Cpu cpu, long a, long b) {
        int count = (int) b & BITS - 1;
        return switch (OPERATION) {
            case SHLX -> a << count;
            case SHRX -> unsigned(a, SIZE) >>> count;
            case SARX -> a >> count;
            case RORX -> SIZE == 8 ? Long.rotateRight(a, count) : Integer.rotateRight((int) a, count);
            case ANDN -> {
                long result = ~a & b;
                cpu.flagsLogic(result);
                yield result;
            }
            case BEXTR -> {
                int start = (int) b & 0xff;
                int length = (int) b >>> 8 & 0xff;
                long shifted = start >= BITS ? 0 : unsigned(a, SIZE) >>> start;
                long result = length >= 64 ? shifted : shifted & (1L << length) - 1;
                // SF, AF and PF are undefined; AMD processors (family 19h) clear SF, set AF and have PF of the result.
                int parity = (Integer.bitCount((int) result & 0xff) & 1) == 0 ? Flags.PF : 0;
                cpu.setArithmeticFlags((result == 0 ? Flags.ZF : 0) | Flags.AF | parity);
                yield result;
            }
            case BZHI -> {
                int index = (int) b & 0xff;
                long result = index >= BITS ? a : extend(a & (1L << index) - 1, SIZE);
                cpu.flagsResult(result, index >= BITS ? Flags.CF : 0);
                yield result;
            }
            case PDEP -> Long.expand(a, unsigned(b, SIZE));
            default -> Long.compress(a, unsigned(b, SIZE));
        };
    }
}
