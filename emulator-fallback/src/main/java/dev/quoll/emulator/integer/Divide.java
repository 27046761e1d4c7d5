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

/** DIV and IDIV: #DE for a zero divisor and for a quotient that does not fit. */
final class Divide extends TemplateOp implements FallThrough {
    private static final boolean SIGNED = OpTemplate.flag(MethodHandles.lookup(), 0);
    private static final int SIZE = OpTemplate.constant(MethodHandles.lookup(), 1);
    private static final boolean MEMORY = OpTemplate.flag(MethodHandles.lookup(), 2);

    private final int source;

    Divide() {
        source = 0;
    }

    private Divide(int source) {
        this.source = source;
    }

    private Divide(BlockContext context, Operand.Memory memory) {
        super(context, memory, false);
        source = 0;
    }

    @Override
    protected TemplateOp create(Instruction instruction, BlockContext context) {
        Operand.Memory memory = instruction.memory();
        return memory == null ? new Divide(slot(instruction.operand(0))) : new Divide(context, memory);
    }

    @Override
    public Block run(Cpu cpu) {
        execute(cpu);
        return next.run(cpu);
    }

    @Override
    public void execute(Cpu cpu) {
        long divisor = MEMORY ? load(cpu, address(cpu), SIZE) : cpu.getSized(source, SIZE);
        if (divisor == 0) {
            throw cpu.divideError(this);
        }
        if (SIZE == 8) {
            divide128(cpu, divisor);
        } else if (SIGNED) {
            signed(cpu, divisor);
        } else {
            unsignedDivide(cpu, unsigned(divisor, SIZE));
        }
        // All flags are undefined; AMD processors (family 19h) keep CF and OF, set AF and clear the others.
        cpu.setArithmeticFlags(cpu.arithmeticFlags() & (Flags.CF | Flags.OF) | Flags.AF);
    }

    private static long dividend(Cpu cpu) {
        return SIZE == 1
                ? cpu.get16(StateLayout.RAX)
                : cpu.getSized(StateLayout.RDX, SIZE) << 8 * SIZE
                        | unsigned(cpu.getSized(StateLayout.RAX, SIZE), SIZE);
    }

    private void signed(Cpu cpu, long divisor) {
        long dividend = dividend(cpu);
        if (dividend == Long.MIN_VALUE && divisor == -1) {
            throw cpu.divideError(this);
        }
        long quotient = dividend / divisor;
        if (extend(quotient, SIZE) != quotient) {
            throw cpu.divideError(this);
        }
        write(cpu, quotient, dividend % divisor);
    }

    private void unsignedDivide(Cpu cpu, long divisor) {
        long dividend = SIZE == 4 ? dividend(cpu) : unsigned(dividend(cpu), 2 * SIZE);
        long quotient = Long.divideUnsigned(dividend, divisor);
        if (unsigned(quotient, SIZE) != quotient) {
            throw cpu.divideError(this);
        }
        write(cpu, quotient, dividend - quotient * divisor);
    }

    private static void write(Cpu cpu, long quotient, long remainder) {
        cpu.setSized(StateLayout.RAX, SIZE, quotient);
        if (SIZE == 1) {
            cpu.set8(StateLayout.RAX + 1, (int) remainder);
        } else {
            cpu.setSized(StateLayout.RDX, SIZE, remainder);
        }
    }

    private void divide128(Cpu cpu, long divisor) {
        long high = cpu.get64(StateLayout.RDX);
        long low = cpu.get64(StateLayout.RAX);
        if (SIGNED) {
            if (high == low >> 63) {
                if (low == Long.MIN_VALUE && divisor == -1) {
                    throw cpu.divideError(this);
                }
                write(cpu, low / divisor, low % divisor);
                return;
            }
            boolean negative = high < 0;
            long absoluteHigh = negative ? ~high + (low == 0 ? 1 : 0) : high;
            long absoluteLow = negative ? -low : low;
            long absoluteDivisor = Math.abs(divisor);
            if (Long.compareUnsigned(absoluteHigh, absoluteDivisor) >= 0) {
                throw cpu.divideError(this);
            }
            long quotient = quotient(absoluteHigh, absoluteLow, absoluteDivisor);
            long remainder = absoluteLow - quotient * absoluteDivisor;
            boolean quotientNegative = negative != divisor < 0;
            long signedQuotient = quotientNegative ? -quotient : quotient;
            // Does the magnitude fit: up to 2^63 - 1, or 2^63 when negative.
            if (quotientNegative ? signedQuotient > 0 || quotient != 0 && signedQuotient == 0 : quotient < 0) {
                throw cpu.divideError(this);
            }
            write(cpu, signedQuotient, negative ? -remainder : remainder);
        } else {
            if (Long.compareUnsigned(high, divisor) >= 0) {
                throw cpu.divideError(this);
            }
            long quotient = high == 0 ? Long.divideUnsigned(low, divisor) : quotient(high, low, divisor);
            write(cpu, quotient, low - quotient * divisor);
        }
    }

    /**
     * Unsigned 128 by 64 division with a quotient that fits: two steps of schoolbook division by 32-bit digits (Knuth,
     * The Art of Computer Programming vol. 2, 4.3.1, algorithm D).
     */
    private static long quotient(long high, long low, long divisor) {
        if (high == 0) {
            return Long.divideUnsigned(low, divisor);
        }
        int shift = Long.numberOfLeadingZeros(divisor);
        long d = divisor << shift;
        long upper = shift == 0 ? high : high << shift | low >>> 64 - shift;
        long lower = low << shift;
        long dHigh = d >>> 32;
        long dLow = d & 0xffffffffL;
        long q1 = digit(upper, lower >>> 32, dHigh, dLow);
        long rest = (upper << 32 | lower >>> 32) - q1 * d;
        long q0 = digit(rest, lower & 0xffffffffL, dHigh, dLow);
        return (q1 << 32) + q0;
    }

    private static long digit(long upper, long nextDigit, long dHigh, long dLow) {
        long q = Long.divideUnsigned(upper, dHigh);
        long r = upper - q * dHigh;
        while (q >>> 32 != 0 || Long.compareUnsigned(q * dLow, r << 32 | nextDigit) > 0) {
            q--;
            r += dHigh;
            if (r >>> 32 != 0) {
                break;
            }
        }
        return q;
    }
}
