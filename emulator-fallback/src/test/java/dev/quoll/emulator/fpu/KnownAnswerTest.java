package dev.quoll.emulator.fpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Published vectors and definitions, for hosts where no CPU can be asked. */
class KnownAnswerTest {
    @Test
    void aesMatchesTheExampleOfFips197() {
        // FIPS 197, appendix B: the state after the initial AddRoundKey, the first round key, the state at the start of round 2.
        long[] state = block("193de3bea0f4e22b9ac68d2ae9f84808");
        long[] key = block("a0fafe1788542cb123a339392a6c7605");
        long[] next = block("a49c7ff2689f352b6b5bea43026a5049");
        long low = Aes.encrypt(state[0], state[1], key[0]);
        long high = Aes.encrypt(state[1], state[0], key[1]);
        assertThat(new long[] {low, high}).isEqualTo(next);
        // The equivalent inverse cipher undoes a last round with InvMixColumns of the key (FIPS 197, 5.3.5).
        long lastLow = Aes.encryptLast(state[0], state[1], 0);
        long lastHigh = Aes.encryptLast(state[1], state[0], 0);
        assertThat(Aes.decryptLast(lastLow, lastHigh, 0)).isEqualTo(state[0]);
        assertThat(Aes.decrypt(lastLow, lastHigh, 0)).isEqualTo(Aes.inverseMixColumns(state[0]));
    }

    @Test
    void crcMatchesTheCheckValueOfCastagnoli() {
        int crc = -1;
        for (byte b : "123456789".getBytes(StandardCharsets.US_ASCII)) {
            crc = Crc32c.update8(crc, b);
        }
        assertThat(~crc).isEqualTo(0xE3069283);
        long value = 0x0123456789ABCDEFL;
        int bytewise = 5;
        for (int shift = 0; shift < 64; shift += 8) {
            bytewise = Crc32c.update8(bytewise, (int) (value >>> shift));
        }
        assertThat(Crc32c.update64(5, value)).isEqualTo(bytewise);
        assertThat(Crc32c.update32(Crc32c.update32(5, (int) value), (int) (value >>> 32))).isEqualTo(bytewise);
    }

    @Test
    void carrylessProductsFollowTheDefinition() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int n = 0; n < 2000; n++) {
            long a = n == 0 ? -1L : random.nextLong();
            long b = n == 0 ? -1L : random.nextLong();
            BigInteger product = BigInteger.ZERO;
            for (int i = 0; i < 64; i++) {
                if ((b >>> i & 1) != 0) {
                    product = product.xor(new BigInteger(Long.toUnsignedString(a)).shiftLeft(i));
                }
            }
            assertThat(CarrylessMultiply.low(a, b)).as("seed %d", seed).isEqualTo(product.longValue());
            assertThat(CarrylessMultiply.high(a, b)).as("seed %d", seed).isEqualTo(product.shiftRight(64).longValue());
        }
    }

    @Test
    void extendedSquareRootsAndQuotientsAreCorrectlyRounded() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        X87Operation op = new X87Operation();
        for (int n = 0; n < 5000; n++) {
            long a = Long.MIN_VALUE | random.nextLong() >>> random.nextInt(64);
            long b = Long.MIN_VALUE | random.nextLong() << random.nextInt(64);
            BigInteger ua = new BigInteger(Long.toUnsignedString(a));
            BigInteger ub = new BigInteger(Long.toUnsignedString(b));
            op.begin(0x0F7F); // toward zero
            Float80.squareRoot(Float80.BIAS, a, op);
            assertThat(op.significand()).as("seed %d", seed).isEqualTo(ua.shiftLeft(63).sqrt().longValue());
            op.begin(0x0F7F);
            Float80.divide(Float80.BIAS, a, Float80.BIAS, b, op);
            int shift = ua.compareTo(ub) >= 0 ? 63 : 64;
            BigInteger[] quotient = ua.shiftLeft(shift).divideAndRemainder(ub);
            assertThat(op.significand()).as("seed %d", seed).isEqualTo(quotient[0].longValue());
            assertThat(op.raised()).isEqualTo(quotient[1].signum() == 0 ? 0 : FpException.PRECISION);
        }
    }

    @Test
    void aSumWithAFarSmallerTermIsATieOnlyWhenExactlyHalf() {
        X87Operation op = new X87Operation();
        for (long tail : new long[] {0, 1}) {
            op.begin(0x037F);
            Float80.add(Float80.BIAS, Long.MIN_VALUE, Float80.SIGN | Float80.BIAS - 65, Long.MIN_VALUE | tail, op);
            assertThat(op.significand()).isEqualTo(tail == 0 ? Long.MIN_VALUE : -1L);
            assertThat(op.signExponent()).isEqualTo(tail == 0 ? Float80.BIAS : Float80.BIAS - 1);
        }
    }

    @Test
    void wideQuotientsHoldFarMoreThanSixtyFourBits() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int n = 0; n < 2000; n++) {
            Wide a = new Wide(false, random.nextInt(50), Long.MIN_VALUE | random.nextLong(), random.nextLong());
            Wide b = new Wide(false, random.nextInt(50), Long.MIN_VALUE | random.nextLong(), random.nextLong());
            assertClose(a.dividedBy(b), decimal(a).divide(decimal(b), new MathContext(60)), seed);
            assertClose(a.times(b), decimal(a).multiply(decimal(b)), seed);
            assertClose(a.plus(b), decimal(a).add(decimal(b)), seed);
            int divisor = 1 + random.nextInt(1200);
            assertClose(
                    a.dividedBy(divisor),
                    decimal(a).divide(BigDecimal.valueOf(divisor), new MathContext(60)),
                    seed);
        }
    }

    private static void assertClose(Wide actual, BigDecimal expected, long seed) {
        BigDecimal error = decimal(actual).subtract(expected).abs().divide(expected.abs(), new MathContext(5));
        assertThat(error.doubleValue()).as("seed %d", seed).isLessThan(0x1p-115);
    }

    private static BigDecimal decimal(Wide w) {
        BigInteger bits = new BigInteger(Long.toUnsignedString(w.high()))
                .shiftLeft(64)
                .add(new BigInteger(Long.toUnsignedString(w.low())));
        int scale = w.exponent() - 127;
        BigDecimal value = new BigDecimal(bits);
        BigDecimal power = new BigDecimal(BigInteger.ONE.shiftLeft(Math.abs(scale)));
        return scale >= 0 ? value.multiply(power) : value.divide(power);
    }

    /** The two halves of a block given as bytes in memory order. */
    private static long[] block(String hex) {
        long[] halves = new long[2];
        for (int i = 0; i < 16; i++) {
            halves[i >> 3] |= Long.parseLong(hex.substring(2 * i, 2 * i + 2), 16) << ((i & 7) << 3);
        }
        return halves;
    }
}
