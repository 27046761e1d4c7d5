package dev.quoll.emulator.fpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The quick path of x87 arithmetic against the exact one, which the same numbers take when the memory operand is marked as a denormal of
 * its own format: that adds the denormal exception and changes nothing else.
 */
class Float80QuickTest {
    private static final int EXTENDED_NEAREST = 0x37F;

    @FunctionalInterface
    private interface Function {
        void apply(int ase, long as, int bse, long bs, X87Operation op);
    }

    private static final Function[] FUNCTIONS = {Float80::add, Float80::subtract, Float80::multiply, Float80::divide};

    @Test
    void quickArithmeticEqualsTheExactPath() {
        agree(400_000);
    }

    @Test
    @Tag("long")
    void quickArithmeticEqualsTheExactPathManyTimes() {
        agree(400_000_000);
    }

    private static void agree(int count) {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("Float80QuickTest seed " + seed + ", " + count + " operations");
        Random random = new Random(seed);
        X87Operation quick = new X87Operation();
        X87Operation exact = new X87Operation();
        for (int n = 0; n < count; n++) {
            int ase = X87Host.signExponent(random);
            long as = X87Host.significand(random, ase);
            int bse = random.nextBoolean() ? ase + random.nextInt(140) - 70 & 0x7FFF | random.nextInt() & 0x8000 : X87Host.signExponent(random);
            long bs = random.nextInt(4) == 0 ? as + random.nextInt(5) - 2 : X87Host.significand(random, bse);
            Function function = FUNCTIONS[n & 3];
            quick.begin(EXTENDED_NEAREST);
            exact.begin(EXTENDED_NEAREST);
            exact.denormalSource = true;
            function.apply(ase, as, bse, bs, quick);
            function.apply(ase, as, bse, bs, exact);
            if (!describe(quick).equals(describe(exact))) {
                assertThat(describe(quick))
                        .as("function %d of %04x:%016x and %04x:%016x, seed %d", n & 3, ase, as, bse, bs, seed)
                        .isEqualTo(describe(exact));
            }
        }
    }

    private static Object describe(X87Operation op) {
        return new Outcome(op.signExponent(), op.significand(), op.raised() | FpException.DENORMAL, op.roundedUp());
    }

    private record Outcome(int signExponent, long significand, int raised, boolean roundedUp) {}
}
