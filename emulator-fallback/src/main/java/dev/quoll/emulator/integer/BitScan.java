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

/** Bit instructions with one source: BSF, BSR, TZCNT, LZCNT, POPCNT, BLSI, BLSMSK, BLSR. */
final class BitScan extends TemplateOp implements FallThrough {
    static final int BSF = 0;
    static final int BSR = 1;
    static final int TZCNT = 2;
    static final int LZCNT = 3;
    static final int POPCNT = 4;
    static final int BLSI = 5;
    static final int BLSMSK = 6;
    static final int BLSR = 7;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean MEMORY = OpTemplate.flag(MethodHandles.lookup(), 2);
    private static final int BITS = 8 * SIZE;

    private final int target;
    private final int source;

    BitScan() {
        target = 0;
        source = 0;
    }

    private BitScan(Instruction instruction) {
        target = slot(instruction.operand(0));
        source = slot(instruction.operand(1));
    }

    private BitScan(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory, false);
        target = slot(instruction.operand(0));
        source = 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new BitScan(instruction) : new BitScan(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long value = MEMORY ? load(cpu, address(cpu), SIZE) : cpu.getSized(source, SIZE);
        long low = unsigned(value, SIZE);
        switch (OPERATION) {
            case BSF, BSR -> {
                // A zero source leaves the destination as it is, its upper half included (AMD APM vol. 3, "BSF").
                if (low != 0) {
                    cpu.setSized(
                            target,
                            SIZE,
                            OPERATION == BSF ? Long.numberOfTrailingZeros(low) : 63 - Long.numberOfLeadingZeros(low));
                }
                cpu.setArithmeticFlags(cpu.arithmeticFlags() & ~Flags.ZF | (low == 0 ? Flags.ZF : 0));
            }
            case TZCNT, LZCNT -> {
                int count = OPERATION == TZCNT
                        ? Math.min(BITS, Long.numberOfTrailingZeros(low))
                        : Long.numberOfLeadingZeros(low) - (64 - BITS);
                cpu.setSized(target, SIZE, count);
                // SF, AF and PF are undefined; AMD processors clear them and leave OF alone.
                int kept = cpu.arithmeticFlags() & Flags.OF;
                cpu.setArithmeticFlags(kept | (count == 0 ? Flags.ZF : 0) | (count == BITS ? Flags.CF : 0));
            }
            case POPCNT -> {
                cpu.setSized(target, SIZE, Long.bitCount(low));
                cpu.setArithmeticFlags(low == 0 ? Flags.ZF : 0);
            }
            case BLSI -> {
                long result = extend(value & -value, SIZE);
                cpu.setSized(target, SIZE, result);
                cpu.flagsResult(result, low != 0 ? Flags.CF : 0);
            }
            case BLSMSK -> {
                long result = extend(value ^ value - 1, SIZE);
                cpu.setSized(target, SIZE, result);
                cpu.flagsResult(result, low == 0 ? Flags.CF : 0);
            }
            default -> {
                long result = extend(value & value - 1, SIZE);
                cpu.setSized(target, SIZE, result);
                cpu.flagsResult(result, low == 0 ? Flags.CF : 0);
            }
        }
    }
}
