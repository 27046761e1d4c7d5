package dev.quoll.emulator.fpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class ReciprocalEstimateTest {
    private static final double BOUND = 1.5 / 4096;

    private static final String PROGRAM =
            """
            #include <stdint.h>
            #include <stdio.h>
            int main(void) {
                uint32_t in, out[2];
                while (fread(&in, 4, 1, stdin) == 1) {
                    asm("movd %2,%%xmm0\\n rcpss %%xmm0,%%xmm1\\n rsqrtss %%xmm0,%%xmm2\\n movd %%xmm1,%0\\n movd %%xmm2,%1"
                        : "=&r"(out[0]), "=&r"(out[1]) : "r"(in) : "xmm0", "xmm1", "xmm2");
                    fwrite(out, 8, 1, stdout);
                }
                return 0;
            }
            """;

    @Test
    void staysWithinTheArchitecturalErrorBound() {
        for (int exponent = 1; exponent < 253; exponent++) {
            for (int fraction = 0; fraction < 1 << 23; fraction += 0x3FD) {
                int bits = exponent << 23 | fraction;
                double x = Float.intBitsToFloat(bits);
                double r = Float.intBitsToFloat(ReciprocalEstimate.reciprocal(bits)) * x;
                double s = Float.intBitsToFloat(ReciprocalEstimate.reciprocalSquareRoot(bits)) * Math.sqrt(x);
                if (Math.abs(r - 1) > BOUND || Math.abs(s - 1) > BOUND) {
                    Assertions.fail("relative errors %g and %g at %08x", r - 1, s - 1, bits);
                }
            }
        }
    }

    @Test
    void matchesAnAmdZen3Host() throws Exception {
        String cpu = HostProgram.cpuInfo();
        Assumptions.assumeTrue(
                cpu.contains("AuthenticAMD") && cpu.matches("(?s).*cpu family\\s*: 25\\n.*"),
                "the host is not an AMD family 25 CPU, whose estimates the tables reproduce");
        long seed = System.nanoTime();
        System.out.println("ReciprocalEstimateTest seed " + seed);
        Random random = new Random(seed);
        int[] inputs = new int[1 << 20];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = switch (i & 3) {
                case 0 -> 0x3F800000 | (i >> 2) << 5;
                case 1 -> 0x40000000 | (i >> 2) << 5;
                case 2 -> (0x7E0 | random.nextInt(32)) << 20 | random.nextInt(1 << 20);
                default -> random.nextInt();
            };
        }
        ByteBuffer in = HostProgram.records(inputs.length * 4);
        for (int input : inputs) {
            in.putInt(input);
        }
        try (HostProgram host = HostProgram.compile(PROGRAM)) {
            ByteBuffer out = host.run(in);
            for (int input : inputs) {
                int r = out.getInt();
                int s = out.getInt();
                if (ReciprocalEstimate.reciprocal(input) != r || ReciprocalEstimate.reciprocalSquareRoot(input) != s) {
                    assertThat("%08x %08x".formatted(ReciprocalEstimate.reciprocal(input), ReciprocalEstimate.reciprocalSquareRoot(input)))
                            .as("RCPSS and RSQRTSS of %08x, seed %d", input, seed)
                            .isEqualTo("%08x %08x".formatted(r, s));
                }
            }
        }
    }
}
