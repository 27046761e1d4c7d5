package dev.quoll.emulator.x87;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.emulator.fpu.X87Host;
import dev.quoll.emulator.isa.Attribute;
import dev.quoll.emulator.isa.Mnemonic;
import dev.quoll.emulator.isa.OpcodeRow;
import dev.quoll.emulator.isa.OpcodeTable;
import dev.quoll.emulator.oracle.CpuState;
import dev.quoll.emulator.oracle.Instance;
import dev.quoll.emulator.oracle.Oracle;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Every x87 row against the host's processor: results, stack, status and memory, with stack faults and unmasked exceptions. */
class X87OracleTest {
    private static final int INSTANCES = 8;
    private static final int STATES = 150;
    private static final int C1 = 1 << 9;
    private static final int EXCEPTIONS = 0x3f;
    private static final int EXCEPTION_SUMMARY = 1 << 7;

    /** Results are within one unit in the last place, so that C1 may differ as well. */
    private static final Set<Mnemonic> TRANSCENDENTAL = EnumSet.of(
            Mnemonic.F2XM1,
            Mnemonic.FCOS,
            Mnemonic.FPATAN,
            Mnemonic.FPTAN,
            Mnemonic.FSIN,
            Mnemonic.FSINCOS,
            Mnemonic.FYL2X,
            Mnemonic.FYL2XP1);

    @Test
    void everyRowDoesWhatTheHostDoes() throws Exception {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("X87OracleTest seed " + seed);
        Random random = new Random(seed);
        List<String> failures = new ArrayList<>();
        try (Oracle oracle = Oracle.open(List.of(new X87Family()), random)) {
            // What manuals leave open follows AMD: C1, and conditions and flags after unmasked exceptions.
            assumeTrue(oracle.hostIsAmd(), "the host's processor is not AMD's");
            for (OpcodeRow row : rows()) {
                try {
                    oracle.compare(
                            row, INSTANCES, STATES, (i, s, d, a) -> prepare(random, i, s, d, a), X87OracleTest::level);
                } catch (AssertionError e) {
                    failures.add(e.getMessage());
                }
            }
            System.out.println("X87OracleTest runs " + oracle.runs());
        }
        assertThat(failures).isEmpty();
    }

    private static List<OpcodeRow> rows() {
        return OpcodeTable.rows().stream().filter(row -> row.has(Attribute.X87)).toList();
    }

    private static void prepare(Random random, Instance instance, CpuState state, byte[] data, long dataAddress) {
        int control = X87Host.control(random);
        state.setX87Control(control);
        for (int i = 0; i < 8; i++) {
            int signExponent = X87Host.signExponent(random);
            state.setX87(i, X87Host.significand(random, signExponent), signExponent);
        }
        // Sticky flags of masked exceptions only: a pending exception would end the JVM.
        int sticky = random.nextInt() & control & EXCEPTIONS;
        state.setX87Status(random.nextInt(8) << 11 | sticky | random.nextInt() & 0x4740);
        state.setX87Tags(tags(random, state));
        state.setX87Pointers(random.nextInt(0x800), random.nextLong() >>> 18, random.nextLong() >>> 18);
        limit(random, instance.row().mnemonic(), state);
    }

    /** Keeps the operand of F2XM1 and FYL2XP1 where the manual defines a result: below 1, and below 1 - sqrt(1/2). */
    private static void limit(Random random, Mnemonic mnemonic, CpuState state) {
        int limit = mnemonic == Mnemonic.F2XM1 ? 16382 : mnemonic == Mnemonic.FYL2XP1 ? 16380 : 0x7fff;
        int signExponent = state.signAndExponent(0);
        if ((signExponent & 0x7fff) > limit && (signExponent & 0x7fff) < 0x7fff) {
            state.setX87(0, state.significand(0), signExponent & 0x8000 | limit - random.nextInt(70));
        }
    }

    /** Mostly a stack that holds what instructions need and has room, else anything. */
    private static int tags(Random random, CpuState state) {
        if (random.nextInt(3) == 0) {
            return random.nextInt(256);
        }
        int top = state.x87Status() >> 11 & 7;
        int depth = 2 + random.nextInt(6);
        int inUse = (1 << depth) - 1;
        return (inUse << top | inUse >> 8 - top) & 0xff;
    }

    private static void level(Instance instance, CpuState mine, CpuState theirs) {
        if ((theirs.x87Status() & EXCEPTION_SUMMARY) == 0) {
            // AMD's FXSAVE shows the pointers only while an exception is pending (APM vol. 3, FXSAVE).
            mine.setX87Pointers(theirs.x87Opcode(), theirs.x87Instruction(), theirs.x87Data());
        }
        if (!TRANSCENDENTAL.contains(instance.row().mnemonic())) {
            return;
        }
        mine.setX87Status(mine.x87Status() & ~C1 | theirs.x87Status() & C1);
        for (int i = 0; i < 2; i++) {
            if (apart(mine, theirs, i) == 1) {
                mine.setX87(i, theirs.significand(i), theirs.signAndExponent(i));
            }
        }
    }

    /** Units in the last place between two results of the same binade or of neighbours. */
    private static long apart(CpuState mine, CpuState theirs, int i) {
        int exponents = mine.signAndExponent(i) - theirs.signAndExponent(i);
        long difference = mine.significand(i) - theirs.significand(i);
        return switch (exponents) {
            case 0 -> Math.abs(difference);
            case 1 -> mine.significand(i) == Long.MIN_VALUE && theirs.significand(i) == -1 ? 1 : Long.MAX_VALUE;
            case -1 -> theirs.significand(i) == Long.MIN_VALUE && mine.significand(i) == -1 ? 1 : Long.MAX_VALUE;
            default -> Long.MAX_VALUE;
        };
    }
}
