package dev.quoll.emulator.integer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.emulator.isa.Flags;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.Operand;
import dev.quoll.emulator.isa.RegisterClass;
import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.Form;
import dev.quoll.emulator.oracle.Instance;
import dev.quoll.emulator.oracle.Oracle;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * DIV and IDIV. Whether they raise #DE is predicted with big integers: the emulator has to do so exactly then, and to
 * leave everything as it was; otherwise it has to do what the host's processor does, which must never fault.
 */
class DivideOracleTest {
    private static final int RAX = 0;
    private static final int RDX = 2;

    private final Random random = OracleRuns.random(DivideOracleTest.class);
    private long faults;

    @Test
    void divisionDoesWhatTheHostDoes() throws Exception {
        compare(15, 60);
    }

    @Test
    @Tag("long")
    void divisionDoesWhatTheHostDoesLong() throws Exception {
        compare(1_000, 300);
    }

    private void compare(int instances, int states) throws Exception {
        try (Oracle oracle = Oracle.open(OracleRuns.families(), random)) {
            for (OpcodeRow row : UserRows.of(Mnemonic.DIV, Mnemonic.IDIV)) {
                for (Form form : UserRows.forms(row)) {
                    for (int i = 0; i < instances; i++) {
                        compare(oracle, oracle.instance(row, form), states);
                    }
                }
            }
            System.out.println("DivideOracleTest runs " + oracle.runs() + ", faults " + faults);
            assertThat(faults).isPositive();
            assertThat(oracle.runs()).isPositive();
        }
    }

    private void compare(Oracle oracle, Instance instance, int states) {
        oracle.place(instance.code());
        boolean signed = instance.row().mnemonic() == Mnemonic.IDIV;
        for (int i = 0; i < states; i++) {
            CpuState state = oracle.state();
            byte[] data = oracle.data();
            Operand operand = instance.operands().getFirst();
            int size = operand instanceof Operand.Register register ? register.size() : instance.memory().size();
            instance.aim(state, random.nextInt());
            fit(instance, operand, size, signed, state, data, oracle.dataAddress());
            long divisor = divisor(instance, operand, state, data, oracle.dataAddress());
            if (faults(signed, size, state, divisor)) {
                CpuState before = state.copy();
                assertThat(oracle.emulate(state, data)).as("vector of %s from %s", instance, before).isZero();
                assertThat(state.gpr).isEqualTo(before.gpr);
                assertThat(state.flags & Flags.STATUS).isEqualTo(before.flags & Flags.STATUS);
                faults++;
            } else {
                int flags = UndefinedFlags.compared(instance.row(), oracle.hostIsAmd());
                oracle.compare(state, data, flags, instance::toString);
            }
        }
    }

    /** Half of the time a dividend that is a divisor's multiple and a remainder, at the edges of what fits. */
    private void fit(
            Instance instance, Operand operand, int size, boolean signed, CpuState state, byte[] data, long address) {
        if (instance.addresses(RAX) || instance.addresses(RDX) || random.nextInt(3) == 0) {
            return;
        }
        int bits = 8 * size;
        BigInteger divisor = number(divisor(instance, operand, state, data, address), size, signed);
        BigInteger edge = BigInteger.ONE.shiftLeft(signed ? bits - 1 : bits);
        BigInteger quotient = random.nextBoolean()
                ? edge.subtract(BigInteger.valueOf(random.nextInt(3)))
                : new BigInteger(1 + random.nextInt(bits), random);
        if (signed && random.nextBoolean()) {
            quotient = quotient.negate();
        }
        BigInteger rest = divisor.signum() == 0
                ? BigInteger.ZERO
                : random.nextBoolean()
                        ? divisor.abs().subtract(BigInteger.ONE)
                        : new BigInteger(bits, random).mod(divisor.abs());
        BigInteger dividend = quotient.multiply(divisor);
        dividend = dividend.signum() < 0 ? dividend.subtract(rest) : dividend.add(rest);
        if (size == 1) {
            state.gpr[RAX] = state.gpr[RAX] & ~0xffffL | dividend.longValue() & 0xffff;
        } else {
            long mask = -1L >>> 64 - bits;
            state.gpr[RAX] = state.gpr[RAX] & ~mask | dividend.longValue() & mask;
            state.gpr[RDX] = state.gpr[RDX] & ~mask | dividend.shiftRight(bits).longValue() & mask;
        }
    }

    private static long divisor(Instance instance, Operand operand, CpuState state, byte[] data, long address) {
        if (operand instanceof Operand.Register(RegisterClass cls, int number, int size)) {
            return cls == RegisterClass.GPR8_HIGH ? state.gpr[number] >> 8 : state.gpr[number];
        }
        ByteBuffer buffer = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        int at = (int) (instance.target() - address);
        return switch (instance.memory().size()) {
            case 1 -> buffer.get(at);
            case 2 -> buffer.getShort(at);
            case 4 -> buffer.getInt(at);
            default -> buffer.getLong(at);
        };
    }

    /** SDM vol. 2, "DIV" and "IDIV": a divisor of 0 or a quotient that does not fit. */
    private static boolean faults(boolean signed, int size, CpuState state, long divisorBits) {
        int bits = 8 * size;
        BigInteger divisor = number(divisorBits, size, signed);
        if (divisor.signum() == 0) {
            return true;
        }
        BigInteger dividend = size == 1
                ? number(state.gpr[RAX], 2, signed)
                : number(state.gpr[RDX], size, signed).shiftLeft(bits).add(number(state.gpr[RAX], size, false));
        BigInteger quotient = dividend.divide(divisor);
        BigInteger end = BigInteger.ONE.shiftLeft(signed ? bits - 1 : bits);
        BigInteger lowest = signed ? end.negate() : BigInteger.ZERO;
        return quotient.compareTo(lowest) < 0 || quotient.compareTo(end) >= 0;
    }

    private static BigInteger number(long value, int size, boolean signed) {
        long extended = size == 8 ? value : value << 64 - 8 * size >> 64 - 8 * size;
        BigInteger number = BigInteger.valueOf(extended);
        return signed || extended >= 0 ? number : number.add(BigInteger.ONE.shiftLeft(8 * size));
    }
}
