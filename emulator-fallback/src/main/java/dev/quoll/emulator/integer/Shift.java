package dev.quoll.emulator.integer;

import dev.quoll.emulator.core.Block;
import dev.quoll.emulator.core.BlockContext;
import dev.quoll.emulator.core.Cpu;
import dev.quoll.emulator.core.FallThrough;
import dev.quoll.emulator.core.OpTemplate;
import dev.quoll.emulator.core.StateLayout;
import dev.quoll.emulator.core.TemplateOp;
import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Instruction;
import dev.quoll.emulator.isa.Operand;
import java.lang.invoke.MethodHandles;

/**
 * SHL, SHR, SAR, ROL, ROR, RCL, RCR by CL or an immediate (SDM vol. 2, "SAL/SAR/SHL/SHR", "RCL/RCR/ROL/ROR").
 *
 * <p>Counts are masked to 5 bits, 6 for 64-bit operands; a masked count of 0 changes no flag. OF is defined for counts of
 * 1 only; for others we compute it by the same formula, which is what AMD processors do.
 */
final class Shift extends TemplateOp implements FallThrough {
    // Numbered as in ModRM.reg of opcode D3.
    static final int ROL = 0;
    static final int ROR = 1;
    static final int RCL = 2;
    static final int RCR = 3;
    static final int SHL = 4;
    static final int SHR = 5;
    static final int SAR = 7;

    private static final int OPERATION = OpTemplate.constant(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean MEMORY = OpTemplate.flag(MethodHandles.lookup(), 2);
    private static final boolean BY_CL = OpTemplate.flag(MethodHandles.lookup(), 3);
    /** The flags are overwritten before anything sees them. */
    private static final boolean FLAGS_DEAD = OpTemplate.flag(MethodHandles.lookup(), 4);

    private static final int BITS = 8 * SIZE;

    private final int target;
    private final int immediate;

    Shift() {
        target = 0;
        immediate = 0;
    }

    private Shift(Instruction instruction) {
        target = slot(instruction.operand(0));
        immediate = count(instruction);
    }

    private Shift(Instruction instruction, BlockContext context, Operand.Memory memory) {
        super(context, memory, true);
        target = 0;
        immediate = count(instruction);
    }

    private static int count(Instruction instruction) {
        return instruction.operand(1) instanceof Operand.Immediate(long value, int size) ? (int) value & mask() : 0;
    }

    private static int mask() {
        return SIZE == 8 ? 63 : 31;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new Shift(instruction) : new Shift(instruction, context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        int count = BY_CL ? cpu.get8(StateLayout.RCX) & mask() : immediate;
        if (MEMORY) {
            long va = address(cpu);
            long value = loadForWrite(cpu, va, SIZE);
            if (count == 0) {
                storeBack(cpu, SIZE, value);
            } else {
                storeBack(cpu, SIZE, result(cpu, value, count));
                flags(cpu, value, count);
            }
        } else {
            long value = cpu.getSized(target, SIZE);
            if (count != 0) {
                // RCL and RCR take CF in: the result before the flags.
                cpu.setSized(target, SIZE, result(cpu, value, count));
                flags(cpu, value, count);
            } else if (SIZE == 4) {
                // A 32-bit result clears the upper half even when nothing is shifted.
                cpu.setSized(target, SIZE, value);
            }
        }
    }

    /** The result in the low bits, from a sign-extended value and a count of at least 1. */
    private static long result(Cpu cpu, long value, int count) {
        return switch (OPERATION) {
            case SHL -> shiftLeft(value, count);
            case SHR -> shiftRight(unsigned(value, SIZE), count);
            case SAR -> value >> Math.min(count, 63);
            case ROL -> rotateLeft(value, count % BITS);
            case ROR -> rotateLeft(value, (BITS - count % BITS) % BITS);
            case RCL -> rotateCarryLeft(cpu.carry(), value, count % (BITS + 1));
            default -> rotateCarryLeft(cpu.carry(), value, (BITS + 1 - count % (BITS + 1)) % (BITS + 1));
        };
    }

    private static long shiftLeft(long value, int count) {
        return count > 63 ? 0 : value << count;
    }

    private static long shiftRight(long value, int count) {
        return count > 63 ? 0 : value >>> count;
    }

    private static long rotateLeft(long value, int count) {
        if (SIZE == 8) {
            return Long.rotateLeft(value, count);
        }
        long low = unsigned(value, SIZE);
        return low << count | low >>> BITS - count;
    }

    /** Rotates the operand with CF as its bit BITS. */
    private static long rotateCarryLeft(boolean carry, long value, int count) {
        if (count == 0) {
            return value;
        }
        long low = unsigned(value, SIZE);
        long carryBit = carry ? 1 : 0;
        // The part that comes back in at the bottom, behind the carry.
        long wrapped = count == 1 ? 0 : low >>> BITS + 1 - count;
        return shiftLeft(low, count) | carryBit << count - 1 | wrapped;
    }

    private static boolean bit(long value, int index) {
        return (value >>> index & 1) != 0;
    }

    private static void flags(Cpu cpu, long value, int count) {
        if (FLAGS_DEAD) {
            return;
        }
        switch (OPERATION) {
            case SHL -> {
                long result = extend(shiftLeft(value, count), SIZE);
                boolean carry = count <= BITS && bit(value, BITS - count);
                cpu.flagsResult(result, shifted(carry, result < 0 ^ carry));
            }
            case SHR -> {
                long low = unsigned(value, SIZE);
                long result = extend(shiftRight(low, count), SIZE);
                boolean carry = count <= BITS && bit(low, count - 1);
                // OF: the two top bits of the result differ; after one shift that is the old top bit.
                cpu.flagsResult(result, shifted(carry, bit(result, BITS - 1) != bit(result, BITS - 2)));
            }
            case SAR -> {
                long result = extend(value >> Math.min(count, 63), SIZE);
                cpu.flagsResult(result, shifted(bit(value >> Math.min(count - 1, 63), 0), false));
            }
            case ROL -> {
                long result = rotateLeft(value, count % BITS);
                boolean carry = bit(result, 0);
                keep(cpu, carry, bit(result, BITS - 1) ^ carry);
            }
            case ROR -> {
                long result = rotateLeft(value, (BITS - count % BITS) % BITS);
                keep(cpu, bit(result, BITS - 1), bit(result, BITS - 1) ^ bit(result, BITS - 2));
            }
            case RCL -> {
                int turns = count % (BITS + 1);
                boolean old = cpu.carry();
                long result = rotateCarryLeft(old, value, turns);
                boolean carry = turns == 0 ? old : bit(value, BITS - turns);
                keep(cpu, carry, bit(result, BITS - 1) ^ carry);
            }
            default -> {
                int turns = count % (BITS + 1);
                boolean old = cpu.carry();
                long result = rotateCarryLeft(old, value, (BITS + 1 - turns) % (BITS + 1));
                boolean carry = turns == 0 ? old : bit(value, turns - 1);
                keep(cpu, carry, bit(result, BITS - 1) ^ bit(result, BITS - 2));
            }
        }
    }

    private static int pack(boolean carry, boolean overflow) {
        return (carry ? Flags.CF : 0) | (overflow ? Flags.OF : 0);
    }

    /** Shifts leave AF undefined; AMD processors set it. */
    private static int shifted(boolean carry, boolean overflow) {
        return pack(carry, overflow) | Flags.AF;
    }

    /** Rotates change CF and OF alone. */
    private static void keep(Cpu cpu, boolean carry, boolean overflow) {
        cpu.setArithmeticFlags(cpu.arithmeticFlags() & ~(Flags.CF | Flags.OF) | pack(carry, overflow));
    }
}
