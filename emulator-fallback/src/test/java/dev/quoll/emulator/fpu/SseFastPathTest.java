package dev.quoll.emulator.fpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Java's own arithmetic and the exact path must agree: the same operation with the precision exception masked and its flag set, masked and
 * its flag clear, where inexact results have to be noticed, and unmasked, which always takes the exact path.
 */
class SseFastPathTest {
    private static final int PRECISION_MASK = FpException.PRECISION << 7;

    @FunctionalInterface
    private interface Function {
        long apply(long a, long b, Mxcsr mxcsr);
    }

    private static final Function[] FUNCTIONS = {
        (a, b, m) -> SseFloat.add32((int) a, (int) b, m),
        (a, b, m) -> SseFloat.sub32((int) a, (int) b, m),
        (a, b, m) -> SseFloat.mul32((int) a, (int) b, m),
        (a, b, m) -> SseFloat.div32((int) a, (int) b, m),
        (a, _, m) -> SseFloat.sqrt32((int) a, m),
        (a, b, m) -> SseFused.fused32((int) a, (int) (a >>> 32), (int) b, false, true, m),
        (a, _, m) -> SseConvert.singleToInt((int) a, m),
        (a, _, m) -> SseConvert.singleToLong((int) a, m),
        (a, _, m) -> SseConvert.singleToIntTruncated((int) a, m),
        (a, _, m) -> SseConvert.singleToLongTruncated((int) a, m),
        (a, b, m) -> SseConvert.round32((int) a, (int) b & 15, m),
        (a, _, m) -> SseConvert.longToSingle(a, m),
        (a, _, m) -> SseConvert.intToSingle((int) a, m),
        // From here on doubles.
        SseFloat::add64,
        SseFloat::sub64,
        SseFloat::mul64,
        SseFloat::div64,
        (a, _, m) -> SseFloat.sqrt64(a, m),
        (a, b, m) -> SseFused.fused64(a, b, a ^ b >>> 3, true, false, m),
        (a, _, m) -> SseConvert.doubleToSingle(a, m),
        (a, _, m) -> SseConvert.longToDouble(a, m),
        (a, _, m) -> SseConvert.doubleToInt(a, m),
        (a, _, m) -> SseConvert.doubleToLong(a, m),
        (a, _, m) -> SseConvert.doubleToIntTruncated(a, m),
        (a, _, m) -> SseConvert.doubleToLongTruncated(a, m),
        (a, b, m) -> SseConvert.round64(a, (int) b & 15, m)
    };
    private static final int FIRST_ON_DOUBLES = 13;

    @Test
    void javaArithmeticEqualsTheExactPath() {
        agree(60_000);
    }

    @Test
    @Tag("long")
    void javaArithmeticEqualsTheExactPathManyTimes() {
        agree(20_000_000);
    }

    private static void agree(int count) {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("SseFastPathTest seed " + seed + ", " + (long) count * FUNCTIONS.length + " operations");
        Random random = new Random(seed);
        Mxcsr settled = new Mxcsr();
        Mxcsr fresh = new Mxcsr();
        Mxcsr exact = new Mxcsr();
        for (int i = 0; i < FUNCTIONS.length; i++) {
            boolean single = i < FIRST_ON_DOUBLES;
            for (int n = 0; n < count; n++) {
                long a = operand(single, random);
                long b = operand(single, random);
                // Mostly rounding to nearest; FTZ and DAZ must not make a difference between the paths.
                int modes = random.nextInt(4) == 0 ? random.nextInt() & 0xE040 : 0;
                settled.load(Mxcsr.RESET | FpException.PRECISION | modes);
                fresh.load(Mxcsr.RESET | modes);
                exact.load(Mxcsr.RESET & ~PRECISION_MASK | modes);
                long slow = FUNCTIONS[i].apply(a, b, exact);
                long fast = FUNCTIONS[i].apply(a, b, settled);
                long first = FUNCTIONS[i].apply(a, b, fresh);
                boolean same = fast == slow
                        && first == slow
                        && fresh.raised() == exact.raised()
                        && (settled.raised() | FpException.PRECISION) == (exact.raised() | FpException.PRECISION);
                if (!same) {
                    assertThat("%x %x, raised %x %x".formatted(fast, first, settled.raised() | FpException.PRECISION, fresh.raised()))
                            .as("function %d of %x and %x, modes %x, seed %d", i, a, b, modes, seed)
                            .isEqualTo("%x %x, raised %x %x"
                                    .formatted(slow, slow, exact.raised() | FpException.PRECISION, exact.raised()));
                }
            }
        }
    }

    @FunctionalInterface
    private interface Element {
        int apply(int a, int b, Mxcsr mxcsr);
    }

    private record Packed(Function pair, Element element) {}

    @Test
    void pairsOfSinglesEqualTheirElements() {
        long seed = Long.getLong("quoll.seed", System.nanoTime());
        System.out.println("SseFastPathTest seed " + seed);
        Random random = new Random(seed);
        Mxcsr pairs = new Mxcsr();
        Mxcsr elements = new Mxcsr();
        List<Packed> operations = List.of(
                new Packed(SinglePair::add, SseFloat::add32),
                new Packed(SinglePair::subtract, SseFloat::sub32),
                new Packed(SinglePair::multiply, SseFloat::mul32),
                new Packed(SinglePair::min, SseFloat::min32),
                new Packed(SinglePair::max, SseFloat::max32));
        for (int n = 0; n < 600_000; n++) {
            Packed operation = operations.get(n % operations.size());
            long a = operand(true, random) << 32 | operand(true, random) & 0xFFFF_FFFFL;
            long b = operand(true, random) << 32 | operand(true, random) & 0xFFFF_FFFFL;
            int value = SseOperands.mxcsr(random);
            pairs.load(value);
            elements.load(value);
            long whole = operation.pair().apply(a, b, pairs);
            long low = operation.element().apply((int) a, (int) b, elements) & 0xFFFF_FFFFL;
            long parts = low | (long) operation.element().apply((int) (a >>> 32), (int) (b >>> 32), elements) << 32;
            boolean same = pairs.commit() == elements.commit() && pairs.value() == elements.value();
            if (whole != parts || !same) {
                assertThat("%x MXCSR %x".formatted(whole, pairs.value()))
                        .as("operation %d of %x and %x with MXCSR %x, seed %d", n % operations.size(), a, b, value, seed)
                        .isEqualTo("%x MXCSR %x".formatted(parts, elements.value()));
            }
        }
    }

    @Test
    void unmaskedExceptionHoldsTheDestinationBackAndIsSticky() {
        Mxcsr mxcsr = new Mxcsr();
        mxcsr.load(Mxcsr.RESET & ~(FpException.ZERO_DIVIDE << 7));
        SseFloat.div64(Double.doubleToRawLongBits(1), 0, mxcsr);
        assertThat(mxcsr.raised()).isEqualTo(FpException.ZERO_DIVIDE);
        assertThat(mxcsr.commit()).isFalse();
        assertThat(mxcsr.value() & FpException.ALL).isEqualTo(FpException.ZERO_DIVIDE);
        assertThat(mxcsr.raised()).isZero();
    }

    /** Anything, but often with few significant bits, so that results are exact, or nearly so. */
    private static long operand(boolean single, Random random) {
        int kind = random.nextInt(4);
        if (kind == 0) {
            return SseOperands.operand(single, random);
        }
        if (kind == 1) {
            return random.nextLong() >> random.nextInt(64);
        }
        double value = Math.scalb((double) (random.nextInt() >> random.nextInt(32)), random.nextInt(single ? 120 : 900) / (kind * kind) - 60);
        return single ? Float.floatToRawIntBits((float) value) : Double.doubleToRawLongBits(value);
    }
}
