package dev.quoll.emulator.fpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The transcendental instructions against series summed in decimal to 60 digits: every result is the correctly rounded one, to nearest and
 * in the directed modes, and C1 tells which way. That is more than the manuals promise (an error below one unit in the last place, SDM
 * vol. 1, 8.3.10), and with it goes monotony: rounding keeps the order of what it rounds.
 */
class TranscendentalReferenceTest {
    private static final MathContext DIGITS = new MathContext(60);
    private static final BigDecimal SMALL = new BigDecimal("1e-62");
    private static final BigDecimal HALF = new BigDecimal("0.5");
    private static final BigDecimal TWO = BigDecimal.TWO;
    private static final BigDecimal PI = new BigDecimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899863");
    private static final BigDecimal LN_TWO = new BigDecimal("0.69314718055994530941723212145817656807550013436025525412068000949339362196969471561");
    /** Half of the 66-bit pi by which the x87 reduces angles (SDM vol. 1, 8.3.8). */
    private static final BigDecimal QUARTER_TURN =
            new BigDecimal(PI.multiply(new BigDecimal(BigInteger.ONE.shiftLeft(64))).toBigInteger())
                    .divide(new BigDecimal(BigInteger.ONE.shiftLeft(65)));

    @FunctionalInterface
    private interface Emulated {
        void run(X87Host.Input in, X87Operation op);
    }

    @FunctionalInterface
    private interface Reference {
        BigDecimal of(BigDecimal a, BigDecimal b);
    }

    /**
     * @param low least exponent of ST0, high its greatest
     * @param positive whether ST0 is
     */
    private record Operation(String name, int low, int high, boolean positive, Emulated emulated, Reference reference) {}

    private static final List<Operation> OPERATIONS = List.of(
            new Operation("fsin", -70, 62, false, (in, op) -> Float80Transcendental.sine(in.ase(), in.as(), op), (a, _) -> sine(a)),
            new Operation("fcos", -40, 62, false, (in, op) -> Float80Transcendental.cosine(in.ase(), in.as(), op), (a, _) -> cosine(a)),
            new Operation("fptan", -70, 62, false, (in, op) -> Float80Transcendental.tangent(in.ase(), in.as(), op), (a, _) ->
                    sine(a).divide(cosine(a), DIGITS)),
            new Operation("fpatan", -40, 40, false, (in, op) ->
                    Float80Transcendental.arctangent(in.bse(), in.bs(), in.ase(), in.as(), op), TranscendentalReferenceTest::arctangent),
            new Operation("f2xm1", -70, -1, false, (in, op) -> Float80Transcendental.exp2Minus1(in.ase(), in.as(), op), (a, _) ->
                    exponentialMinus1(a.multiply(LN_TWO, DIGITS))),
            new Operation("fyl2x", -16000, 16000, true, (in, op) ->
                    Float80Transcendental.yLog2(in.bse(), in.bs(), in.ase(), in.as(), op), (a, b) -> b.multiply(log2(a), DIGITS)),
            new Operation("fyl2x near 1", 0, -1, true, (in, op) ->
                    Float80Transcendental.yLog2(in.bse(), in.bs(), in.ase(), in.as(), op), (a, b) -> b.multiply(log2(a), DIGITS)),
            new Operation("fyl2xp1", -70, -3, false, (in, op) ->
                    Float80Transcendental.yLog2Plus1(in.bse(), in.bs(), in.ase(), in.as(), op), (a, b) ->
                    b.multiply(log2Plus1(a), DIGITS)));

    @Test
    void everyResultIsCorrectlyRounded() {
        check(300);
    }

    @Test
    @Tag("long")
    void everyResultIsCorrectlyRoundedManyTimes() {
        check(20_000);
    }

    /** The arctangent of a tiny quotient is less than 2^-128 below it, and the quotient may be a number: what is rounded is the angle. */
    @Test
    void tinyAnglesAreBelowTheirTangents() {
        Random random = new Random(1);
        Operation operation = OPERATIONS.get(3);
        X87Operation op = new X87Operation();
        for (int exponent = -80; exponent < -50; exponent++) {
            for (int n = 0; n < 8; n++) {
                long ys = Long.MIN_VALUE | random.nextLong() << 40;
                int yse = Float80.BIAS + exponent | (n & 1) << 15;
                int control = 0x37F | (n >> 1) << 10;
                check(operation, new X87Host.Input(0, control, Float80.BIAS, Float80.INTEGER_BIT, yse, ys), op, 1);
            }
        }
    }

    private static void check(int count) {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("TranscendentalReferenceTest seed " + seed + ", " + count + " operands of each function");
        Random random = new Random(seed);
        X87Operation op = new X87Operation();
        for (Operation operation : OPERATIONS) {
            double worst = 0;
            for (int n = 0; n < count; n++) {
                X87Host.Input in = operands(operation, random);
                BigDecimal off = check(operation, in, op, seed);
                if ((in.control() >> 10 & 3) == RoundingControl.NEAREST_EVEN) {
                    worst = Math.max(worst, Math.abs(off.doubleValue()));
                }
            }
            System.out.printf("  %-12s at most %.6f units in the last place off when rounding to nearest%n", operation.name(), worst);
        }
    }

    /** Fails unless the result is right; gives how far it is off, in units of its last place. */
    private static BigDecimal check(Operation operation, X87Host.Input in, X87Operation op, long seed) {
        op.begin(in.control());
        operation.emulated().run(in, op);
        BigDecimal exact = operation.reference().of(decimal(in.ase(), in.as()), decimal(in.bse(), in.bs()));
        int exponent = (op.signExponent() & Float80.MAX_FIELD) - Float80.BIAS - 63;
        BigDecimal off = decimal(op.signExponent(), op.significand()).subtract(exact).divide(powerOfTwo(exponent), DIGITS);
        boolean right = within(off, in.control() >> 10 & 3, exact.signum())
                && op.roundedUp() == (off.signum() == exact.signum())
                && (op.raised() & ~FpException.DENORMAL) == FpException.PRECISION;
        if (!right) {
            assertThat("%04x:%016x, %s units off, C1 %b, raised %x"
                            .formatted(op.signExponent(), op.significand(), off, op.roundedUp(), op.raised()))
                    .as("%s of %s, seed %d", operation.name(), in.operands(), seed)
                    .isEqualTo("correctly rounded");
        }
        return off;
    }

    private static X87Host.Input operands(Operation operation, Random random) {
        int ase;
        long as = Long.MIN_VALUE | random.nextLong() << random.nextInt(64);
        if (operation.low() > operation.high()) {
            // One and a little, or a little less.
            int distance = 1 + random.nextInt(62);
            boolean above = random.nextBoolean();
            ase = above ? Float80.BIAS : Float80.BIAS - 1;
            as = above ? Long.MIN_VALUE | 1 | as >>> distance : -1L << random.nextInt(2) & ~(Long.MAX_VALUE & as >>> distance + 1);
        } else {
            ase = Float80.BIAS + operation.low() + random.nextInt(operation.high() - operation.low() + 1);
            ase |= operation.positive() ? 0 : random.nextInt() & Float80.SIGN;
        }
        if (operation.name().startsWith("fyl2x ") || operation.name().equals("fyl2x")) {
            // A power of two has an exact logarithm.
            as |= as << 1 == 0 ? 1 : 0;
        }
        int bse = Float80.BIAS - 40 + random.nextInt(80) | random.nextInt() & Float80.SIGN;
        long bs = Long.MIN_VALUE | random.nextLong() << random.nextInt(64);
        int control = 0x37F | (random.nextInt(4) == 0 ? random.nextInt(4) << 10 : 0);
        return new X87Host.Input(0, control, ase, as, bse, bs);
    }

    /** Whether a result so many units off is what a rounding mode gives. */
    private static boolean within(BigDecimal off, int rc, int sign) {
        if (rc == RoundingControl.NEAREST_EVEN) {
            return off.abs().compareTo(HALF) <= 0;
        }
        boolean below = rc == RoundingControl.DOWN || rc == RoundingControl.TOWARD_ZERO && sign > 0;
        return off.signum() == (below ? -1 : 1) && off.abs().compareTo(BigDecimal.ONE) < 0;
    }

    private static BigDecimal decimal(int signExponent, long significand) {
        BigDecimal magnitude = new BigDecimal(new BigInteger(Long.toUnsignedString(significand)));
        BigDecimal value = magnitude.multiply(powerOfTwo((signExponent & Float80.MAX_FIELD) - Float80.BIAS - 63), MathContext.UNLIMITED);
        return Float80.negative(signExponent) ? value.negate() : value;
    }

    private static BigDecimal powerOfTwo(int exponent) {
        return exponent >= 0
                ? new BigDecimal(BigInteger.ONE.shiftLeft(exponent))
                : exponent < -200
                        ? BigDecimal.ONE.divide(new BigDecimal(BigInteger.ONE.shiftLeft(-exponent)), new MathContext(90))
                        : new BigDecimal(BigInteger.valueOf(5).pow(-exponent), -exponent);
    }

    private static BigInteger quarterTurns(BigDecimal angle) {
        return angle.divide(QUARTER_TURN, DIGITS).setScale(0, RoundingMode.HALF_EVEN).toBigInteger();
    }

    private static BigDecimal sine(BigDecimal angle) {
        BigInteger turns = quarterTurns(angle);
        return ofQuadrant(angle.subtract(new BigDecimal(turns).multiply(QUARTER_TURN)), turns.intValue() & 3);
    }

    private static BigDecimal cosine(BigDecimal angle) {
        BigInteger turns = quarterTurns(angle);
        return ofQuadrant(angle.subtract(new BigDecimal(turns).multiply(QUARTER_TURN)), turns.intValue() + 1 & 3);
    }

    private static BigDecimal ofQuadrant(BigDecimal rest, int quadrant) {
        BigDecimal value = (quadrant & 1) == 0 ? alternating(rest, rest, 1) : alternating(rest, BigDecimal.ONE, 0);
        return quadrant < 2 ? value : value.negate();
    }

    /** The series of sine or cosine from its first term, x or 1, of that degree. */
    private static BigDecimal alternating(BigDecimal x, BigDecimal first, int degree) {
        BigDecimal square = x.multiply(x, DIGITS).negate();
        BigDecimal term = first;
        BigDecimal sum = first;
        BigDecimal limit = first.abs().multiply(SMALL, DIGITS);
        for (int n = degree; term.abs().compareTo(limit) > 0; n += 2) {
            term = term.multiply(square, DIGITS).divide(BigDecimal.valueOf((n + 1L) * (n + 2)), DIGITS);
            sum = sum.add(term, DIGITS);
        }
        return sum;
    }

    /** The angle of (a, b): ST0 is the abscissa. */
    private static BigDecimal arctangent(BigDecimal x, BigDecimal y) {
        boolean steep = y.abs().compareTo(x.abs()) > 0;
        BigDecimal t = steep ? x.abs().divide(y.abs(), DIGITS) : y.abs().divide(x.abs(), DIGITS);
        int halvings = 0;
        for (; t.compareTo(new BigDecimal("0.1")) > 0; halvings++) {
            BigDecimal root = BigDecimal.ONE.add(t.multiply(t, DIGITS), DIGITS).sqrt(DIGITS);
            t = t.divide(BigDecimal.ONE.add(root), DIGITS);
        }
        BigDecimal angle = oddSeries(t, true).multiply(BigDecimal.valueOf(1L << halvings));
        if (steep) {
            angle = PI.divide(TWO).subtract(angle, DIGITS);
        }
        if (x.signum() < 0) {
            angle = PI.subtract(angle, DIGITS);
        }
        return y.signum() < 0 ? angle.negate() : angle;
    }

    /** t - t^3/3 + t^5/5 and so on, or with plus signs: the series of arctangent and its hyperbolic brother. */
    private static BigDecimal oddSeries(BigDecimal t, boolean alternating) {
        BigDecimal square = t.multiply(t, DIGITS);
        BigDecimal factor = alternating ? square.negate() : square;
        BigDecimal power = t;
        BigDecimal sum = t;
        BigDecimal limit = t.abs().multiply(SMALL, DIGITS);
        for (int n = 3; power.abs().compareTo(limit) > 0; n += 2) {
            power = power.multiply(factor, DIGITS);
            sum = sum.add(power.divide(BigDecimal.valueOf(n), DIGITS), DIGITS);
        }
        return sum;
    }

    private static BigDecimal exponentialMinus1(BigDecimal x) {
        BigDecimal term = x;
        BigDecimal sum = x;
        BigDecimal limit = x.abs().multiply(SMALL, DIGITS);
        for (int n = 2; term.abs().compareTo(limit) > 0; n++) {
            term = term.multiply(x, DIGITS).divide(BigDecimal.valueOf(n), DIGITS);
            sum = sum.add(term, DIGITS);
        }
        return sum;
    }

    private static BigDecimal log2(BigDecimal x) {
        int power = 0;
        BigDecimal m = x;
        // By large steps first, for exponents of thousands.
        for (int step = 1 << 13; step > 0; step >>= 1) {
            BigDecimal large = powerOfTwo(step);
            while (m.compareTo(large) >= 0) {
                m = m.divide(large, new MathContext(90));
                power += step;
            }
            while (m.multiply(large, DIGITS).compareTo(TWO) < 0) {
                m = m.multiply(large, new MathContext(90));
                power -= step;
            }
        }
        if (m.compareTo(new BigDecimal("1.5")) > 0) {
            m = m.divide(TWO);
            power++;
        }
        return BigDecimal.valueOf(power).add(log2Plus1(m.subtract(BigDecimal.ONE)), DIGITS);
    }

    /** For u from -1/4 to 1/2. */
    private static BigDecimal log2Plus1(BigDecimal u) {
        BigDecimal s = u.divide(TWO.add(u), new MathContext(80));
        return oddSeries(s, false).multiply(TWO).divide(LN_TWO, DIGITS);
    }
}
