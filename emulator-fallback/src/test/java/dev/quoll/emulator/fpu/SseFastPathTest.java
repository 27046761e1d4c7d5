package dev.quoll.emulator.fpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Java's own arithmetic and the exact path must agree: the same operations with and without a settled precision flag. */
class SseFastPathTest {
    @FunctionalInterface
    private interface Function {
        long apply(long a, long b, Mxcsr mxcsr);
    }

    @Test
    void javaArithmeticEqualsTheExactPath() {
        long seed = System.nanoTime();
        System.out.println("SseFastPathTest seed " + seed);
        Random random = new Random(seed);
        Mxcsr settled = new Mxcsr();
        Mxcsr exact = new Mxcsr();
        Function[] functions = {
            (a, b, m) -> SseFloat.add32((int) a, (int) b, m),
            (a, b, m) -> SseFloat.sub32((int) a, (int) b, m),
            (a, b, m) -> SseFloat.mul32((int) a, (int) b, m),
            (a, b, m) -> SseFloat.div32((int) a, (int) b, m),
            (a, _, m) -> SseFloat.sqrt32((int) a, m),
            SseFloat::add64,
            SseFloat::sub64,
            SseFloat::mul64,
            SseFloat::div64,
            (a, _, m) -> SseFloat.sqrt64(a, m),
            (a, _, m) -> SseConvert.doubleToSingle(a, m),
            (a, _, m) -> SseConvert.longToSingle(a, m),
            (a, _, m) -> SseConvert.longToDouble(a, m),
            (a, _, m) -> SseConvert.intToSingle((int) a, m),
            (a, _, m) -> SseConvert.doubleToInt(a, m),
            (a, _, m) -> SseConvert.doubleToIntTruncated(a, m),
            (a, _, m) -> SseConvert.doubleToLongTruncated(a, m),
            (a, _, m) -> SseConvert.singleToIntTruncated((int) a, m)
        };
        for (int i = 0; i < functions.length; i++) {
            for (int n = 0; n < 200_000; n++) {
                long a = operand(random);
                long b = operand(random);
                settled.load(Mxcsr.RESET | FpException.PRECISION);
                exact.load(Mxcsr.RESET);
                long fast = functions[i].apply(a, b, settled);
                long slow = functions[i].apply(a, b, exact);
                settled.commit();
                exact.commit();
                int flags = exact.value() | FpException.PRECISION;
                if (fast != slow || settled.value() != flags) {
                    assertThat("%x MXCSR %x".formatted(fast, settled.value()))
                            .as("function %d of %x and %x, seed %d", i, a, b, seed)
                            .isEqualTo("%x MXCSR %x".formatted(slow, flags));
                }
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

    private static long operand(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> Double.doubleToRawLongBits(random.nextGaussian() * (1L << random.nextInt(40)));
            case 1 -> Float.floatToRawIntBits((float) random.nextGaussian() * (1 << random.nextInt(20)));
            case 2 -> random.nextLong() >> random.nextInt(64);
            default -> random.nextLong();
        };
    }
}
