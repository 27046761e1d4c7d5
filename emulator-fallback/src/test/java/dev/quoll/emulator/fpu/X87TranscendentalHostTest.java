package dev.quoll.emulator.fpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The transcendental instructions against the host CPU: within one unit in the last place, and the same exceptions. */
class X87TranscendentalHostTest {
    private static final int C2 = 1 << 10;

    @FunctionalInterface
    private interface Emulated {
        void run(X87Host.Input in, X87Operation op);
    }

    /**
     * @param angle leaves operands from 2^63 on and sets C2
     * @param limit the largest biased exponent for which the manual defines a result, infinity aside
     */
    private record Operation(String assembly, String post, boolean angle, int limit, Emulated emulated) {}

    private static final List<Operation> OPERATIONS = List.of(
            new Operation("fsin", "", true, 0x7FFF, (in, op) -> Float80Transcendental.sine(in.ase(), in.as(), op)),
            new Operation("fcos", "", true, 0x7FFF, (in, op) -> Float80Transcendental.cosine(in.ase(), in.as(), op)),
            new Operation("fsincos", "", true, 0x7FFF, (in, op) -> {
                Float80Transcendental.sine(in.ase(), in.as(), op);
                Float80Transcendental.cosine(in.ase(), in.as(), op);
            }),
            new Operation("fsincos", "fxch", true, 0x7FFF, (in, op) -> {
                Float80Transcendental.cosine(in.ase(), in.as(), op);
                Float80Transcendental.sine(in.ase(), in.as(), op);
            }),
            new Operation("fptan", "fxch", true, 0x7FFF, (in, op) -> Float80Transcendental.tangent(in.ase(), in.as(), op)),
            new Operation("fpatan", "", false, 0x7FFF, (in, op) ->
                    Float80Transcendental.arctangent(in.bse(), in.bs(), in.ase(), in.as(), op)),
            new Operation("f2xm1", "", false, 16382, (in, op) -> Float80Transcendental.exp2Minus1(in.ase(), in.as(), op)),
            new Operation("fyl2x", "", false, 0x7FFF, (in, op) ->
                    Float80Transcendental.yLog2(in.bse(), in.bs(), in.ase(), in.as(), op)),
            new Operation("fyl2xp1", "", false, 16380, (in, op) ->
                    Float80Transcendental.yLog2Plus1(in.bse(), in.bs(), in.ase(), in.as(), op)));

    @Test
    void everyFunctionIsWithinOneUnitOfTheHost() throws Exception {
        compare(3000, new long[OPERATIONS.size()][2]);
    }

    @Test
    @Tag("long")
    void everyFunctionIsWithinOneUnitOfTheHostManyTimes() throws Exception {
        long[][] counts = new long[OPERATIONS.size()][2];
        for (int round = 0; round < 50; round++) {
            compare(20_000, counts);
        }
        for (int i = 0; i < counts.length; i++) {
            System.out.printf(
                    "  %-8s %-5s %d results equal, %d one unit apart%n",
                    OPERATIONS.get(i).assembly(), OPERATIONS.get(i).post(), counts[i][0], counts[i][1]);
        }
    }

    /** @param counts adds up, for each operation, results that equal the host's and that are one unit apart */
    private static void compare(int count, long[][] counts) throws Exception {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("X87TranscendentalHostTest seed " + seed + ", " + count + " operands of each function");
        Random random = new Random(seed);
        List<X87Host.Input> inputs = new ArrayList<>();
        for (int i = 0; i < OPERATIONS.size(); i++) {
            for (int n = 0; n < count; n++) {
                int ase = X87Host.signExponent(random);
                int limit = OPERATIONS.get(i).limit();
                if ((ase & 0x7FFF) > limit && (ase & 0x7FFF) != 0x7FFF) {
                    ase = ase & 0x8000 | limit - random.nextInt(70);
                }
                long as = X87Host.significand(random, ase);
                if (limit < 0x7FFF && random.nextInt(20) == 0) {
                    // The ends of the interval of F2XM1; infinity.
                    ase = ase & 0x8000 | (limit == 16382 ? 16383 : 0x7FFF);
                    as = Long.MIN_VALUE;
                }
                int bse = X87Host.signExponent(random);
                int control = X87Host.control(random) | FpException.ALL;
                inputs.add(new X87Host.Input(i, control, ase, as, bse, X87Host.significand(random, bse)));
            }
        }
        List<X87Host.Code> codes = OPERATIONS.stream()
                .map(o -> new X87Host.Code(o.assembly(), o.post(), false))
                .toList();
        List<X87Host.Output> outputs = X87Host.run(codes, inputs);
        X87Operation op = new X87Operation();
        for (int i = 0; i < inputs.size(); i++) {
            X87Host.Input in = inputs.get(i);
            X87Host.Output out = outputs.get(i);
            Operation operation = OPERATIONS.get(in.op());
            op.begin(in.control());
            boolean outOfRange = operation.angle() && Float80Transcendental.outOfRange(in.ase(), in.as());
            if (outOfRange) {
                boolean exchanged = !operation.post().isEmpty();
                op.result(exchanged ? in.bse() : in.ase(), exchanged ? in.bs() : in.as());
            } else {
                operation.emulated().run(in, op);
            }
            int mask = FpException.ALL | (operation.angle() ? C2 : 0);
            String actual = "status %04x".formatted(op.raised() | (outOfRange ? C2 : 0));
            String expected = "status %04x".formatted(out.status() & mask);
            long apart = apart(op, out);
            counts[in.op()][apart == 0 ? 0 : 1]++;
            if (!actual.equals(expected) || apart > 1) {
                assertThat("%s result %04x:%016x".formatted(actual, op.signExponent(), op.significand()))
                        .as("%s of %s, seed %d", operation.assembly(), in.operands(), seed)
                        .isEqualTo("%s result %04x:%016x".formatted(expected, out.signExponent(), out.significand()));
            }
        }
    }

    /** Units in the last place between the results; many for different signs. */
    private static long apart(X87Operation op, X87Host.Output out) {
        if (op.signExponent() == out.signExponent()) {
            long difference = op.significand() - out.significand();
            return difference == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(difference);
        }
        boolean neighbours = (op.signExponent() - out.signExponent() == 1 && op.significand() == Long.MIN_VALUE && out.significand() == -1)
                || (out.signExponent() - op.signExponent() == 1 && out.significand() == Long.MIN_VALUE && op.significand() == -1);
        return neighbours ? 1 : Long.MAX_VALUE;
    }
}
